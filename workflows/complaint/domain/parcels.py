"""A parcel on its way, and what its carrier says of it (R6.3, R6.4)."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from workflows.complaint.domain.messages import ParcelReported
from workflows.complaint.domain.view import View
from workflows.parties import Party
from workflows.values import Id, Instant, Value
from workflows.vocabulary import Phase, Role

EventName = Literal["picked_up", "in_transit", "delivered", "lost", "refused", "returned"]

Carrier = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
"""A carrier's id in the staff table, for example sf."""


class Numbered(Value):
    """What a carrier calls a parcel: its own number, under its own name."""

    carrier: Carrier
    tracking: Id


class Parcel(Value):
    """One leg of a complaint's goods, as somebody handed it to a carrier."""

    complaint: Id
    leg: Id
    carrier: Id
    tracking: Id

    @property
    def key(self) -> str:
        """What makes it one: the same number may be sent again on another leg."""
        return f"{self.complaint}:{self.leg}:{self.carrier}:{self.tracking}"


class ParcelEvent(Value):
    """Something that happened to a parcel, and when, as the carrier says."""

    event: EventName
    at: Instant


class ParcelLook(Value):
    """A page of a look at parcels whose carriers are silent; `after` is where the page before ended."""

    after: int = 0


class ParcelsLooked(Value):
    """What came of a page: how many were asked about, how many carriers gave no answer, where the next page begins."""

    asked: int
    unanswered: int
    after: int | None = None


def on_their_way(view: View) -> tuple[Parcel, ...]:
    """Return the parcels of a complaint of which its carrier can still say something that matters."""
    legs = view.goods.legs if view.goods and view.phase is not Phase.CLOSED else ()
    return tuple(
        Parcel(complaint=view.complaint, leg=leg.leg, carrier=leg.carrier, tracking=leg.tracking)
        for leg in legs
        if leg.carrier and leg.tracking and leg.condition is None and leg.state != "delivered"
    )


def newest_of_each(events: Iterable[ParcelEvent]) -> tuple[ParcelEvent, ...]:
    """Return the newest event of each kind in the order of their instants: what a complaint has to know of a list."""
    latest: dict[str, ParcelEvent] = {}
    for one in events:
        if one.event not in latest or latest[one.event].at < one.at:
            latest[one.event] = one
    return tuple(sorted(latest.values(), key=lambda one: (one.at, one.event)))


def reports(carrier: str, tracking: str, events: Iterable[ParcelEvent]) -> Iterator[ParcelReported]:
    """Yield the messages about a parcel; an event has one id however often, by whom and in which order it is told."""
    for one in newest_of_each(events):
        said = f"{carrier} {tracking} {one.event} {one.at.isoformat()}"
        yield ParcelReported(
            kind="parcel_reported",
            message_id=f"parcel-{sha256(said.encode()).hexdigest()[:40]}",
            sender=Party(role=Role.CARRIER, id=carrier),
            tracking=tracking,
            event=one.event,
            at=one.at,
        )
