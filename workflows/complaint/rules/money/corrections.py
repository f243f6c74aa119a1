"""The provider takes its own word back: settled after it failed, failed after it settled (R6.10)."""

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parts import Entry
from workflows.complaint.rules.advances.balance import OF_ADVANCES, live
from workflows.complaint.rules.money.movements import FAILED, changed
from workflows.vocabulary import MoneyState, Purpose

_BESIDE_ADVANCES = OF_ADVANCES | {Purpose.PAYOUT, Purpose.RESTITUTION}


def waits_for(case: Case, entry: Entry) -> tuple[Entry, ...] | None:
    """Return the tries that end where a failed movement has settled after all; None where it would pay twice.

    It is owned itself, or every try that came in its place has failed as well and the last of them is owned.
    """
    if entry.movement.state is not MoneyState.FAILED or _advanced_instead(case, entry):
        return None
    movement = entry.movement
    later = case.money[case.money.index(entry) + 1 :]
    later = tuple(one for one in later if one.movement.purpose is movement.purpose)
    if any(one.movement.state not in FAILED for one in later) or (later and movement.purpose is Purpose.ADVANCE):
        return None
    if _seen_to(entry):
        return (entry,)
    again = tuple(one for one in later if one.movement.amount == movement.amount and one.ruling == entry.ruling)
    return again if any(map(_seen_to, again)) else None


def released(case: Case, entries: tuple[Entry, ...]) -> Case:
    """Return the case in which nobody has to try them again."""
    for one in entries:
        case = changed(case, one.movement.key, owned_since=None, uncovered_since=None)
    return case


def _seen_to(entry: Entry) -> bool:
    return entry.owned_since is not None or entry.uncovered_since is not None


def _advanced_instead(case: Case, entry: Entry) -> bool:
    """Tell whether an advance stands for it meanwhile: paying both would give the buyer twice (R9.7)."""
    return live(case) is not None and entry.movement.purpose not in _BESIDE_ADVANCES
