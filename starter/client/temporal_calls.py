"""Calls to Temporal, bounded in time, with its failures worded for people."""

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

ASK_WITHIN = timedelta(seconds=5)
"""A worker answers a query in milliseconds, after an outage within a second or two."""

TELL_WITHIN = timedelta(seconds=15)
"""Longer than a worker needs to come back after it was killed."""

START_A_WORKER = "start one with `redress worker` (or `redress up`), and see `redress doctor`"


class NoWorker(Unreachable):
    """Temporal is there, but nobody works on the complaints."""


class NotYet(NoWorker):
    """The complaint has just been continued as new, and its next run begins in a moment."""


class Gone(NotFound):
    """Temporal does not know that complaint; the record still may."""


@asynccontextmanager
async def worded(complaint: str) -> AsyncIterator[None]:
    """Turn what a call may raise into NoWorker, Gone or Unreachable; all else passes."""
    try:
        yield
    except (RPCTimeoutOrCancelledError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise NoWorker(f"no worker answers for complaint {complaint}: {START_A_WORKER}") from None
    except WorkflowQueryFailedError as wrong:
        raise NoWorker(f"complaint {complaint} cannot answer ({wrong}): look at it in the web UI") from None
    except RPCError as wrong:
        raise _worded(complaint, wrong) from None
    except RuntimeError as wrong:
        if _NEVER_CONNECTED not in str(wrong):
            raise
        raise Unreachable(f"Temporal does not answer ({wrong}): see `redress doctor`") from None


def _worded(complaint: str, wrong: RPCError) -> Unreachable | NotFound:
    if wrong.status is RPCStatusCode.NOT_FOUND:
        return Gone(f"there is no complaint {complaint}: check the number, or find it with `redress list`")
    if wrong.status is RPCStatusCode.FAILED_PRECONDITION and _NOT_BEGUN in wrong.message:
        return NotYet(f"complaint {complaint} does not answer yet: try again in a moment")
    if wrong.status in _NOBODY_POLLS:
        return NoWorker(f"no worker answers for complaint {complaint}: {START_A_WORKER}")
    return Unreachable(f"Temporal does not answer ({wrong.message}): see `redress doctor`")


_NEVER_CONNECTED = "client connect"
"""What the client says that was to connect when it is needed, and could not."""

_NOT_BEGUN = "task is not scheduled yet"
"""What Temporal says of a run that waits for its first task, as it lets runs follow each other no faster than 1 s."""

_NOBODY_POLLS: frozenset[Any] = frozenset(
    {RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}
)
