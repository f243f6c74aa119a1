"""Parcels are watched: subscribed at their carrier as soon as they are named, asked about while it is silent (R6.4)."""

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
from activities.notifications.delivery import Tell, tell
from activities.store.parcels import Parcels, Silent
from workflows import wire
from workflows.complaint.domain.parcels import Parcel, ParcelEvent, ParcelLook, ParcelsLooked, on_their_way
from workflows.complaint.domain.records import Record

WATCH = "watch_parcel"

SILENCE = timedelta(hours=6)
"""Pushes come within minutes of an event. Asking eight times before the handler has to (48 h, R6.4) costs little, and
stays far above the half hour between two questions that aggregators ask for."""

AT_ONCE = 100
"""Parcels in a page."""

_SIDE_BY_SIDE = 5
"""Questions to carriers at once: a page of carriers that all hang takes well below two minutes."""

_ATTEMPT = timedelta(seconds=10)
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=15)
)
"""For ever, so that the web UI shows whom no carrier wants to push; meanwhile the looks find what is said."""

Watch = Callable[[Record], Awaitable[None]]
"""Starts watching the parcels that a burst of changes names first; again it is nothing new."""

_log = structlog.stdlib.get_logger("redress.activities")


class Carriers(Protocol):
    """The carriers, directly or through an aggregator; raises PartnerError where there is no answer."""

    async def subscribe(self, parcel: Parcel, phone: str) -> None:
        """Ask to be pushed every event of a parcel; asking again changes nothing."""

    async def look_up(self, parcel: Parcel, phone: str) -> Sequence[ParcelEvent]:
        """Return all that the carrier knows of a parcel, nothing if it does not know it."""


async def watch(burst: Record) -> None:
    """Start watching with the Temporal client of the running activity."""
    if any(step.event == "goods_sent" for step in burst.steps):
        client = activity.client()
        await asyncio.gather(*(start_watching(client, parcel) for parcel in on_their_way(burst.view)))


async def start_watching(client: Client, parcel: Parcel) -> None:
    """Start watching one parcel; its key is the activity's id, so that starting it twice is starting it once."""
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


class Watching:
    """Implements the standalone activity `watch_parcel`."""

    def __init__(self, parcels: Parcels, carriers: Carriers) -> None:
        self._parcels, self._carriers = parcels, carriers

    @activity.defn(name=WATCH)
    async def watch_parcel(self, parcel: Parcel) -> None:
        """Tell what was said before anybody named the parcel, and subscribe it at its carrier."""
        with attempt(parcel.complaint) as this:
            await self._parcels.pass_on(parcel.carrier, parcel.tracking)
            await _subscribe(self._parcels, self._carriers, parcel)
            this.outcome = "subscribed"


class ParcelLooks:
    """Implements the port `look_at_parcels`."""

    def __init__(
        self, parcels: Parcels, carriers: Carriers, *, silence: timedelta = SILENCE, tell: Tell = tell
    ) -> None:
        self._parcels, self._carriers, self._silence, self._tell = parcels, carriers, silence, tell

    @activity.defn(name="look_at_parcels")
    async def look_at_parcels(self, look: ParcelLook) -> ParcelsLooked:
        """Ask about every parcel of a page whose carrier is silent; a carrier without an answer holds up no other.

        With the last page the handlers are told of doubtful parcels.
        """
        with attempt("parcels") as this:
            page = await self._parcels.silent(look.after, AT_ONCE, self._silence)
            gate = asyncio.Semaphore(_SIDE_BY_SIDE)
            answered = await asyncio.gather(*(self._ask(gate, one) for one in page))
            if not look.after:
                await self._parcels.forget()
            after = page[-1].number if len(page) == AT_ONCE else None
            if after is None:
                await self._tell_of_doubts()
            this.outcome = f"{len(page)} asked"
            return ParcelsLooked(asked=len(page), unanswered=answered.count(False), after=after)

    async def _tell_of_doubts(self) -> None:
        if doubts := await self._parcels.doubtful(AT_ONCE):
            await self._tell([one.notice for one in doubts])
            await self._parcels.doubted(doubts)

    async def _ask(self, gate: asyncio.Semaphore, one: Silent) -> bool:
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
