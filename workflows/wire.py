"""Names that other systems depend on (contract): change none of them."""

from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from workflows.complaint.views.search_attributes import Attribute

COMPLAINT = "Complaint"
TASK_QUEUE = "complaints"
NOTICES_QUEUE = "notices"
EVENTS_QUEUE = "events"
RECONCILIATION = "Reconciliation"
"""Type and id of the sweep, and id of the schedule that starts it."""
UPKEEP_QUEUE = "upkeep"
PARCEL_WATCH = "ParcelWatch"
"""Type and id of the look at parcels whose carriers are silent, and id of the schedule that starts it."""
PARCELS_QUEUE = "parcels"
SUBMIT = "submit"
VIEW, TIMELINE, WHY_DUE = "view", "timeline", "why_due"
RECEIVED_AT = "received_at"
"""Memo of a filing that came over the edge: the instant it was received there (R7.4)."""
REFUSED = "Refused"
"""Type of the failure with which a filing ends, or an update answers, that was refused."""

_KEYS: tuple[SearchAttributeKey[Any], ...] = (
    *map(
        SearchAttributeKey.for_keyword,
        ("Phase", "WaitingOn", "Problem", "Severity", "SellerId", "BuyerId", "Handler", "Outcome"),
    ),
    SearchAttributeKey.for_datetime("NextDueAt"),
    SearchAttributeKey.for_int("AmountMinor"),
    SearchAttributeKey.for_bool("Overdue"),
)
SEARCH_ATTRIBUTES = {key.name: key for key in _KEYS}
"""Opaque ids and words of the contract only, never a name, phone or address."""

SEARCH_ATTRIBUTE_TYPES = {
    key.name: "Keyword" if key.indexed_value_type.name == "KEYWORD" else key.indexed_value_type.name.capitalize()
    for key in _KEYS
}
"""Name to type, as Temporal registers them."""


def search_attribute_updates(
    shown: dict[str, Attribute], now: dict[str, Attribute]
) -> list[SearchAttributeUpdate[Any]]:
    """Return what has to change from what is shown to what is so now; None unsets."""
    changed = {name: value for name, value in now.items() if value != shown.get(name)}
    return [
        SEARCH_ATTRIBUTES[name].value_unset() if value is None else SEARCH_ATTRIBUTES[name].value_set(value)
        for name, value in changed.items()
    ]
