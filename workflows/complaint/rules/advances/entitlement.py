"""Whether the buyer may be advanced anything, and how much: each refusal names its rule and what to do (R9.1)."""

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parts import Entry, Ruling
from workflows.complaint.rules.advances.balance import in_good_standing, state, unresolved
from workflows.complaint.rules.money.movements import COUNTED, FAILED, total
from workflows.complaint.rules.money.orders import AWARDED, left_of_the_line
from workflows.money.amount import NOTHING, Money
from workflows.vocabulary import REFUNDING, Liability, Purpose, Role


def uncovered(case: Case) -> tuple[Entry, ...]:
    """Return the payments that the seller's money does not cover (R6.11)."""
    return tuple(one for one in case.money if one.uncovered_since)


def to_be_covered(case: Case) -> tuple[Entry, ...]:
    """Return the seller's payments that failed, whyever: the next advance pays them, so that nobody pays them twice.

    Freight has an advance of its own, being no part of what the line can give (R6.8, R1.8).
    """
    lacking = tuple(one for one in case.money if _lacking(one))
    return tuple(one for one in lacking if one.movement.purpose in AWARDED) or lacking


def _lacking(entry: Entry) -> bool:
    by_seller = entry.movement.payer.role is Role.SELLER and entry.movement.purpose in AWARDED | {
        Purpose.RETURN_FREIGHT
    }
    seen_to = entry.owned_since is not None or entry.uncovered_since is not None
    return by_seller and seen_to and entry.movement.state in FAILED


def against_an_advance(case: Case) -> NotHeard | None:
    """Return what stands against an advance now, with the rule and what to do; None where nothing does (R9.1)."""
    if case.closing:
        return NotHeard(
            Code.NOT_NOW, "R10.4", f"the complaint ends as {case.closing.outcome}; nothing is owed any more"
        )
    if not in_good_standing(case):
        days = case.policy.good_standing_within.elapsed.days
        text = f"the buyer had {case.unfounded_before} unfounded complaints in {days} days; the seller's money is asked"
        return NotHeard(Code.INCONSISTENT, "R9.1", text)
    if busy := unresolved(case):
        text = f"{busy.key} is not resolved yet: one advance at a time; wait until it is unfrozen or clawed back"
        return NotHeard(Code.ALREADY_DONE, "R9.1", text)
    return (None if uncovered(case) else _against_the_ruling(case)) or _nothing_left(case)


def _against_the_ruling(case: Case) -> NotHeard | None:
    ruling = case.ruling
    if ruling is None or ruling.state not in {"sent", "final"} or not _fulfilled_by(case, ruling):
        return NotHeard(Code.NOT_NOW, "R9.1", f"no ruling stands: {_instead(ruling)}")
    if ruling.liability is not Liability.SELLER:
        text = f"an advance stands in for the seller alone, and liable is {ruling.liability}; payment goes its own way"
        return NotHeard(Code.INCONSISTENT, "R9.1", text)
    if ruling.award.amount is None:
        text = f"the ruling gives {ruling.award.remedy} and no money; nothing can be advanced"
        return NotHeard(Code.INCONSISTENT, "R9.1", text)
    if ruling.stance(Role.SELLER) == "confirmed":
        text = "the seller has confirmed, so its own money is asked first; an advance follows where it does not cover"
        return NotHeard(Code.NOT_NOW, "R9.1", text)
    return None


def _fulfilled_by(case: Case, ruling: Ruling) -> bool:
    """Tell whether the ruling still counts: not when what is fulfilled was agreed, or goes back to the handler."""
    return ruling.state == "sent" or (case.decision is not None and case.decision.basis == "ruling")


def _instead(ruling: Ruling | None) -> str:
    pending = ruling is not None and ruling.state == "pending"
    return "it waits for a supervisor's approval" if pending else "rule first; what was agreed is the seller's to pay"


def _nothing_left(case: Case) -> NotHeard | None:
    if most_to_be_advanced(case):
        return None
    text = "all that the decision gives is paid or on its way; there is nothing left to advance"
    return NotHeard(Code.ALREADY_DONE, "R9.1", text)


def most_to_be_advanced(case: Case) -> Money:
    """Return the most that an advance can be: what was decided and is not yet paid, within the ceiling (R9.1, R1.8)."""
    if lacking := to_be_covered(case):
        return total(lacking, *AWARDED, Purpose.RETURN_FREIGHT)
    ruling = case.ruling
    if ruling is None or ruling.award.amount is None:
        return NOTHING
    left = left_of_the_line(case, above_the_price=ruling.award.remedy not in REFUNDING)
    return min(ruling.award.amount - _given_for(case), left, key=lambda money: money.amount)


def _given_for(case: Case) -> Money:
    """Return what of the decision that is fulfilled has been paid, or is on its way."""
    if case.decision is None:
        return NOTHING
    since = case.decision.at
    paid = [one for one in case.money if one.movement.state in COUNTED and since <= one.decided_at]
    made = [one for one in case.advances if not one.for_freight and state(case, one) not in FAILED]
    advanced = sum(one.fate.given.amount for one in made if one.fate and since <= one.fate.at)
    return total(paid, *AWARDED) + Money(amount=advanced)
