"""Every rule of a complaint in one table, in the order of the process: a module that is not named here does nothing.

Every table shown to people (what can be sent now, messages x phases, deadlines) is read from here.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from workflows.complaint.rules import (
    appeals,
    clocks,
    evidence,
    follow_up,
    intervention,
    negotiation,
    offers,
    people,
    reprojection,
    review,
    rulings,
    work_orders,
)
from workflows.complaint.rules.advances import course, debts, not_returned, ordering
from workflows.complaint.rules.goods import fulfilment, legs, receiving
from workflows.complaint.rules.money import settlement
from workflows.complaint.rules.registry import Hearing, Met, Rules, Since, Window
from workflows.policy.model import LimitName

RULES: tuple[Rules, ...] = (
    review.rules,
    negotiation.rules,
    offers.rules,
    intervention.rules,
    evidence.rules,
    rulings.rules,
    appeals.rules,
    fulfilment.rules,
    legs.rules,
    receiving.rules,
    settlement.rules,
    ordering.rules,
    course.rules,
    not_returned.rules,
    debts.rules,
    follow_up.rules,
    people.rules,
    clocks.rules,
    reprojection.rules,
    work_orders.rules,
)

K = TypeVar("K")
V = TypeVar("V")


def _hearings(rules: Iterable[Rules]) -> dict[str, list[Hearing]]:
    found: dict[str, list[Hearing]] = {}
    for hearing in (one for each in rules for one in each.hearings):
        found.setdefault(hearing.kind, []).append(hearing)
    return found


def _once(tables: Iterable[Mapping[K, V]]) -> dict[K, V]:
    """Return all entries; raises ValueError where two modules run the same limit."""
    found: dict[K, V] = {}
    for name, entry in (one for table in tables for one in table.items()):
        if name in found:
            raise ValueError(f"{name} is run by two rules")
        found[name] = entry
    return found


HEARINGS: dict[str, list[Hearing]] = _hearings(RULES)
"""Message kind to the rules that hear it."""

WINDOWS: dict[LimitName, Window] = _once(one.windows for one in RULES)
DUTIES: dict[LimitName, Since] = _once(one.duties for one in RULES)
MET: dict[LimitName, Met] = _once(one.met_when for one in RULES)
LADDERS: dict[LimitName, LimitName] = _once(one.ladders for one in RULES)
"""Limit to the duty it is one of several limits of: the duty has one ladder (R4.3)."""
