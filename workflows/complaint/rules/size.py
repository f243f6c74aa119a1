"""How much a case carries: bounded, so that it can always be handed on and recorded, whatever the parties send."""

from workflows.complaint.domain.case import Case

MOST = 400_000
"""Bytes of free text in one case. With steps and answers beside it this stays well below the 2 MB of a payload."""


def weight(case: Case) -> int:
    """Return the bytes of free text that messages have left in the case."""
    exhibits = (text for one in case.exhibits for text in (one.item.uri, one.item.note, one.item.kind, one.item.id))
    windows = (one.to_prove for one in case.evidence_windows)
    offers = (one.text for one in case.offers)
    rulings = (one.text for one in case.rulings)
    orders = (text for one in case.work_orders for text in (one.question, one.plan or "", *one.history))
    holds = (one.reason for one in case.holds)
    texts = (*exhibits, *windows, *offers, *rulings, *orders, *holds)
    return sum(len(text.encode()) + _EACH for text in texts)


_EACH = 60
"""What a value costs besides its text, about."""
