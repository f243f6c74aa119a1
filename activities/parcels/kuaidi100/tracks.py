"""What kuaidi100 knows of a parcel: a list of places and states, newest first, in Beijing time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from activities.parcels.kuaidi100.states import event_of
from activities.parcels.partners import MOST_EVENTS
from workflows.complaint.domain.parcels import EventName, ParcelEvent
from workflows.values import BEIJING

Word = Annotated[str, Field(coerce_numbers_to_str=True, max_length=100)]
"""A state or number, which comes with quotation marks or without."""


class _Item(BaseModel):
    model_config = ConfigDict(frozen=True)

    ftime: str | None = None
    time: str | None = None
    status: Word | None = None
    status_code: Annotated[Word | None, Field(alias="statusCode")] = None

    @property
    def at(self) -> datetime | None:
        for given in (self.ftime, self.time):
            try:
                return datetime.strptime(given or "", "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
        return None

    @property
    def event(self) -> EventName | None:
        return event_of(self.status_code or self.status or "")


class Track(BaseModel):
    """One parcel as they see it; everything else they tell is left aside, what people wrote above all."""

    model_config = ConfigDict(frozen=True)

    com: str = ""
    nu: Word = ""
    state: Word = ""
    data: Annotated[tuple[_Item, ...] | None, Field(max_length=MOST_EVENTS)] = ()

    def events(self) -> tuple[ParcelEvent, ...]:
        """Return what happened; without states in the list only the last of it is known, by the parcel's own."""
        found = tuple(self._listed())
        newest = max((one.at for one in self.data or () if one.at), default=None)
        last = event_of(self.state)
        if newest is None or last is None or any(one.event == last for one in found):
            return found
        return (*found, ParcelEvent(event=last, at=newest))

    def _listed(self) -> Iterator[ParcelEvent]:
        for one in self.data or ():
            if one.at is not None and one.event is not None:
                yield ParcelEvent(event=one.event, at=one.at)
