"""The carriers in the partners' form: subscribe to a tracking number, ask what is known of it (R6.3, R6.4)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.partners.http import PartnerClient, segment
from workflows.complaint.domain.parcels import Carrier, Parcel, ParcelEvent
from workflows.values import Id, Value

MOST_EVENTS = 2000
"""Of one parcel: far above what a parcel lives through."""

MOST_PARCELS = 100
"""In one push."""


class PushUnreadable(ValueError):  # noqa: N818 - named for what it says
    """A push that cannot be read; the text names the places, never what was in them."""


class Pushed(Value):
    """What a carrier says of one parcel; a carrier may tell more of an event than we ask."""

    tracking: Id
    events: Annotated[tuple[ParcelEvent, ...], Field(max_length=MOST_EVENTS)]


class Push(Value):
    """What a carrier pushes: its own parcels only, each with its events in any order, repeated or not."""

    carrier: Carrier
    parcels: Annotated[tuple[Pushed, ...], Field(min_length=1, max_length=MOST_PARCELS)]

    @classmethod
    def read(cls, body: bytes) -> "Push":
        """Read a push as it came over the wire; raises PushUnreadable."""
        try:
            return cls.model_validate_json(body)
        except (ValidationError, RecursionError) as wrong:
            raise PushUnreadable(_places(wrong)) from None


class _Known(BaseModel):
    model_config = ConfigDict(strict=True)

    carrier: str
    tracking: str


class _Parcel(_Known):
    events: Annotated[tuple[ParcelEvent, ...], Field(max_length=MOST_EVENTS)]


class CarrierService(PartnerClient):
    """Asks the carriers over HTTP; raises PartnerUnreachable or PartnerConfused, nothing else."""

    NAME = "the carrier"

    async def subscribe(self, parcel: Parcel, phone: str = "") -> None:  # noqa: ARG002  other carriers ask for it
        """Ask to be pushed every event of a parcel; asking again changes nothing."""
        wanted = {"carrier": parcel.carrier, "tracking": parcel.tracking}
        answer = await self._partner.call("POST", "/subscriptions", wanted)
        if answer.status not in (200, 201):
            raise self._partner.unexpected(answer)
        self._about(parcel, self._partner.read(_Known, answer))

    async def look_up(self, parcel: Parcel, phone: str = "") -> tuple[ParcelEvent, ...]:  # noqa: ARG002  see above
        """Return all that the carrier knows of a parcel, nothing if it does not know it."""
        path = f"/parcels/{segment(parcel.carrier)}/{segment(parcel.tracking)}"
        answer = await self._partner.call("GET", path)
        if answer.status == 404 and self._partner.code_of(answer) == "no_such_parcel":
            return ()
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        found = self._partner.read(_Parcel, answer)
        self._about(parcel, found)
        return found.events

    def _about(self, parcel: Parcel, said: _Known) -> None:
        if (said.carrier, said.tracking) != (parcel.carrier, parcel.tracking):
            raise self._partner.confused(f"answered about another parcel than {parcel.tracking} of {parcel.carrier}")


def _places(wrong: ValidationError | RecursionError) -> str:
    if isinstance(wrong, RecursionError):
        return "it is nested too deeply"
    found = wrong.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in found[:5])
