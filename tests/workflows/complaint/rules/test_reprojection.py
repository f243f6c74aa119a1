"""Another calendar for a running complaint: on purpose, on record, and without undoing what was (R7.6)."""

from datetime import date

from tests.workflows.complaint.laws import broken
from tests.workflows.complaint.playing import Play
from tests.workflows.complaint.saying import (
    DAY,
    asked,
    beijing,
    due_at,
    hears,
    passes,
    refused,
    running,
)
from workflows.answers import Code
from workflows.complaint.rules.deadlines import deadlines
from workflows.complaint.rules.dispatch import reprojected
from workflows.complaint.views.view import view_of
from workflows.complaint.views.why_due import explained
from workflows.policy.loading import packaged
from workflows.policy.model import LimitName
from workflows.time.calendar import Calendar
from workflows.vocabulary import Role


def calendar(*days_off: date) -> Calendar:
    known = packaged().calendar
    return known.but(version="cn-2026-2", days_off={**known.days_off, **dict.fromkeys(days_off, "Extra Day")})


def wanting(play: Play) -> Play:
    play.case = play.case.but(calendar_wanted="cn-2026-2")  # as it stands until the calendar has come
    return play


def test_a_new_calendar_counts_what_runs_anew_and_is_on_record() -> None:
    play = wanting(asked())
    case = reprojected(play.case, calendar(date(2026, 11, 25), date(2026, 11, 26)), play.now)
    assert running(case, LimitName.RESOLVE).due_at == beijing("2026-12-05 00:00")
    assert (case.timeline[-1].event, case.timeline[-1].rule) == ("calendar_applied", "R7.6")
    assert (case.calendar.version, case.calendar_wanted) == ("cn-2026-2", None)
    assert view_of(case).clock.calendar_version == "cn-2026-2"


def test_a_calendar_that_is_not_on_record_changes_nothing() -> None:
    play = wanting(asked())
    case = reprojected(play.case, None, play.now)
    assert deadlines(case) == deadlines(play.case)
    assert (case.timeline[-1].event, case.calendar, case.calendar_wanted) == (
        "calendar_unknown",
        play.case.calendar,
        None,
    )


def test_a_new_calendar_cannot_undo_a_breach() -> None:
    play = asked()
    passes(play, 3 * DAY)
    missed = due_at(play, LimitName.STEP_IN)
    assert view_of(play.case).overdue
    case = reprojected(wanting(play).case, calendar(date(2026, 11, 25), date(2026, 11, 26)), play.now)
    assert running(case, LimitName.STEP_IN).due_at == missed
    assert view_of(case).overdue
    assert broken(case) == ()
    told = next(one for one in explained(case) if one.name is LimitName.STEP_IN)
    assert told.explanation.due_at == missed
    assert len(told.explanation.counted) == 2  # by the calendar that it was missed by


def test_what_was_due_by_the_old_calendar_has_passed_first() -> None:
    play = wanting(asked())
    late = play.now + 3 * DAY  # nobody has looked at the clock since
    case = reprojected(play.case, calendar(date(2026, 11, 25), date(2026, 11, 26)), late)
    assert case.timeline[-1].event == "calendar_applied"
    assert "duty_missed" in {step.event for step in case.timeline}


def test_a_deadline_that_ended_by_the_old_calendar_is_explained_as_it_was() -> None:
    play = asked()
    hears(play, "noted", Role.AGENT, "a-1", text="已联系")
    met = next(one for one in play.case.ended if one.name is LimitName.STEP_IN)
    case = reprojected(wanting(play).case, calendar(date(2026, 11, 24)), play.now)
    told = next(one for one in explained(case) if one.name is LimitName.STEP_IN)
    assert told.explanation.due_at == met.due_at
    assert told.explanation.counted == (date(2026, 11, 24), date(2026, 11, 25))
    assert told.explanation.skipped == ()


def test_a_deadline_that_ends_by_the_new_calendar_is_explained_by_it_whatever_comes_after() -> None:
    play = wanting(asked())
    play.case = reprojected(play.case, calendar(date(2026, 11, 24)), play.now)
    hears(play, "noted", Role.AGENT, "a-1", text="已联系")
    newest = calendar().but(version="cn-2026-3")
    case = reprojected(play.case, newest, play.now)
    told = next(one for one in explained(case) if one.name is LimitName.STEP_IN)
    assert [skipped.name for skipped in told.explanation.skipped] == ["Extra Day"]
    assert [one.version for one in case.calendars_before] == [packaged().calendar.version, "cn-2026-2"]


def test_a_calendar_that_comes_after_the_end_comes_too_late() -> None:
    play = wanting(asked())
    hears(play, "withdrawn", Role.BUYER, "b-lihua", reason="")
    case = reprojected(play.case, calendar(), play.now)
    assert case.timeline == play.case.timeline
    assert case.calendar == play.case.calendar


def test_the_calendar_of_the_complaint_is_not_asked_for_again() -> None:
    play = asked()
    body = {"calendar_version": play.case.calendar.version, "reason": "?"}
    answer = refused(play, "calendar_reprojected", Role.OPERATIONS_MANAGER, "o-1", **body)
    assert (answer.code, answer.rule) == (Code.ALREADY_DONE, "R7.6")
