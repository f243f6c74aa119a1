"""How a case moves: every change leaves a step that names its actor and its rule (R11.1)."""

from workflows.domain.base import Instant
from workflows.domain.case import Case
from workflows.domain.filing import Party
from workflows.domain.money import Money
from workflows.domain.parts import SYSTEM
from workflows.domain.timeline import Step
from workflows.domain.vocabulary import Outcome, Phase, Severity


def step(
    case: Case,
    at: Instant,
    event: str,
    rule: str,
    *,
    actor: Party = SYSTEM,
    reason: str | None = None,
    amount: Money | None = None,
    message_id: str | None = None,
) -> Case:
    """Append one step, never dated before the one it follows."""
    at = max(at, case.now)
    line = Step(
        number=case.steps + 1,
        at=at,
        actor=actor.id,
        role=actor.role,
        event=event,
        phase=case.phase,
        rule=rule,
        reason=reason,
        amount=amount,
        message_id=message_id,
    )
    return case.but(timeline=(*case.timeline, line), steps=case.steps + 1, now=at)


def enter(case: Case, phase: Phase) -> Case:
    """Move the case to another phase."""
    return case.but(phase=phase)


def work_order_superseded(case: Case, at: Instant) -> Case:
    """End a work order that is open: what was to be put to the buyer is agreed or ruled, or over (R2.6)."""
    if not case.work_orders or case.work_orders[-1].over:
        return case
    order = case.work_orders[-1]
    case = step(case, at, "work_order_superseded", "R2.6", reason=f"work order {order.number}")
    return case.but(work_orders=(*case.work_orders[:-1], order.but(state="superseded")))


def close(case: Case, at: Instant, outcome: Outcome, rule: str, reason: str | None = None) -> Case:
    """End the complaint with its outcome (R10.4)."""
    case = work_order_superseded(case, at)
    case = step(case, at, "closed", rule, reason=reason or f"outcome {outcome}")
    return case.but(phase=Phase.CLOSED, outcome=outcome, closed_at=case.now)


def becomes_major(case: Case, at: Instant, rule: str, reason: str) -> Case:
    """Raise a general complaint to major; a graver one stays what it is (R2.4)."""
    if case.severity is not Severity.GENERAL:
        return case
    case = step(case, at, "became_major", rule, reason=reason)
    return case.but(severity=Severity.MAJOR, grave_from=case.steps)
