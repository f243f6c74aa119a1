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
from activities.partner_events.webhook import WebhookEvent, WebhookFailed
from activities.store.partner_events import Outbound, Waiting
from workflows.complaint.views.partner_events import Stream

_MAX_CONCURRENT = 4
"""Concurrent calls to one receiver."""

_MAX_QUEUED = 12
"""Streams that may wait for a slot of one receiver; further ones are retried by Temporal, so that they hold no worker
slot."""

_LONGEST_OPEN = 60.0
"""Seconds a circuit stays open at most; each event has a longer backoff of its own."""

_SHORTEST_WAIT, _LONGEST_WAIT = 2.0, 300.0
"""Seconds between attempts of an event: a receiver that recovers has everything within five minutes."""


def backoff(tries: int) -> timedelta:
    """Return the delay after so many failed attempts: exponential, up to five minutes, with jitter."""
    seconds = min(_SHORTEST_WAIT * 2.0 ** min(tries, 10), _LONGEST_WAIT)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.0))  # noqa: S311 - no secret


class NotAttempted(WebhookFailed):
    """The event was not sent: the receiver's circuit is open (`failing`) or its queue is full."""

    def __init__(self, text: str, seconds: float, *, failing: bool) -> None:
        # Jitter: retries must not arrive all at once.
        later = timedelta(seconds=seconds + random.uniform(0.5, 3.0))  # noqa: S311 - no secret
        super().__init__(text, retry_after=later)
        self.failing = failing


@dataclass
class _Breaker:
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MAX_CONCURRENT))
    queued: int = 0
    failures: int = 0
    open_until: float = 0.0


class CircuitBreakers:
    """One circuit breaker per receiver, in this process; `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._known: dict[str, _Breaker] = defaultdict(_Breaker)
        self._clock = clock or (lambda: asyncio.get_running_loop().time())

    @asynccontextmanager
    async def slot(self, name: str) -> AsyncIterator[None]:
        """Hold one of the receiver's slots and record the outcome; raises NotAttempted."""
        breaker = self._known[name]
        self._require_closed(breaker)
        if breaker.queued >= _MAX_QUEUED:
            raise NotAttempted("has a full queue", 1.0, failing=False)
        breaker.queued += 1
        try:
            await breaker.slots.acquire()
        finally:
            breaker.queued -= 1
        try:
            self._require_closed(breaker)
            yield
            breaker.failures = 0
        except WebhookFailed as wrong:
            if not (isinstance(wrong, NotAttempted) or wrong.event_specific or wrong.permanent):
                self._count_failure(breaker)
            raise
        finally:
            breaker.slots.release()

    def _require_closed(self, breaker: _Breaker) -> None:
        left = breaker.open_until - self._clock()
        if left > 0:
            raise NotAttempted("has just failed (circuit open)", left, failing=True)

    def _count_failure(self, breaker: _Breaker) -> None:
        if breaker.open_until > self._clock():
            return  # concurrent calls that fail together count once
        breaker.failures += 1
        breaker.open_until = self._clock() + min(2.0 ** (breaker.failures - 1), _LONGEST_OPEN)


_BEAT_SECONDS = 4.0


class WebhookSender(Protocol):
    """Port to receivers."""

    async def post(self, subscription: Subscription, event: WebhookEvent) -> None:
        """Return once the receiver has accepted the event; raises WebhookFailed."""


class EventDispatcher:
    """Implements the standalone activity `deliver_events`."""

    def __init__(self, outbound: Outbound, subscriptions: Subscriptions, post: WebhookSender) -> None:
        self._outbound, self._subscriptions, self._post = outbound, subscriptions, post
        self._breakers = CircuitBreakers()

    @activity.defn(name=DELIVER)
    async def deliver(self, stream: Stream) -> None:
        """Deliver the pending events of a stream in order; after a failure Temporal retries.

        An event not accepted for a day becomes a dead letter and the next one follows; its sequence shows the gap.
        """
        with attempt(stream.complaint) as this:
            async with _heartbeat():
                this.outcome = f"{await self._deliver_all(stream)} delivered"

    async def _deliver_all(self, stream: Stream) -> int:
        """Deliver while this attempt holds the lease on the stream; returns the number of events delivered."""
        lease, done = uuid4(), 0
        if not await self._outbound.hold(stream, lease):
            return done
        while (event := await self._outbound.next(stream, lease)) is not None:
            try:
                await self._attempt(stream, event)
            except WebhookFailed as wrong:
                if not await self._record_failure(stream, event, wrong):
                    raise _retry(stream, wrong, event.attempts) from None
            else:
                await self._outbound.delivered(stream, event.id)
                done += 1
        return done

    async def _attempt(self, stream: Stream, event: Waiting) -> None:
        subscription = self._subscriptions.get(stream.subscription)
        if subscription is None:
            raise WebhookFailed("is not in the clients file any more")
        async with self._breakers.slot(subscription.name):
            await self._post.post(subscription, WebhookEvent(event.id, event.body))

    async def _record_failure(self, stream: Stream, event: Waiting, wrong: WebhookFailed) -> bool:
        """Record a failed attempt; returns whether the event became a dead letter. NotAttempted does not count."""
        if isinstance(wrong, NotAttempted) and not (wrong.failing and event.expired and event.attempts):
            return False
        return await self._outbound.failed(
            stream, event.id, str(wrong), at_once=wrong.permanent, alone=wrong.event_specific or wrong.permanent
        )


def _retry(stream: Stream, wrong: WebhookFailed, tries: int) -> ApplicationError:
    text = f"the receiver of {stream.subscription} {wrong}; the event is tried again until its day is over"
    return ApplicationError(
        text,
        type=type(wrong).__name__,
        # By attempts of the event, not of the activity: those without a slot must not lengthen the delay.
        next_retry_delay=wrong.retry_after or backoff(tries),
        category=ApplicationErrorCategory.BENIGN,  # logged already, and not our failure
    )


@asynccontextmanager
async def _heartbeat() -> AsyncIterator[None]:
    """Heartbeat every few seconds, whatever the attempt waits for."""

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
