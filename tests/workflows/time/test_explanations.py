from datetime import date, datetime, time

from workflows.policy.loading import packaged
from workflows.time.limits import LATEST, Explanation, Length, ServiceHours, Stop, StopReason, explain
from workflows.time.wording import due_in_words, in_words, instant_in_words

HOURS = ServiceHours(opens=time(8, 30), closes=time(23))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def explained(start: str, length: str, *stops: Stop) -> Explanation:
    return explain(at(start), Length.parse(length), packaged().calendar, HOURS, stops)


def test_every_day_is_counted_or_skipped_with_its_name() -> None:
    told = explained("2026-09-30 23:59", "3wd")

    assert told.counted == (date(2026, 10, 8), date(2026, 10, 9), date(2026, 10, 10))
    assert [(named.day.day, named.name) for named in told.skipped] == [
        (1, "National Day"),
        (2, "National Day"),
        (3, "Saturday"),
        (4, "Sunday"),
        (5, "National Day"),
        (6, "National Day"),
        (7, "National Day"),
    ]
    assert [(named.day.day, named.name) for named in told.worked_weekends] == [(10, "make-up workday (National Day)")]
    assert told.due_at == at("2026-10-11 00:00")
    assert not told.provisional


def test_an_explanation_is_told_in_words() -> None:
    waited = Stop(since=at("2026-10-09 10:00"), until=at("2026-10-10 08:00"), reason=StopReason.WAITING_BUYER)

    assert in_words(explained("2026-10-07 23:59", "2wd", waited)) == (
        "starts Wednesday 2026-10-07 23:59, lasts 2 working days, the date of the start never counts",
        "Thursday 2026-10-08: working day 1 of 2",
        "Friday 2026-10-09: skipped, the clock stood at its end",
        "Saturday 2026-10-10: working day 2 of 2, make-up workday (National Day)",
        "the clock stood from Friday 2026-10-09 10:00 to Saturday 2026-10-10 08:00: waiting for buyer",
        "due Saturday 2026-10-10 24:00",
    )


def test_the_first_date_without_a_published_calendar_is_marked_provisional() -> None:
    assert not explained("2026-12-30 10:00", "1wd").provisional

    told = explained("2026-12-31 10:00", "1wd")

    assert told.provisional
    assert in_words(told) == (
        "starts Thursday 2026-12-31 10:00, lasts 1 working day, the date of the start never counts",
        "Friday 2027-01-01: skipped, New Year's Day",
        "Saturday 2027-01-02: skipped",
        "Sunday 2027-01-03: skipped",
        "Monday 2027-01-04: working day 1 of 1",
        "due Monday 2027-01-04 24:00",
        "provisional: the calendar for some of these days is not published yet",
    )


def test_elapsed_time_needs_no_days_and_no_calendar() -> None:
    told = explained("2026-12-31 10:00", "48h")

    assert (told.counted, told.skipped, told.provisional) == ((), (), False)
    assert in_words(told) == ("starts Thursday 2026-12-31 10:00, lasts 48 hours", "due Saturday 2027-01-02 10:00")
    assert (
        in_words(explained("2026-12-31 10:00", "1sm"))[0] == "starts Thursday 2026-12-31 10:00, lasts 1 service minute"
    )


def test_while_the_clock_stands_there_is_no_due_time_but_what_counted_so_far() -> None:
    hold = Stop(since=at("2026-11-26 10:00"), reason=StopReason.HOLD)

    told = explained("2026-11-23 10:00", "7wd", hold)

    assert told.counted == (date(2026, 11, 24), date(2026, 11, 25))
    assert told.due_at is None
    assert in_words(told)[-2:] == (
        "the clock stood from Thursday 2026-11-26 10:00 to now: hold",
        "no due time while the clock stands",
    )


def test_stops_outside_the_span_are_not_told() -> None:
    before = Stop(since=at("2026-11-20 10:00"), until=at("2026-11-21 10:00"), reason=StopReason.HOLD)
    behind = Stop(since=at("2026-11-30 10:00"), reason=StopReason.HOLD)

    assert explained("2026-11-23 10:00", "48h", before, behind).stops == ()
    assert explained("2026-11-23 10:00", "2wd", before, behind).stops == ()


def test_an_explanation_survives_the_wire() -> None:
    told = explained("2026-09-30 23:59", "3wd")

    assert Explanation.model_validate_json(told.model_dump_json()) == told


def test_midnight_is_the_end_of_a_day_for_a_deadline_and_the_start_of_one_for_all_else() -> None:
    assert due_in_words(at("2026-11-25 00:00")) == "Tuesday 2026-11-24 24:00"
    assert due_in_words(at("2026-11-25 00:01")) == "Wednesday 2026-11-25 00:01"
    assert instant_in_words(at("2026-11-25 00:00")) == "Wednesday 2026-11-25 00:00"
    assert due_in_words(LATEST) == "never"
