"""How a case moves: every change leaves a step that names its actor and its rule (R11.1)."""

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events import BecameMajor, Closed, Facts, WorkOrderSuperseded
from workflows.complaint.domain.messages import Message
from workflows.complaint.domain.parts import SYSTEM
from workflows.complaint.domain.timeline import Step, audience_of
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.values import Instant
from workflows.vocabulary import Outcome, Phase, Severity


def emit(
    case: Case,
    at: Instant,
    facts: Facts,
    rule: str,
    *,
    actor: Party = SYSTEM,
    said: Message | None = None,
    amount: Money | None = None,
) -> Case:
    """Append one step, never dated before the one it follows; `said` is the message that was heard or refused.

    When the edge received it is no part of what was said: the step is dated by it.
    """
    at = max(at, case.now)
    line = Step(
        number=case.steps + 1,
        at=at,
        actor=actor.id,
        role=actor.role,
        event=facts.event,
        phase=case.phase,
        rule=rule,
        amount=amount,
        message_id=said.message_id if said else None,
        audience=audience_of(facts, said),
        said=said.but(received_at=None) if said else None,
        facts=facts,
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
    case = emit(case, at, WorkOrderSuperseded(work_order=order.number), "R2.6")
    return case.but(work_orders=(*case.work_orders[:-1], order.but(state="superseded")))


def close(case: Case, at: Instant, outcome: Outcome, rule: str, because: Because | None = None) -> Case:
    """End the complaint with its outcome (R10.4)."""
    case = work_order_superseded(case, at)
    case = emit(case, at, Closed(outcome=outcome, because=because), rule)
    return case.but(phase=Phase.CLOSED, outcome=outcome, closed_at=case.now)


def becomes_major(case: Case, at: Instant, rule: str, cause: Cause) -> Case:
    """Raise a general complaint to major; a graver one stays what it is (R2.4)."""
    if case.severity is not Severity.GENERAL:
        return case
    case = emit(case, at, BecameMajor(because=Because(cause=cause)), rule)
    return case.but(severity=Severity.MAJOR, grave_from=case.steps)
