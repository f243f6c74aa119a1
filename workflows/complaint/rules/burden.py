"""Who claims must prove: which row of the burden table fits a case (R4.4), also by item category (S3)."""

from workflows.complaint.domain.case import Case
from workflows.policy.model import Burden, Category
from workflows.time.limits import Length

_NONE = Category()


def category(case: Case) -> Category:
    """Return what is different for the category of the item; nothing, where the policy has none."""
    return case.policy.categories.get(case.order.category or "", _NONE) if case.order else _NONE


def evidence_window(case: Case) -> Length | None:
    """Return the time for evidence of the item's category or else of the problem; None: that of the limit (R4.4)."""
    return category(case).evidence or case.policy.admission[case.filing.problem].evidence


def burden(case: Case) -> Burden | None:
    """Return the first row that fits: those of the item's category before the general ones (R4.4)."""
    rows = (*category(case).burden, *case.policy.burden)
    return next((row for row in rows if _fits(case, row)), None)


def _fits(case: Case, row: Burden) -> bool:
    if case.filing.problem not in row.problems:
        return False
    shipped = case.order is not None and case.order.shipped_at is not None
    return row.shipped in {None, shipped} and row.returned in {None, _returned(case)}


def _returned(case: Case) -> str | None:
    conditions = [leg.condition for leg in case.goods if leg.leg == "return" and leg.condition]
    if not conditions or conditions[-1] == "intact":
        return None
    return "not_received" if conditions[-1] == "not_received" else "refused"
