"""Every story holds, on the rules alone, whenever it is filed."""

from datetime import UTC, date, datetime, time

import pytest

from starter.demo.stories import FOR_THE_DEMO, Story, faults
from starter.demo.stories.holding import first_missing
from starter.demo.tour import paced
from tests.stories import BY_NAME, STORIES
from tests.workflows.complaint.playing import play
from workflows.complaint.rules.deadlines import deadlines
from workflows.complaint.views.view import view_of
from workflows.values import BEIJING

HARD_DAYS = {
    "a Monday morning": datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
    "a minute before midnight on a Friday": datetime(2026, 11, 27, 15, 59, tzinfo=UTC),
    "a working Saturday before Spring Festival": datetime(2026, 2, 14, 10, 0, tzinfo=UTC),
    "the eve of National Day": datetime(2026, 9, 30, 9, 0, tzinfo=UTC),
    "a holiday, at night": datetime(2026, 10, 3, 18, 30, tzinfo=UTC),
    "the last day of the year": datetime(2026, 12, 31, 15, 0, tzinfo=UTC),
    "a year without a calendar": datetime(2029, 3, 1, 1, 0, tzinfo=UTC),
}


@pytest.mark.parametrize("filed_at", HARD_DAYS.values(), ids=HARD_DAYS)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_holds_on_any_day(story: Story, filed_at: datetime) -> None:
    told = play(story, filed_at)
    assert faults(story, told.case.timeline, view_of(told.case)) == ()
    assert first_missing(story.ends.told, told.told) is None, told.told
    assert told.case.closed == (story.ends.outcome is not None)
    assert told.case.closed or deadlines(told.case)


@pytest.mark.parametrize("day", [date(2027, 2, 28), date(2027, 10, 3), date(2028, 2, 29)], ids=str)
def test_the_tour_holds_at_every_hour_of_a_day(day: date) -> None:
    for hour in range(24):
        filed_at = datetime.combine(day, time(hour, 59), BEIJING)
        for story in map(paced, FOR_THE_DEMO):
            told = play(story, filed_at)
            assert faults(story, told.case.timeline, view_of(told.case)) == (), f"{story.name} at {filed_at}"


def test_an_unfounded_review_is_sent_to_the_buyer_alone() -> None:
    told = play(BY_NAME["found_unfounded_and_left_at_that"]).told
    assert "ruling_sent buyer" in told
    assert "ruling_sent seller" not in told


def test_a_story_that_does_not_hold_says_what_is_amiss() -> None:
    told = play(STORIES[0])
    view = view_of(told.case)
    assert len(faults(STORIES[1], told.case.timeline, view)) == 2
    assert any("outcome" in fault for fault in faults(STORIES[0], told.case.timeline, view.but(outcome=None)))
    assert any("gap" in fault for fault in faults(STORIES[0], told.case.timeline[:-1], view))
    assert first_missing(("closed buyer", "filed buyer"), told.told) == "filed buyer"
