"""How a complaint stands now, as columns of its row: what lists are filtered and sorted by."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from workflows.complaint.domain.view import View
from workflows.money.amount import Money
from workflows.values import Value


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


def standing(view: View, decided: Money, closed_at: datetime | None) -> Standing:
    """Return the columns of a view; `decided` counts against the line (R1.8), `closed_at` is when it ended."""
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
        decided_minor=decided.amount,
        steps=view.steps,
    )


def as_json(values: Iterable[Value]) -> str:
    """Return values as one JSON array."""
    return f"[{','.join(value.model_dump_json() for value in values)}]"
