"""What kuaidi100 calls carriers and states, and what these are here."""

from collections.abc import Mapping

from workflows.complaint.domain.parcels import EventName

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
