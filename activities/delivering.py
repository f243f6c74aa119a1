"""Delivers the events of a stream in their order, each until it is taken or its day is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.adapters.webhooks import NotTaken, Sent
from activities.attempts import attempt
from activities.patience import Busy, Receivers, back_off
from activities.postgres.outbound import Outbound, Waiting
from activities.publishing import DELIVER
from activities.subscriptions import Subscription, Subscriptions
from workflows.domain.events import Stream

_BEAT_SECONDS = 4.0


class Post(Protocol):
    """What brings an event to its receiver."""

    async def post(self, subscription: Subscription, event: Sent) -> None:
        """Return once the receiver has taken the event; raises NotTaken."""


class Deliveries:
    """Implements the standalone activity `deliver_events`."""

    def __init__(self, outbound: Outbound, subscriptions: Subscriptions, post: Post) -> None:
        self._outbound, self._subscriptions, self._post = outbound, subscriptions, post
        self._receivers = Receivers()

    @activity.defn(name=DELIVER)
    async def deliver(self, stream: Stream) -> None:
        """Deliver what waits, in order; a receiver that does not take an event is tried again, by Temporal.

        An event that is not taken for a day is a dead letter, and the next one has its turn: its number shows the gap.
        """
        with attempt(stream.complaint) as this:
            async with _alive():
                this.outcome = f"{await self._delivered(stream)} delivered"

    async def _delivered(self, stream: Stream) -> int:
        """Deliver for as long as this attempt holds the stream; returns how many events."""
        holder, done = uuid4(), 0
        if not await self._outbound.hold(stream, holder):
            return done
        while (event := await self._outbound.next(stream, holder)) is not None:
            try:
                await self._tried(stream, event)
            except NotTaken as wrong:
                if not await self._buried(stream, event, wrong):
                    raise _again(stream, wrong, event.attempts) from None
            else:
                await self._outbound.delivered(stream, event.id)
                done += 1
        return done

    async def _tried(self, stream: Stream, event: Waiting) -> None:
        subscription = self._subscriptions.get(stream.subscription)
        if subscription is None:
            raise NotTaken("is not in the clients file any more")
        async with self._receivers.turn(subscription.name):
            await self._post.post(subscription, Sent(event.id, event.body))

    async def _buried(self, stream: Stream, event: Waiting, wrong: NotTaken) -> bool:
        """Write a failed try down; returns whether the event was given up. Who had no turn was not tried."""
        if isinstance(wrong, Busy) and not (wrong.failing and event.expired and event.attempts):
            return False
        return await self._outbound.failed(
            stream, event.id, str(wrong), at_once=wrong.for_good, alone=wrong.of_this or wrong.for_good
        )


def _again(stream: Stream, wrong: NotTaken, tries: int) -> ApplicationError:
    text = f"the receiver of {stream.subscription} {wrong}; the event is tried again until its day is over"
    return ApplicationError(
        text,
        type=type(wrong).__name__,
        # Counted in tries of the event: attempts that had no turn must not make it wait longer.
        next_retry_delay=wrong.later or back_off(tries),
        category=ApplicationErrorCategory.BENIGN,  # it has a line in the log, and is no fault of ours
    )


@asynccontextmanager
async def _alive() -> AsyncIterator[None]:
    """Say every few seconds that this attempt lives, whatever it waits for."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_BEAT_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
