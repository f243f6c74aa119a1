"""Calls to Temporal: timeouts, and its errors mapped to errors of the client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import (
    RPCTimeoutOrCancelledError,
    WorkflowQueryFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from starter.client.errors import NotFound, Unreachable

QUERY_TIMEOUT = timedelta(seconds=5)
"""Queries and describe: milliseconds usually, a second or two after an outage."""

UPDATE_TIMEOUT = timedelta(seconds=15)
"""Starts and updates: longer than a killed worker takes to be replaced."""

START_A_WORKER = "start one with `redress worker` (or `redress up`), and see `redress doctor`"


class NoWorker(Unreachable):
    """Temporal answers, but no worker does."""


class NotReady(NoWorker):
    """The workflow has just continued as new; its next run has not started."""


class WorkflowNotFound(NotFound):
    """Temporal does not know the workflow; the record may."""


@asynccontextmanager
async def mapped_errors(complaint: str) -> AsyncIterator[None]:
    """Map errors of a call to NoWorker, NotReady, WorkflowNotFound or Unreachable; others pass."""
    try:
        yield
    except (RPCTimeoutOrCancelledError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise NoWorker(f"no worker answers for complaint {complaint}: {START_A_WORKER}") from None
    except WorkflowQueryFailedError as wrong:
        raise NoWorker(f"complaint {complaint} cannot answer ({wrong}): look at it in the web UI") from None
    except RPCError as wrong:
        raise _mapped(complaint, wrong) from None
    except RuntimeError as wrong:
        if _NEVER_CONNECTED not in str(wrong):
            raise
        raise Unreachable(f"Temporal does not answer ({wrong}): see `redress doctor`") from None


def _mapped(complaint: str, wrong: RPCError) -> Unreachable | NotFound:
    if wrong.status is RPCStatusCode.NOT_FOUND:
        return WorkflowNotFound(f"there is no complaint {complaint}: check the number, or find it with `redress list`")
    if wrong.status is RPCStatusCode.FAILED_PRECONDITION and _NOT_SCHEDULED in wrong.message:
        return NotReady(f"complaint {complaint} does not answer yet: try again in a moment")
    if wrong.status in _NO_POLLERS:
        return NoWorker(f"no worker answers for complaint {complaint}: {START_A_WORKER}")
    return Unreachable(f"Temporal does not answer ({wrong.message}): see `redress doctor`")


_NEVER_CONNECTED = "client connect"
"""Message of a lazy client that could not connect."""

_NOT_SCHEDULED = "task is not scheduled yet"
"""Temporal's message about a run without a first task: it starts at most one run of a workflow per second."""

_NO_POLLERS: frozenset[Any] = frozenset(
    {RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}
)
