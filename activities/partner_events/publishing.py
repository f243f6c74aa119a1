"""Events to partners: written with the steps they tell of, then sent by one standalone activity per stream (R11.2)."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Protocol

from temporalio import activity
from temporalio.client import Client
from temporalio.common import ActivityIDConflictPolicy, ActivityIDReusePolicy, RetryPolicy

from activities.partner_events.subscriptions import Subscription, Subscriptions
from activities.store.named_queries import query
from activities.store.partner_events import KEPT_TRYING
from activities.store.pool import COMMAND_SECONDS, Connection, Pool
from workflows import wire
from workflows.complaint.domain.timeline import Step
from workflows.complaint.views.partner_events import About, Stream, event_id, event_of
from workflows.complaint.views.timeline import StepView, shown_to
from workflows.parties import Party
from workflows.vocabulary import Role

DELIVER = "deliver_events"

_BEAT_MISSED = timedelta(seconds=15)
"""A dead worker is noticed; longer than one try takes, so that its last try is over when the next worker begins."""

_ATTEMPT = timedelta(hours=1)
"""A stream of thousands of events in one attempt; it says every few seconds that it lives."""

_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
)
"""For what is our own trouble; a failure of the receiver names its delay itself."""

Start = Callable[[Sequence[Stream]], Awaitable[None]]
"""Starts the deliveries of streams; starting one again that runs is nothing new."""


async def start(streams: Sequence[Stream]) -> None:
    """Start deliveries with the Temporal client of the running activity."""
    if streams:
        client = activity.client()
        await asyncio.gather(*(start_delivery(client, stream) for stream in streams))


async def start_delivery(client: Client, stream: Stream) -> None:
    """Start one delivery; while it runs, starting it again changes nothing."""
    await client.start_activity(
        DELIVER,
        stream,
        id=f"events:{stream.subscription}:{stream.complaint}:{stream.run}",
        task_queue=wire.EVENTS_QUEUE,
        start_to_close_timeout=_ATTEMPT,
        heartbeat_timeout=_BEAT_MISSED,
        retry_policy=_RETRY,
        # One that was ended by hand is started again by the next event.
        id_reuse_policy=ActivityIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=ActivityIDConflictPolicy.USE_EXISTING,
        summary=f"tells {stream.subscription} what happened to {stream.complaint}",
    )


class Publishing(Protocol):
    """What records a complaint's steps tells others of them by."""

    async def write(self, connection: Connection, complaint: str, steps: Sequence[Step]) -> None:
        """Write the events of steps within the caller's transaction, which holds the complaint; again it adds none."""

    async def see_to_it(self, complaint: str) -> None:
        """Start what has yet to be delivered of a complaint; returns once Temporal has it."""


class Nobody:
    """Nobody subscribes, so nothing is written."""

    async def write(self, connection: Connection, complaint: str, steps: Sequence[Step]) -> None:
        """Write nothing."""

    async def see_to_it(self, complaint: str) -> None:
        """Start nothing."""


NOBODY: Publishing = Nobody()


class Publisher:
    """Writes what subscribers are to be told in the transaction of the steps, and sees to its delivery after it."""

    def __init__(self, pool: Pool, subscriptions: Subscriptions, *, start: Start = start) -> None:
        self._pool, self._subscriptions, self._start = pool, subscriptions, start

    async def write(self, connection: Connection, complaint: str, steps: Sequence[Step]) -> None:
        """Write the events of steps for each subscription of either party."""
        if not self._subscriptions.anybody():
            return
        row = await connection.fetchrow(query("event_parties"), complaint)
        if row is None or row["refused"]:
            return  # it may be about somebody else's order: only who filed hears of it, at the door (R1.3)
        for role, who in ((Role.BUYER, row["buyer_id"]), (Role.SELLER, row["seller_id"])):
            if who is not None:
                party = Party(role=role, id=who)
                about = About(complaint=complaint, party=party, order_id=row["order_id"], line=row["line"])
                for subscription in self._subscriptions.of(party):
                    await _grow(connection, subscription, about, steps)

    async def see_to_it(self, complaint: str) -> None:
        """Start the delivery of each stream of the complaint that has something to deliver."""
        if self._subscriptions.anybody():
            async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection:
                rows = await connection.fetch(query("streams_running"), complaint)
            await self._start([Stream(**row) for row in rows])


async def _grow(connection: Connection, subscription: Subscription, about: About, steps: Iterable[Step]) -> None:
    seen = [one for step in steps if subscription.wants(step.event) and (one := shown_to(step, about.party))]
    if not seen:
        return
    stream = (subscription.name, about.complaint)
    known = {row["step"] for row in await connection.fetch(query("published"), *stream, [one.number for one in seen])}
    if news := [one for one in seen if one.number not in known]:
        before: int = await connection.fetchval(query("open_stream"), *stream)
        rows = [_row(subscription.name, about, step, number) for number, step in enumerate(news, start=before + 1)]
        await connection.execute(query("publish"), *stream, json.dumps(rows, ensure_ascii=False), KEPT_TRYING)
        await connection.execute(query("stream_grows"), *stream, before + len(rows))


def _row(subscription: str, about: About, step: StepView, sequence: int) -> dict[str, object]:
    return {
        "id": event_id(subscription, about.complaint, step.number),
        "sequence": sequence,
        "step": step.number,
        "event": step.event,
        "body": event_of(about, step, sequence).model_dump_json(by_alias=True),
    }
