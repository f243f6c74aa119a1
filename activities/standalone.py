"""Starts standalone activities whose key is their id, so that starting one twice is starting it once."""

from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import ActivityIDConflictPolicy, ActivityIDReusePolicy, RetryPolicy
from temporalio.exceptions import ActivityAlreadyStartedError


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
