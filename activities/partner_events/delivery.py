"""Deliver partner events in order per subscription and complaint; at least once; idempotency key = event id."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.execution import attempt
from activities.partner_events.publishing import DELIVER
from activities.partner_events.subscriptions import Subscription, Subscriptions
from activities.partner_events.webhook import NotTaken, Sent
from activities.store.partner_events import Outbound, Waiting
from workflows.complaint.domain.partner_events import Stream

_AT_ONCE = 4
"""Calls to one receiver: enough to be quick, few enough not to be its trouble."""

_IN_LINE = 12
"""Streams that wait here for their turn; all others come again: they would take the places of other receivers."""

_LONGEST_REST = 60.0
"""Seconds that nobody calls a receiver which fails; each event has a longer back-off of its own besides."""

_SHORTEST_WAIT, _LONGEST_WAIT = 2.0, 300.0
"""Seconds between two tries of an event: a receiver that is mended has everything within five minutes."""


def back_off(tries: int) -> timedelta:
    """Return how long an event waits after so many tries that failed: twice as long each time, up to five minutes."""
    seconds = min(_SHORTEST_WAIT * 2.0 ** min(tries, 10), _LONGEST_WAIT)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.0))  # noqa: S311 - no secret


class Busy(NotTaken):
    """It was not tried: its receiver has just failed, or has enough to do."""

    def __init__(self, text: str, seconds: float, *, failing: bool) -> None:
        # Who comes again comes at another instant than all the others.
        later = timedelta(seconds=seconds + random.uniform(0.5, 3.0))  # noqa: S311 - no secret
        super().__init__(text, later=later)
        self.failing = failing


@dataclass
class _Receiver:
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    in_line: int = 0
    failures: int = 0
    rests_until: float = 0.0


class Receivers:
    """The receivers as this process knows them; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._known: dict[str, _Receiver] = defaultdict(_Receiver)
        self._clock = clock or (lambda: asyncio.get_running_loop().time())

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Have a turn with a receiver, and learn from it whether it works; raises Busy when there is none to have."""
        receiver = self._known[name]
        self._let_rest(receiver)
        if receiver.in_line >= _IN_LINE:
            raise Busy("has as many waiting for it as may wait", 1.0, failing=False)
        receiver.in_line += 1
        try:
            await receiver.places.acquire()
        finally:
            receiver.in_line -= 1
        try:
            self._let_rest(receiver)
            yield
            receiver.failures = 0
        except NotTaken as wrong:
            if not (isinstance(wrong, Busy) or wrong.of_this or wrong.for_good):
                self._failed(receiver)
            raise
        finally:
            receiver.places.release()

    def _let_rest(self, receiver: _Receiver) -> None:
        left = receiver.rests_until - self._clock()
        if left > 0:
            raise Busy("failed a moment ago and is left in peace", left, failing=True)

    def _failed(self, receiver: _Receiver) -> None:
        if receiver.rests_until > self._clock():
            return  # it fails them all at once: that is one failure
        receiver.failures += 1
        receiver.rests_until = self._clock() + min(2.0 ** (receiver.failures - 1), _LONGEST_REST)


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
                await self._outbound.delivered(event.id)
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
