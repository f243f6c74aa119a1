"""Every deadline of a case explained, those that run first (R7.5)."""

from workflows.domain.case import Case
from workflows.domain.parts import Ended
from workflows.domain.why import WhyDue, why_due
from workflows.rules.deadlines import deadlines
from workflows.rules.registry import Deadline


def explained(case: Case) -> tuple[WhyDue, ...]:
    """Return each running and each ended deadline with its start, days counted, days skipped and result."""
    running = [why_due(_as_ended(case, one), case.policy, case.calendar, "open") for one in deadlines(case)]
    return (*running, *(why_due(one, case.policy, case.calendar) for one in case.ended))


def _as_ended(case: Case, deadline: Deadline) -> Ended:
    return Ended(
        name=deadline.name,
        subject=deadline.subject,
        actor=deadline.actor,
        start=deadline.start,
        due_at=deadline.due_at,
        how="superseded",
        at=case.now,
        until=deadline.until,
        stops=deadline.stops,
        length=deadline.length,
    )
