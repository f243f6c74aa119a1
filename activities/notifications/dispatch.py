"""Starts notices: one standalone activity each, which Temporal retries, shows, and never lets hurt a complaint."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.common import RetryPolicy

from activities.standalone import start_once
from workflows import wire
from workflows.complaint.domain.records import Notice

NOTIFY = "notify"

ATTEMPT = timedelta(seconds=30)
"""Room for one try of each channel, one after the other, each within a few seconds."""
RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=5)
)
"""For ever: a channel that is mended after days still delivers, and the web UI shows what waits."""

Tell = Callable[[Sequence[Notice]], Awaitable[None]]
"""Starts notices; starting one again is nothing new. Returns once Temporal has all of them."""


async def tell(notices: Sequence[Notice]) -> None:
    """Start notices with the Temporal client of the running activity."""
    client = activity.client()
    await asyncio.gather(*(start_notice(client, notice) for notice in notices))


async def start_notice(client: Client, notice: Notice) -> None:
    """Start one notice; its key is the activity's id, so that starting it twice is starting it once."""
    await start_once(
        client,
        NOTIFY,
        notice,
        key=notice.key,
        queue=wire.NOTICES_QUEUE,
        attempt=ATTEMPT,
        retry=RETRY,
        summary=f"tells {notice.to}: {notice.event} ({notice.complaint})",
    )
