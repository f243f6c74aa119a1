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

from activities.errors import PartnerConfused, PartnerError, PartnerUnreachable

_log = structlog.stdlib.get_logger("redress.activities")


@dataclass
class Attempt:
    """One attempt; `outcome` is the word the log line ends with."""

    outcome: str = "done"


@contextmanager
def attempt(complaint: str) -> Iterator[Attempt]:
    """Log one line about the attempt (no personal data) and give each failure the form Temporal acts upon.

    Everything is retried, a silent partner not before the time it named: a failure that ended an activity for good
    would end the complaint with it. What retrying cannot mend shows in the web UI, with words for who mends it.
    """
    this, begun = Attempt(), time.monotonic()
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
        raise ApplicationError(str(confused), type=PartnerConfused.__name__) from None
    except asyncpg.DataError as refused:
        # Its own text may quote what was sent, and that may be personal.
        raise ApplicationError(
            f"PostgreSQL refuses a value as {type(refused).__name__} ({refused.sqlstate}), now and on every retry: "
            "find it in the input of this activity, refuse its like where it came in, and mend the activity",
            type="DataRefused",
        ) from None
    except asyncpg.PostgresError as refused:
        if not refused.detail:
            raise
        # The detail quotes the row that was refused; what failed where is in the rest.
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
    """Start an activity under its key; one that runs, or has run, under it stays as it is."""
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
