"""The doors, one module each: `OPERATIONS` says what it serves, and the description is made from them."""

from collections.abc import Sequence

from starter.gateway.calls import Operation
from starter.gateway.doors import complaints, messages, notices, progress, system

OPERATIONS: Sequence[Operation] = (
    *complaints.OPERATIONS,
    *messages.OPERATIONS,
    *progress.OPERATIONS,
    *notices.OPERATIONS,
    *system.OPERATIONS,
)
