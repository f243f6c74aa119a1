"""A new calendar for a running complaint, only on purpose and on record (R7.6)."""

from datetime import timedelta

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import CalendarApplied, CalendarUnknown
from workflows.complaint.domain.messages import CalendarReprojected
from workflows.complaint.rules.dispatch import expire
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.people import RUNNING
from workflows.complaint.rules.registry import hears
from workflows.time.calendar import Calendar
from workflows.values import BEIJING, Instant
from workflows.vocabulary import Role

_SLICE_BEFORE = timedelta(days=31)


def pinned(calendar: Calendar, filed_at: Instant) -> Calendar:
    """Cut what a complaint pins out of a calendar: from a month before its filing on; nothing it counts is earlier."""
    return calendar.since((filed_at - _SLICE_BEFORE).astimezone(BEIJING).date())


def _nothing_wanted(case: Case) -> bool:
    return case.calendar_wanted is None


@hears(CalendarReprojected, "R7.6", by=(Role.OPERATIONS_MANAGER,), during=RUNNING, when=_nothing_wanted)
def another_calendar_is_wanted(case: Case, message: CalendarReprojected, at: Instant) -> Case:
    """Ask for that version; until it has come the limits run as they were."""
    del at
    if message.calendar_version == case.calendar.version:
        raise NotHeard(Code.ALREADY_DONE, "R7.6", f"{case.calendar.version} is the calendar of this complaint already")
    return case.but(calendar_wanted=message.calendar_version)


def reprojected(case: Case, calendar: Calendar | None, at: Instant) -> Case:
    """Count every running limit by the new calendar from here on; an unknown version changes nothing (R7.6).

    What was due before by the old one passes first; a complaint that has closed meanwhile stays as it is (R10.4).
    """
    case = expire(case, at, at_the_instant=False)
    wanted = case.calendar_wanted
    case = case.but(calendar_wanted=None)
    if case.closed:
        return case
    if calendar is None:
        return emit(case, at, CalendarUnknown(wanted=wanted), "R7.6")
    case = emit(case, at, CalendarApplied(before=case.calendar.version, after=calendar.version), "R7.6")
    before = (*(one for one in case.calendars_before if one.version != case.calendar.version), case.calendar)
    return case.but(calendar=pinned(calendar, case.filed_at), calendars_before=before)
