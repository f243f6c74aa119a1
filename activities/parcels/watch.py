"""Watch parcels: subscribe them at their carrier once named, poll the carrier while it is silent (R6.4)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.common import RetryPolicy

from activities.errors import PartnerError
from activities.execution import attempt, start_once
from activities.notifications.delivery import StartNotices, start_notices
from activities.store.parcels import Parcels, Silent
from workflows import wire
from workflows.complaint.domain.parcels import Parcel, ParcelEvent, ParcelLook, ParcelsLooked, on_their_way
from workflows.complaint.domain.records import Record

WATCH = "watch_parcel"

SILENCE = timedelta(hours=6)
"""Without a push for so long a parcel is polled: several times before its handler has to ask (R6.4), and well above
the minimum interval of aggregators."""

PAGE_SIZE = 100
"""Parcels in a page."""

_MAX_CONCURRENT = 5
"""Concurrent carrier calls: a page of carriers that all time out still ends within two minutes."""

_ATTEMPT = timedelta(seconds=10)
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=15)
)
"""Unlimited: the web UI shows parcels that cannot be subscribed; polling covers them meanwhile."""

StartWatching = Callable[[Record], Awaitable[None]]
"""Starts watching the parcels first named in a burst; idempotent."""

_log = structlog.stdlib.get_logger("redress.activities")


class Carriers(Protocol):
    """Port to carriers, direct or through an aggregator; raises PartnerError."""

    async def subscribe(self, parcel: Parcel, phone: str) -> None:
        """Subscribe to pushes of a parcel's events; idempotent."""

    async def look_up(self, parcel: Parcel, phone: str) -> Sequence[ParcelEvent]:
        """Return every known event of a parcel; empty if the carrier does not know it."""


async def watch(burst: Record) -> None:
    """Start watching with the Temporal client of the running activity."""
    if any(step.event == "goods_sent" for step in burst.steps):
        client = activity.client()
        await asyncio.gather(*(start_watching(client, parcel) for parcel in on_their_way(burst.view)))


async def start_watching(client: Client, parcel: Parcel) -> None:
    """Start watching one parcel, once: the activity id is the parcel's key."""
    await start_once(
        client,
        WATCH,
        parcel,
        key=parcel.key,
        queue=wire.PARCELS_QUEUE,
        attempt=_ATTEMPT,
        retry=_RETRY,
        summary=f"watches {parcel.leg} {parcel.tracking} at {parcel.carrier} ({parcel.complaint}, R6.4)",
    )


class ParcelSubscriber:
    """Implements the standalone activity `watch_parcel`."""

    def __init__(self, parcels: Parcels, carriers: Carriers) -> None:
        self._parcels, self._carriers = parcels, carriers

    @activity.defn(name=WATCH)
    async def watch_parcel(self, parcel: Parcel) -> None:
        """Pass on events that were pushed before the parcel was named, and subscribe it at its carrier."""
        with attempt(parcel.complaint) as this:
            await self._parcels.pass_on(parcel.carrier, parcel.tracking)
            await _subscribe(self._parcels, self._carriers, parcel)
            this.outcome = "subscribed"


class ParcelPolling:
    """Implements the port `look_at_parcels`."""

    def __init__(
        self,
        parcels: Parcels,
        carriers: Carriers,
        *,
        silence: timedelta = SILENCE,
        start_notices: StartNotices = start_notices,
    ) -> None:
        self._parcels, self._carriers, self._silence, self._start_notices = parcels, carriers, silence, start_notices

    @activity.defn(name="look_at_parcels")
    async def look_at_parcels(self, look: ParcelLook) -> ParcelsLooked:
        """Poll one page of silent parcels concurrently; a carrier that fails does not affect the others.

        After the last page handlers are notified of doubtful parcels.
        """
        with attempt("parcels") as this:
            page = await self._parcels.silent(look.after, PAGE_SIZE, self._silence)
            gate = asyncio.Semaphore(_MAX_CONCURRENT)
            answered = await asyncio.gather(*(self._poll(gate, one) for one in page))
            if not look.after:
                await self._parcels.forget()
            after = page[-1].number if len(page) == PAGE_SIZE else None
            if after is None:
                await self._report_doubtful()
            this.outcome = f"{len(page)} asked"
            return ParcelsLooked(asked=len(page), unanswered=answered.count(False), after=after)

    async def _report_doubtful(self) -> None:
        if doubts := await self._parcels.doubtful(PAGE_SIZE):
            await self._start_notices([one.notice for one in doubts])
            await self._parcels.doubted(doubts)

    async def _poll(self, gate: asyncio.Semaphore, one: Silent) -> bool:
        async with gate:
            try:
                if not one.subscribed:
                    await _subscribe(self._parcels, self._carriers, one.parcel)
                if one.silent:
                    await self._look_up(one.parcel)
            except PartnerError as silent:
                _log.warning("carrier_silent", complaint=one.parcel.complaint, reason=str(silent))
                return False
            return True

    async def _look_up(self, parcel: Parcel) -> None:
        events = await self._carriers.look_up(parcel, await self._parcels.phone(parcel))
        await self._parcels.looked(parcel)
        if events:
            await self._parcels.heard(parcel.carrier, parcel.tracking, events)


async def _subscribe(parcels: Parcels, carriers: Carriers, parcel: Parcel) -> None:
    await carriers.subscribe(parcel, await parcels.phone(parcel))
    await parcels.subscribed(parcel)
