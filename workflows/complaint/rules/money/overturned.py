"""Overturned later, by a new cycle or a court: points are reversed, the platform pays the seller back (R5.6)."""

from collections.abc import Iterable
from typing import Any

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import RulingOverturned
from workflows.complaint.domain.parts import PLATFORM, SYSTEM, Entry, Ruling
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.money.movements import open_, write_down
from workflows.complaint.rules.points import reverse_points
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.values import Instant
from workflows.vocabulary import Liability, MoneyState, Purpose, Role

_ON_THE_SELLER = frozenset({Liability.SELLER, Liability.BOTH})

BY_SILENCE = "seller_silent"
"""Points of this kind stay: what is overturned is a ruling, and silence was the seller's own."""


def taken_off_the_seller(case: Case, at: Instant, by: Ruling) -> Case:
    """Overturn what was final before where a ruling, final now, finds the seller not liable (R5.6)."""
    if by.liability in _ON_THE_SELLER:
        return case
    return _overturned(case, at, {"by_ruling": by.number}, by.by, [one for one in _standing(case) if one.final_at])


def overturned_by_a_court(case: Case, at: Instant, forum: str, reference: str, noted_by: Party) -> Case:
    """Overturn the rulings against the seller, as a court has (R5.6); they are fulfilled all the same (R5.5)."""
    by = {"forum": forum, "reference": reference}
    return _overturned(case, at, by, noted_by, _standing(case))


def _standing(case: Case) -> list[Ruling]:
    """List the rulings against the seller that are, or were, in force."""
    in_force = [one for one in case.rulings if one.final_at or one.state == "sent"]
    return [one for one in in_force if one.liability in _ON_THE_SELLER and not one.overturned]


def _overturned(case: Case, at: Instant, by: dict[str, Any], ordered_by: Party, rulings: list[Ruling]) -> Case:
    numbers = [one.number for one in rulings]
    for number in numbers:
        case = emit(case, at, RulingOverturned(ruling=number, **by), "R5.6")
    marked = tuple(one.but(overturned=True) if one.number in numbers else one for one in case.rulings)
    case = case.but(rulings=marked)
    if numbers:
        for kind in case.points_owed:
            case = case if kind == BY_SILENCE else reverse_points(case, at, kind)
    return made_whole(case, at, ordered_by)


def made_whole(case: Case, at: Instant, ordered_by: Party = SYSTEM) -> Case:
    """Let the platform pay the seller what an overturned ruling has cost it; the buyer is never debited (R5.6)."""
    due = _paid_by_the_seller(case) - _given_back(case)
    if not due or case.seller is None:
        return case
    return write_down(
        case,
        Purpose.RESTITUTION,
        due,
        at,
        payer=PLATFORM,
        payee=case.seller,
        rule="R5.6",
        ordered_by=ordered_by,
        remark="overturned",
    )


def _paid_by_the_seller(case: Case) -> Money:
    numbers = {one.number for one in case.rulings if one.overturned}
    return _sum(one for one in case.money if one.ruling in numbers and _cost_the_seller(one))


def _cost_the_seller(entry: Entry) -> bool:
    movement = entry.movement
    by_seller = movement.payer.role is Role.SELLER and movement.payee.role is not Role.SELLER
    return by_seller and movement.state is MoneyState.SETTLED


def _given_back(case: Case) -> Money:
    made = (one for one in case.money if one.movement.purpose is Purpose.RESTITUTION)
    return _sum(one for one in made if open_(one) or one.movement.state is MoneyState.SETTLED)


def _sum(entries: Iterable[Entry]) -> Money:
    return Money(amount=sum(one.movement.amount.amount for one in entries))
