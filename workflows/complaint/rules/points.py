"""Violation points against the seller, recorded as owed and never twice for one complaint and kind (R8.4)."""

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import PointsOwed, PointsReversed
from workflows.complaint.rules.emit import emit
from workflows.values import Instant


def owe_points(case: Case, at: Instant, kind: str) -> Case:
    """Write down that points of that kind are owed by the seller; the same kind again changes nothing (R8.4)."""
    if kind in case.points_owed:
        return case
    case = emit(case, at, PointsOwed(kind=kind), "R8.4")
    return case.but(points_owed=(*case.points_owed, kind))


def reverse_points(case: Case, at: Instant, kind: str) -> Case:
    """Take back points of that kind, because what they were owed for was overturned (R8.4)."""
    if kind not in case.points_owed:
        return case
    case = emit(case, at, PointsReversed(kind=kind), "R8.4")
    return case.but(points_owed=tuple(one for one in case.points_owed if one != kind))
