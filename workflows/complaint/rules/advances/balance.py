"""How an advance stands: frozen, unfrozen, clawed back, recovered or owed, all read from its movements (R9.5, R9.6)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from workflows.complaint.domain.advance import Advance, Debt
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parts import Entry
from workflows.complaint.rules.money.movements import COUNTED, FAILED, by_platform, known, open_, total
from workflows.money.amount import NOTHING, Money
from workflows.values import Instant
from workflows.vocabulary import MoneyState, Purpose

OF_ADVANCES = frozenset({Purpose.ADVANCE, Purpose.UNFREEZE, Purpose.CLAW_BACK, Purpose.RECOVERY, Purpose.WRITE_OFF})


class Standing(NamedTuple):
    """The four amounts of an advance: at every moment advanced = frozen + unfrozen + clawed back (R9.6)."""

    advanced: Money
    frozen: Money
    unfrozen: Money
    clawed_back: Money


def course(money: Sequence[Entry], key: str) -> tuple[Entry, ...]:
    """Return an advance's own movement and all that followed until the next advance."""
    begin = next(number for number, entry in enumerate(money) if entry.movement.key == key)
    following = [entry.movement.purpose is Purpose.ADVANCE for entry in money[begin + 1 :]]
    end = following.index(True) if True in following else len(following)
    return tuple(money[begin : begin + 1 + end])


def standing(case: Case, advance: Advance) -> Standing:
    """Return what of an advance is frozen, the buyer's, and back with the fund."""
    settled = [one for one in course(case.money, advance.key) if one.movement.state is MoneyState.SETTLED]
    advanced, unfrozen = total(settled, Purpose.ADVANCE), total(settled, Purpose.UNFREEZE)
    rests = Money(amount=sum(one.movement.rest.amount for one in settled if one.movement.rest))
    clawed_back = total(settled, Purpose.CLAW_BACK) + rests
    return Standing(advanced, advanced - unfrozen - clawed_back, unfrozen, clawed_back)


def state(case: Case, advance: Advance) -> MoneyState:
    """Return the state of the movement that makes the advance."""
    return known(case, advance.key).movement.state


def live(case: Case) -> Advance | None:
    """Return the advance that is ordered or made and has no fate yet (R9.7)."""
    advance = case.advance
    if advance is None or advance.fate is not None or state(case, advance) in FAILED:
        return None
    return advance


def unresolved(case: Case) -> Advance | None:
    """Return the advance that stands in the way of another: any part of it frozen or under way (R9.1)."""
    advance = case.advance
    if advance is None:
        return None
    waits = any(open_(one) and not _made_nothing(one) for one in _of_the_advance(case, advance))
    return advance if waits or standing(case, advance).frozen else None


def _made_nothing(entry: Entry) -> bool:
    # A failed advance was never made: whoever owns it may order another one instead of trying it again.
    return entry.movement.purpose is Purpose.ADVANCE and entry.movement.state in FAILED


def _of_the_advance(case: Case, advance: Advance) -> Iterator[Entry]:
    return (one for one in course(case.money, advance.key) if one.movement.purpose in OF_ADVANCES)


def going_back(case: Case, advance: Advance) -> Money:
    """Return what is on its way back to the fund: asked for, or failed and to be tried again."""
    entries = [one for one in course(case.money, advance.key) if open_(one)]
    return total(entries, Purpose.CLAW_BACK)


def given_for_the_line(case: Case) -> Money:
    """Return what advances have given or will give of what the line can give (R1.8)."""
    fates = [(one, one.fate) for one in case.advances if one.fate and not one.for_freight]
    return Money(amount=sum(fate.given.amount for one, fate in fates if state(case, one) not in FAILED))


def frozen_without_a_fate(case: Case) -> Money:
    """Return what is advanced or about to be, and not decided upon: the line cannot give it to anybody else (R1.8)."""
    advance = live(case)
    return advance.entitled if advance else NOTHING


def recovering(case: Case, advance: Advance) -> bool:
    """Tell whether a recovery is under way, or is the platform's and has to be seen to."""
    entries = course(case.money, advance.key)
    return any(open_(one) for one in entries if one.movement.purpose is Purpose.RECOVERY)


def recovered(money: Sequence[Entry]) -> Money:
    """Return what came back to the fund for what the buyer keeps."""
    return total([one for one in money if one.movement.state is MoneyState.SETTLED], Purpose.RECOVERY)


def owing(case: Case, advance: Advance) -> Money:
    """Return what the seller still owes the fund for an advance: nothing while a recovery is under way (R9.5)."""
    entries = course(case.money, advance.key)
    if advance.fate is None or recovering(case, advance):
        return NOTHING
    tried = [one for one in entries if one.movement.purpose is Purpose.RECOVERY and not by_platform(one)]
    return advance.fate.given - recovered(entries) - written_off(entries) if tried else NOTHING


def written_off(money: Sequence[Entry]) -> Money:
    """Return what the operations manager gave up of what the seller owed (R9.5)."""
    return total([one for one in money if one.movement.state in COUNTED], Purpose.WRITE_OFF)


def debt_of(case: Case) -> Debt | None:
    """Return what the seller owes the fund for the latest advance of which it owes anything (R9.5)."""
    return next((debt for one in reversed(case.advances) if (debt := _debt(case, one))), None)


def _debt(case: Case, advance: Advance) -> Debt | None:
    amount = owing(case, advance)
    if not amount or case.seller is None:
        return None
    entries = course(case.money, advance.key)
    tries = [one for one in entries if one.movement.purpose is Purpose.RECOVERY]
    return Debt(
        complaint=case.complaint,
        advance=advance.key,
        seller=case.seller,
        amount=amount,
        since=_unfrozen_at(entries) or tries[0].decided_at,
        tried_at=max(one.since for one in tries),
        tries=sum(one.movement.purpose is Purpose.RECOVERY for one in case.money),
        line=tries[-1].movement.line,
    )


def _unfrozen_at(entries: Sequence[Entry]) -> Instant | None:
    settled = (one for one in entries if one.movement.state is MoneyState.SETTLED)
    return next((one.since for one in settled if one.movement.purpose is Purpose.UNFREEZE), None)


def irreversible(case: Case) -> frozenset[str]:
    """Return the advances of which something has left the frozen account: their own movement stands (R9.6)."""
    left = (one for one in case.advances if one.resolved_at or _gives_back(case, one))
    return frozenset(one.key for one in left)


def _gives_back(case: Case, advance: Advance) -> bool:
    gone = frozenset({Purpose.UNFREEZE, Purpose.CLAW_BACK})
    entries = course(case.money, advance.key)
    return any(one.movement.purpose in gone and (open_(one) or one.movement.state in COUNTED) for one in entries)


def in_good_standing(case: Case) -> bool:
    """Tell whether the buyer may be advanced anything: fewer unfounded complaints than the policy names (R9.1)."""
    return case.unfounded_before < case.policy.good_standing_below
