"""Adapter of the partners' carrier service: subscribe to a tracking number, look it up, decode pushes (R6.3, R6.4)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.errors import ActivitiesError
from activities.partners.http import PartnerClient, path_segment
from workflows.complaint.domain.parcels import Carrier, Parcel, ParcelEvent
from workflows.values import Id, Value

MOST_EVENTS = 2000
"""Per parcel."""

MOST_PARCELS = 100
"""Per push."""


class PushMalformed(ActivitiesError, ValueError):  # noqa: N818 - pairs with PushSignatureInvalid
    """A push that cannot be decoded; the text names the places, never their content."""


class PushedEvents(Value):
    """Events of one parcel; unknown fields of an event are ignored."""

    tracking: Id
    events: Annotated[tuple[ParcelEvent, ...], Field(max_length=MOST_EVENTS)]


class Push(Value):
    """A push of one carrier about its own parcels; events in any order, duplicates allowed."""

    carrier: Carrier
    parcels: Annotated[tuple[PushedEvents, ...], Field(min_length=1, max_length=MOST_PARCELS)]

    @classmethod
    def decode(cls, body: bytes) -> "Push":
        """Decode the body of a push; raises PushMalformed."""
        try:
            return cls.model_validate_json(body)
        except (ValidationError, RecursionError) as wrong:
            raise PushMalformed(_places(wrong)) from None


class _ParcelRef(BaseModel):
    model_config = ConfigDict(strict=True)

    carrier: str
    tracking: str


class _TrackedParcel(_ParcelRef):
    events: Annotated[tuple[ParcelEvent, ...], Field(max_length=MOST_EVENTS)]


class CarrierService(PartnerClient):
    """Client of the carrier service; raises PartnerError only."""

    NAME = "the carrier"

    async def subscribe(self, parcel: Parcel, phone: str = "") -> None:  # noqa: ARG002  other carriers ask for it
        """Subscribe to pushes of a parcel's events; idempotent."""
        wanted = {"carrier": parcel.carrier, "tracking": parcel.tracking}
        answer = await self._partner.call("POST", "/subscriptions", wanted)
        if answer.status not in (200, 201):
            raise self._partner.unexpected(answer)
        self._require_same(parcel, self._partner.decode(_ParcelRef, answer))

    async def look_up(self, parcel: Parcel, phone: str = "") -> tuple[ParcelEvent, ...]:  # noqa: ARG002  see above
        """Return every known event of a parcel; empty if the carrier does not know it."""
        path = f"/parcels/{path_segment(parcel.carrier)}/{path_segment(parcel.tracking)}"
        answer = await self._partner.call("GET", path)
        if answer.status == 404 and self._partner.error_code(answer) == "no_such_parcel":
            return ()
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        found = self._partner.decode(_TrackedParcel, answer)
        self._require_same(parcel, found)
        return found.events

    def _require_same(self, parcel: Parcel, answer: _ParcelRef) -> None:
        if (answer.carrier, answer.tracking) != (parcel.carrier, parcel.tracking):
            raise self._partner.protocol_error(f"returned another parcel than {parcel.tracking} of {parcel.carrier}")


def _places(wrong: ValidationError | RecursionError) -> str:
    if isinstance(wrong, RecursionError):
        return "it is nested too deeply"
    found = wrong.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in found[:5])
