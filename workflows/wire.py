"""Names that other systems depend on (contract): change none of them."""

from temporalio.common import SearchAttributeKey

COMPLAINT = "Complaint"
TASK_QUEUE = "complaints"
SUBMIT = "submit"
VIEW, TIMELINE, WHY_DUE = "view", "timeline", "why_due"
REFUSED = "Refused"
"""Type of the failure with which a filing ends, or an update answers, that was refused."""

PHASE = SearchAttributeKey.for_keyword("Phase")
WAITING_ON = SearchAttributeKey.for_keyword("WaitingOn")
PROBLEM = SearchAttributeKey.for_keyword("Problem")
SEVERITY = SearchAttributeKey.for_keyword("Severity")
SELLER_ID = SearchAttributeKey.for_keyword("SellerId")
BUYER_ID = SearchAttributeKey.for_keyword("BuyerId")
HANDLER = SearchAttributeKey.for_keyword("Handler")
OUTCOME = SearchAttributeKey.for_keyword("Outcome")
NEXT_DUE_AT = SearchAttributeKey.for_datetime("NextDueAt")
AMOUNT_MINOR = SearchAttributeKey.for_int("AmountMinor")
OVERDUE = SearchAttributeKey.for_bool("Overdue")

SEARCH_ATTRIBUTES: dict[str, str] = {
    **dict.fromkeys(
        ("Phase", "WaitingOn", "Problem", "Severity", "SellerId", "BuyerId", "Handler", "Outcome"), "Keyword"
    ),
    "NextDueAt": "Datetime",
    "AmountMinor": "Int",
    "Overdue": "Bool",
}
"""Name to type, as Temporal registers them; opaque ids only, never a name, phone or address."""
