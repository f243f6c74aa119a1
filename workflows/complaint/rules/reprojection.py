"""A new calendar for a running complaint, only on purpose and on record (R7.6)."""

from datetime import timedelta

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import CalendarReprojected
from workflows.complaint.rules.people import RUNNING
from workflows.complaint.rules.registry import Rules
from workflows.time.calendar import Calendar
from workflows.values import BEIJING, Instant
from workflows.vocabulary import Role

rules = Rules()

_SLICE_BEFORE = timedelta(days=31)


def pinned(calendar: Calendar, filed_at: Instant) -> Calendar:
    """Cut what a complaint pins out of a calendar: from a month before its filing on; nothing it counts is earlier."""
    return calendar.since((filed_at - _SLICE_BEFORE).astimezone(BEIJING).date())


def _nothing_wanted(case: Case) -> bool:
    return case.calendar_wanted is None


@rules.hears(CalendarReprojected, "R7.6", by=(Role.OPERATIONS_MANAGER,), during=RUNNING, when=_nothing_wanted)
def another_calendar_is_wanted(case: Case, message: CalendarReprojected, at: Instant) -> Case:
    """Ask for that version; until it has come the limits run as they were."""
    del at
    if message.calendar_version == case.calendar.version:
        raise NotHeard(Code.ALREADY_DONE, "R7.6", f"{case.calendar.version} is the calendar of this complaint already")
    return case.but(calendar_wanted=message.calendar_version)
