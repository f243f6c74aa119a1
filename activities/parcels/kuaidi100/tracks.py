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
"""Our carrier id to their company code; equal where not listed."""

_CARRIERS = {theirs: ours for ours, theirs in _COMPANIES.items()}

_MAIN: Mapping[str, EventName] = {
    "0": "in_transit",
    "1": "picked_up",
    "2": "in_transit",  # problem, still with the carrier
    "3": "delivered",
    "4": "returned",  # returned to and signed by the sender
    "5": "in_transit",  # out for delivery
    "6": "in_transit",  # on its way back
    "7": "in_transit",  # handed to another company
    "8": "in_transit",  # customs clearance, to 13
    "10": "in_transit",
    "11": "in_transit",
    "12": "in_transit",
    "13": "in_transit",
    "14": "refused",
}

_NOTHING_YET = frozenset({"101", "102", "401"})
"""Ordered, awaiting pick-up, cancelled: the carrier does not have the goods."""

_CODES_BY_NAME: Mapping[str, str] = {
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
"""State codes by name: items may have a name in place of a code."""


def company_of(carrier: str) -> str:
    """Return their company code of a carrier."""
    return _COMPANIES.get(carrier, carrier)


def carrier_of(company: str) -> str:
    """Return our carrier id of a company code."""
    return _CARRIERS.get(company, company)


def event_of(state: str) -> EventName | None:
    """Map a state (code or name) to an event; None before pick-up and for unknown states.

    Fine-grained codes begin with their main code: 301 is a kind of 3; 100x are kinds of 0.
    """
    code = _CODES_BY_NAME.get(state, state)
    if code in _NOTHING_YET or not (code.isascii() and code.isdecimal()):
        return None
    if len(code) == 4 and code.startswith("100"):
        return "in_transit"
    return _MAIN.get(code[0] if len(code) == 3 else code)


Code = Annotated[str, Field(coerce_numbers_to_str=True, max_length=100)]
"""A code sent as JSON string or number."""


class _Item(BaseModel):
    model_config = ConfigDict(frozen=True)

    ftime: str | None = None
    time: str | None = None
    status: Code | None = None
    status_code: Annotated[Code | None, Field(alias="statusCode")] = None

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
    """The track of one parcel; other fields, free text above all, are ignored."""

    model_config = ConfigDict(frozen=True)

    com: str = ""
    nu: Code = ""
    state: Code = ""
    data: Annotated[tuple[_Item, ...] | None, Field(max_length=MOST_EVENTS)] = ()

    def events(self) -> tuple[ParcelEvent, ...]:
        """Return the events; items without states are covered by the parcel's own state at the newest time."""
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
