"""HTTP resources, one module each with its `OPERATIONS`; routes and OpenAPI are generated from these."""

from collections.abc import Sequence

from starter.http.gateway.calls import Operation
from starter.http.gateway.resources import carriers, complaints, messages, notices, payments, system

OPERATIONS: Sequence[Operation] = (
    *complaints.OPERATIONS,
    *messages.OPERATIONS,
    *notices.OPERATIONS,
    *carriers.OPERATIONS,
    *payments.OPERATIONS,
    *system.OPERATIONS,
)
