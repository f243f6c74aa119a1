"""The doors, one module each: `OPERATIONS` says what it serves, and the description is made from them."""

from collections.abc import Sequence

from starter.http.gateway.calls import Operation
from starter.http.gateway.resources import carriers, complaints, messages, notices, payments, progress, system

OPERATIONS: Sequence[Operation] = (
    *complaints.OPERATIONS,
    *messages.OPERATIONS,
    *progress.OPERATIONS,
    *notices.OPERATIONS,
    *carriers.OPERATIONS,
    *payments.OPERATIONS,
    *system.OPERATIONS,
)
