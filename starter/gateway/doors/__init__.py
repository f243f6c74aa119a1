"""The doors, one module each: `OPERATIONS` says what it serves, and the description is made from them."""

from collections.abc import Sequence

from starter.gateway.calls import Operation
from starter.gateway.doors import carriers, complaints, messages, notices, payments, progress, system

OPERATIONS: Sequence[Operation] = (
    *complaints.OPERATIONS,
    *messages.OPERATIONS,
    *progress.OPERATIONS,
    *notices.OPERATIONS,
    *carriers.OPERATIONS,
    *payments.OPERATIONS,
    *system.OPERATIONS,
)
