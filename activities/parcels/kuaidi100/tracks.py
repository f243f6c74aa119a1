"""kuaidi100's tracking data: carrier and state codes mapped to ours, tracks decoded to events (Beijing time to UTC)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from activities.parcels.partners import MOST_EVENTS
from workflows.complaint.domain.parcels import EventName, ParcelEvent
from workflows.values import BEIJING

_COMPANIES: Mapping[str, str] = {
    "sf": "shunfeng",
    "yto": "yuantong",
    "zto": "zhongtong",
    "sto": "shentong",
    "jt": "jtexpress",
}
"""Ours to theirs; a carrier that is not here has the same name on both sides."""

_CARRIERS = {theirs: ours for ours, theirs in _COMPANIES.items()}

_MAIN: Mapping[str, EventName] = {
    "0": "in_transit",
    "1": "picked_up",
    "2": "in_transit",  # in difficulties, yet somebody has it
    "3": "delivered",
    "4": "returned",  # back with its sender, who has signed for it
    "5": "in_transit",  # out for delivery
    "6": "in_transit",  # on the way back, not there yet
    "7": "in_transit",  # handed to another company
    "8": "in_transit",  # customs, and the four that follow
    "10": "in_transit",
    "11": "in_transit",
    "12": "in_transit",
    "13": "in_transit",
    "14": "refused",
}

_NOTHING_YET = frozenset({"101", "102", "401"})
"""Ordered, waiting to be picked up, cancelled: no carrier has the goods."""

_CODES: Mapping[str, str] = {
    "在途": "0",
    "揽收": "1",
    "已揽收": "1",
    "已下单": "101",
    "待揽收": "102",
    "疑难": "2",
    "签收": "3",
    "退签": "4",
    "已销单": "401",
    "派件": "5",
    "退回": "6",
    "转投": "7",
    "转单": "7",
    "清关": "8",
    "拒签": "14",
}
"""Their names of states, which an item of a list may have in place of a code."""


def company_of(carrier: str) -> str:
    """Return what they call a carrier of ours."""
    return _COMPANIES.get(carrier, carrier)


def carrier_of(company: str) -> str:
    """Return what we call a company of theirs."""
    return _CARRIERS.get(company, company)


def event_of(state: str) -> EventName | None:
    """Return the event that a state is, by its code or name; None where no carrier has the goods, or nobody knows it.

    Finer states have the digits of their main one before their own: 301 is a kind of 3, 1002 one of 0.
    """
    code = _CODES.get(state, state)
    if code in _NOTHING_YET or not (code.isascii() and code.isdecimal()):
        return None
    if len(code) == 4 and code.startswith("100"):
        return "in_transit"
    return _MAIN.get(code[0] if len(code) == 3 else code)


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
