"""How a complaint stands now, as columns of its row: what lists are filtered and sorted by."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from workflows.domain.base import Value
from workflows.domain.view import MovementView, View
from workflows.domain.vocabulary import MoneyState, Phase, Purpose, Role

_UNDONE = {MoneyState.FAILED, MoneyState.REVERSED}


class Standing(NamedTuple):
    """The columns that change with every step."""

    phase: str
    outcome: str | None
    severity: str
    handler: str | None
    level: int
    overdue: bool
    next_due_at: datetime | None
    cycle: int
    closed_at: datetime | None
    decided_minor: int
    steps: int


def standing(view: View, closed_at: datetime | None) -> Standing:
    """Return the columns of a view; `closed_at` is when it ended, if it did."""
    return Standing(
        phase=view.phase,
        outcome=view.outcome,
        severity=view.severity,
        handler=view.handler,
        level=view.level,
        overdue=view.overdue,
        next_due_at=min((waiting.due_at for waiting in view.waiting_on), default=None),
        cycle=view.cycle,
        closed_at=closed_at,
        decided_minor=_decided(view),
        steps=view.steps,
    )


def _decided(view: View) -> int:
    """Sum up what this complaint has decided for the buyer, in fen (R1.8).

    While it is open a final ruling counts whether or not its money moves yet; once it is closed only what moved does.
    """
    moved = sum(one.amount.amount for one in view.money if _is_for_the_buyer(one))
    ruling = view.ruling
    if view.phase is Phase.CLOSED or ruling is None or ruling.state != "final" or ruling.amount is None:
        return moved
    return max(moved, ruling.amount.amount)


def _is_for_the_buyer(one: MovementView) -> bool:
    # What the buyer laid out for the return parcel is repaid, not decided (R6.8).
    return one.payee == Role.BUYER and one.purpose != Purpose.RETURN_FREIGHT and one.state not in _UNDONE


def as_json(values: Iterable[Value]) -> str:
    """Return values as one JSON array."""
    return f"[{','.join(value.model_dump_json() for value in values)}]"
