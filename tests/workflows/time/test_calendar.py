import subprocess
import sys
from datetime import date, datetime, time, timedelta

import chinese_calendar  # type: ignore[import-untyped]
import holidays
import pytest
from pydantic import ValidationError

from tests import ROOT
from workflows.policy.loading import packaged
from workflows.time.calendar import Calendar
from workflows.time.limits import Length, due, end_of
from workflows.values import BEIJING

CHINA = packaged().calendar


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def a_calendar(**changes: object) -> Calendar:
    facts: dict[str, object] = {
        "version": "test-1",
        "covers_from": date(2026, 1, 1),
        "published_to": date(2026, 12, 31),
        "covers_to": date(2027, 12, 31),
        "days_off": {date(2026, 10, 1): "National Day", date(2027, 1, 1): "New Year's Day"},
        "make_up_days": {date(2026, 10, 10): "National Day"},
    }
    return Calendar.model_validate(facts | changes)


def test_working_days_are_those_of_an_independent_library_on_every_day_from_2018_to_2026() -> None:
    every_day = days(date(2018, 1, 1), date(2026, 12, 31))

    ours = {day: CHINA.working(day) for day in every_day}

    assert ours == {day: chinese_calendar.is_workday(day) for day in every_day}
    assert len(every_day) == 3287


def test_they_are_those_of_a_second_library_as_well_from_which_no_published_day_was_taken() -> None:
    every_day = days(date(2018, 1, 1), date(2026, 12, 31))
    theirs = holidays.country_holidays("CN", years=range(2018, 2027))

    assert {day: CHINA.working(day) for day in every_day} == {day: theirs.is_working_day(day) for day in every_day}


@pytest.mark.parametrize("number", [1, 2, 5, 7])
def test_limits_from_every_day_of_2018_to_2026_end_on_the_working_day_that_a_second_library_counts(number: int) -> None:
    theirs = holidays.country_holidays("CN", years=range(2018, 2028))
    hours = packaged().policy.service_hours
    wrong = {}
    for day in days(date(2018, 1, 1), date(2026, 12, 10)):
        filed = datetime.combine(day, time(23, 59), BEIJING)
        ends = due(filed, Length.parse(f"{number}wd"), CHINA, hours)
        if ends != end_of(theirs.get_nth_working_day(day, number)):
            wrong[day] = ends
    assert wrong == {}


def test_the_published_years_end_in_2026_and_the_year_after_is_provisional() -> None:
    assert not CHINA.provisional(date(2018, 1, 1))
    assert not CHINA.provisional(date(2026, 12, 31))
    assert CHINA.provisional(date(2027, 1, 1))
    assert CHINA.provisional(date(2017, 12, 31))


def test_behind_its_coverage_the_calendar_knows_weekdays_only() -> None:
    new_year_2029 = date(2029, 1, 1)

    assert new_year_2029.weekday() == 0
    assert CHINA.working(new_year_2029)
    assert CHINA.provisional(new_year_2029)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 9, 30), None),
        (date(2026, 10, 1), "National Day"),
        (date(2026, 10, 3), "Saturday"),
        (date(2026, 10, 4), "Sunday"),
        (date(2026, 10, 10), "make-up workday (National Day)"),
        (date(2025, 10, 6), "Mid-autumn Festival"),
        (date(2027, 2, 8), "Spring Festival"),
    ],
)
def test_every_day_out_of_the_ordinary_has_a_name(day: date, name: str | None) -> None:
    assert CHINA.name_of(day) == name


def test_the_part_pinned_into_a_complaint_is_small_and_says_the_same_from_its_day_on() -> None:
    filed = date(2026, 9, 22)

    pinned = CHINA.since(filed)

    for day in days(filed, date(2029, 12, 31)):
        assert pinned.working(day) == CHINA.working(day)
        assert pinned.name_of(day) == CHINA.name_of(day)
        assert pinned.provisional(day) == CHINA.provisional(day)
    assert pinned.version == CHINA.version
    assert len(pinned.model_dump_json()) < 1500
    assert Calendar.model_validate_json(pinned.model_dump_json()) == pinned


@pytest.mark.parametrize("filed", [date(2017, 1, 1), date(2027, 6, 1), date(2035, 1, 1)])
def test_a_part_from_outside_the_published_years_is_still_a_calendar(filed: date) -> None:
    pinned = CHINA.since(filed)

    assert Calendar.model_validate_json(pinned.model_dump_json()) == pinned
    assert all(pinned.working(day) == CHINA.working(day) for day in days(filed, filed + timedelta(days=400)))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"published_to": date(2028, 1, 1)}, "must follow one another"),
        ({"covers_from": date(2027, 1, 1)}, "must follow one another"),
        ({"days_off": {date(2026, 10, 3): "National Day"}}, "a Saturday; list Mondays to Fridays only"),
        ({"days_off": {date(2028, 1, 3): "New Year's Day"}}, "outside covers_from and covers_to"),
        ({"make_up_days": {date(2026, 10, 9): "National Day"}}, "no Saturday or Sunday"),
        ({"make_up_days": {date(2025, 10, 11): "National Day"}}, "outside covers_from and covers_to"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(changes: dict[str, object], fault: str) -> None:
    a_calendar()

    with pytest.raises(ValidationError, match=fault):
        a_calendar(**changes)


def test_the_packaged_calendar_is_what_its_builder_builds() -> None:
    builder = ROOT / "deploy" / "calendar" / "build_calendar.py"

    built = subprocess.run([sys.executable, str(builder)], capture_output=True, text=True, check=True)  # noqa: S603

    assert built.stdout == (ROOT / "workflows" / "policy" / "calendar.toml").read_text(encoding="utf-8")
