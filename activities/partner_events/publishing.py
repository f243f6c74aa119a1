"""Outbox of partner events: written in the transaction of their steps, sent by one activity per stream (R11.2)."""

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

_HEARTBEAT_TIMEOUT = timedelta(seconds=15)
"""Longer than one attempt, so that a lost worker's last call has ended before the next worker starts."""

_ATTEMPT_TIMEOUT = timedelta(hours=1)
"""Time for thousands of events; the activity heartbeats."""

_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
)
"""For our own failures; a receiver's failure sets the next delay itself."""

StartDeliveries = Callable[[Sequence[Stream]], Awaitable[None]]
"""Starts the deliveries of streams; idempotent while they run."""


async def start_deliveries(streams: Sequence[Stream]) -> None:
    """Start deliveries with the Temporal client of the running activity."""
    if streams:
        client = activity.client()
        await asyncio.gather(*(start_delivery(client, stream) for stream in streams))


async def start_delivery(client: Client, stream: Stream) -> None:
    """Start the delivery of one stream; idempotent while it runs."""
    await client.start_activity(
        DELIVER,
        stream,
        id=f"events:{stream.subscription}:{stream.complaint}:{stream.run}",
        task_queue=wire.EVENTS_QUEUE,
        start_to_close_timeout=_ATTEMPT_TIMEOUT,
        heartbeat_timeout=_HEARTBEAT_TIMEOUT,
        retry_policy=_RETRY,
        # A delivery that an operator has terminated is started again by the next event.
        id_reuse_policy=ActivityIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=ActivityIDConflictPolicy.USE_EXISTING,
        summary=f"tells {stream.subscription} what happened to {stream.complaint}",
    )


class EventPublisher(Protocol):
    """Port: the outbox of partner events, as the recorder of steps uses it."""

    async def write(self, connection: Connection, complaint: str, steps: Sequence[Step]) -> None:
        """Write the events of steps in the caller's transaction, which locks the complaint; idempotent."""

    async def start_pending(self, complaint: str) -> None:
        """Start the deliveries that a complaint still needs; returns once Temporal has accepted them."""


class NullPublisher:
    """For stacks without subscriptions."""

    async def write(self, connection: Connection, complaint: str, steps: Sequence[Step]) -> None:
        """Do nothing."""

    async def start_pending(self, complaint: str) -> None:
        """Do nothing."""


NO_PUBLISHER: EventPublisher = NullPublisher()


class OutboxPublisher:
    """Writes the events of subscribers to the outbox, and starts their delivery after the transaction."""

    def __init__(
        self, pool: Pool, subscriptions: Subscriptions, *, start_deliveries: StartDeliveries = start_deliveries
    ) -> None:
        self._pool, self._subscriptions, self._start_deliveries = pool, subscriptions, start_deliveries

    async def write(self, connection: Connection, complaint: str, steps: Sequence[Step]) -> None:
        """Write the events of steps for each subscription of either party."""
        if not self._subscriptions.any_configured():
            return
        row = await connection.fetchrow(query("event_parties"), complaint)
        if row is None or row["refused"]:
            return  # a refused filing may be about another buyer's order: only its sender is answered (R1.3)
        for role, who in ((Role.BUYER, row["buyer_id"]), (Role.SELLER, row["seller_id"])):
            if who is not None:
                party = Party(role=role, id=who)
                about = About(complaint=complaint, party=party, order_id=row["order_id"], line=row["line"])
                for subscription in self._subscriptions.of(party):
                    await _append_events(connection, subscription, about, steps)

    async def start_pending(self, complaint: str) -> None:
        """Start the delivery of each stream of the complaint that has something to deliver."""
        if self._subscriptions.any_configured():
            async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection:
                rows = await connection.fetch(query("streams_running"), complaint)
            await self._start_deliveries([Stream(**row) for row in rows])


async def _append_events(
    connection: Connection, subscription: Subscription, about: About, steps: Iterable[Step]
) -> None:
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
