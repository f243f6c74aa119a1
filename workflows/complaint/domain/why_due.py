"""Why a deadline is due when it is (R7.5): the limit, its state, and every day that was counted or skipped."""

from typing import Literal

from workflows.complaint.domain.parts import Ended
from workflows.policy.model import LimitName, Policy
from workflows.time.calendar import Calendar
from workflows.time.limits import Explanation, explain
from workflows.time.wording import in_words
from workflows.values import Value
from workflows.vocabulary import Role


class WhyDue(Value):
    """One deadline explained; `lines` say the same in words."""

    name: LimitName
    subject: str
    rule: str
    actor: Role
    act: str
    otherwise: str
    state: Literal["open", "met", "expired", "superseded"]
    explanation: Explanation
    lines: tuple[str, ...]


def why_due(ended: Ended, policy: Policy, calendar: Calendar, state: Literal["open"] | None = None) -> WhyDue:
    """Explain a deadline, running or over, from nothing but its start and the pinned policy and calendar."""
    limit = policy.limits[ended.name]
    told = explain(ended.start, ended.length or limit.length, calendar, policy.service_hours, ended.stops)
    if told.due_at != ended.due_at:  # somebody named another instant, or the calendar has changed since (R7.6)
        told = told.but(due_at=ended.due_at, counted=(), skipped=(), worked_weekends=(), provisional=False)
    return WhyDue(
        name=ended.name,
        subject=ended.subject,
        rule=limit.rule,
        actor=ended.actor,
        act=limit.act,
        otherwise=limit.otherwise,
        state=state or ended.how,
        explanation=told,
        lines=in_words(told),
    )
