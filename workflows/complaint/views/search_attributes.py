"""What lists and searches of running complaints go by: opaque ids and words of the contract, nothing personal."""

from datetime import datetime

from workflows.complaint.domain.case import Case
from workflows.complaint.rules.deadlines import deadlines, overdue

Attribute = str | int | bool | datetime | None


def attributes(case: Case) -> dict[str, Attribute]:
    """Return the search attributes of a case; None unsets one, as closing does with all that waits."""
    running = deadlines(case)
    amount = case.filing.request.amount
    return {
        "Phase": case.phase,
        "WaitingOn": min(running, key=lambda one: one.due_at).actor if running else None,
        "Problem": case.filing.problem,
        "Severity": case.severity,
        "SellerId": case.order.seller_id if case.order else None,
        "BuyerId": case.buyer.id,
        "Handler": None if case.closed else case.handler,
        "Outcome": case.outcome,
        "NextDueAt": min((one.due_at for one in running), default=None),
        "AmountMinor": amount.amount if amount else None,
        "Overdue": None if case.closed else overdue(case),
    }
