"""How activities run: one log line per attempt, errors in the form Temporal acts on, standalone starts by key."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.common import ActivityIDConflictPolicy, ActivityIDReusePolicy, RetryPolicy
from temporalio.exceptions import ActivityAlreadyStartedError, ApplicationError

from activities.errors import PartnerError, PartnerProtocolError, PartnerUnreachable

_log = structlog.stdlib.get_logger("redress.activities")


@dataclass
class AttemptLog:
    """One attempt of an activity; `outcome` is logged when it ends."""

    outcome: str = "done"


@contextmanager
def attempt(complaint: str) -> Iterator[AttemptLog]:
    """Log one line per attempt (no personal data) and raise failures as retryable ApplicationErrors.

    Nothing is non-retryable: an activity that failed for good would fail the complaint. `retry_after` of a partner
    becomes the next retry delay. What retries cannot fix is shown in the web UI with what an operator has to do.
    """
    this, begun = AttemptLog(), time.monotonic()
    try:
        with _mapped_errors():
            yield this
    except BaseException as wrong:
        this.outcome = wrong.type if isinstance(wrong, ApplicationError) and wrong.type else type(wrong).__name__
        raise
    finally:
        info = activity.info()
        milliseconds = round((time.monotonic() - begun) * 1000)
        _log.info(info.activity_type, complaint=complaint, outcome=this.outcome, attempt=info.attempt, ms=milliseconds)


@contextmanager
def _mapped_errors() -> Iterator[None]:
    try:
        yield
    except PartnerUnreachable as silent:
        raise ApplicationError(
            str(silent), type=PartnerUnreachable.__name__, next_retry_delay=silent.retry_after
        ) from None
    except PartnerError as confused:
        raise ApplicationError(str(confused), type=PartnerProtocolError.__name__) from None
    except asyncpg.DataError as refused:
        # The error's own text may quote personal data from the input.
        raise ApplicationError(
            f"PostgreSQL refuses a value as {type(refused).__name__} ({refused.sqlstate}), now and on every retry: "
            "find it in the input of this activity, refuse its like where it came in, and mend the activity",
            type="DataRefused",
        ) from None
    except asyncpg.PostgresError as refused:
        if not refused.detail:
            raise
        # The detail quotes the refused row; the first line says what failed.
        raise ApplicationError(str(refused.args[0]), type=type(refused).__name__) from None


async def start_once(
    client: Client,
    name: str,
    argument: Any,
    *,
    key: str,
    queue: str,
    attempt: timedelta,
    retry: RetryPolicy,
    summary: str,
) -> None:
    """Start a standalone activity once per key (its activity id); a second start with the same key does nothing."""
    try:
        await client.start_activity(
            name,
            argument,
            id=key,
            task_queue=queue,
            start_to_close_timeout=attempt,
            retry_policy=retry,
            id_reuse_policy=ActivityIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=ActivityIDConflictPolicy.USE_EXISTING,
            summary=summary,
        )
    except ActivityAlreadyStartedError:
        return
