"""Every deadline of a case explained, those that run first (R7.5)."""

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parts import Ended
from workflows.complaint.domain.why_due import WhyDue, why_due
from workflows.complaint.rules.deadlines import deadlines
from workflows.complaint.rules.registry import Deadline
from workflows.time.calendar import Calendar


def explained(case: Case) -> tuple[WhyDue, ...]:
    """Return each running and each ended deadline with its start, days counted, days skipped and result."""
    known = {one.version: one for one in (*case.calendars_before, case.calendar)}
    opening = next(iter(known.values()))

    def by(one: Ended) -> Calendar:
        return known.get(one.calendar or "", opening)

    running = [_as_ended(case, one) for one in deadlines(case)]
    told = [why_due(one, case.policy, by(one), "open") for one in running]
    return (*told, *(why_due(one, case.policy, by(one)) for one in case.ended))


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
        calendar=deadline.calendar,
    )
