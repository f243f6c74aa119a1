from datetime import UTC, datetime, time, timedelta

import pytest
from pydantic import ValidationError

from workflows.policy.loading import packaged
from workflows.time.limits import LATEST, Length, ServiceHours, Stop, StopReason, due, explain, share_of
from workflows.values import BEIJING, Value

CHINA = packaged().calendar
HOURS = ServiceHours(opens=time(8, 30), closes=time(23))


def at(text: str) -> datetime:
    """Read a Beijing time such as `2026-09-30 23:59`."""
    return datetime.fromisoformat(f"{text}+08:00")


def stop(since: str, until: str | None, reason: StopReason = StopReason.WAITING_BUYER) -> Stop:
    return Stop(since=at(since), until=at(until) if until else None, reason=reason)


def ends(start: str, length: str, *stops: Stop) -> str | None:
    """Say when a limit ends, in Beijing time; `24:00` of a day is written as 00:00 of the next."""
    instant = due(at(start), Length.parse(length), CHINA, HOURS, stops)
    return None if instant is None else f"{instant.astimezone(BEIJING):%Y-%m-%d %H:%M}"


class Holder(Value):
    length: Length


@pytest.mark.parametrize("text", ["48h", "7d", "2wd", "30sm", "1h", "9999wd"])
def test_a_length_is_read_and_written_the_same(text: str) -> None:
    holder = Holder.model_validate_json(f'{{"length": "{text}"}}')

    assert holder.length == Length.parse(text)
    assert str(holder.length) == text
    assert holder.model_dump_json() == f'{{"length":"{text}"}}'
    assert Holder.model_validate(holder.model_dump()) == holder


@pytest.mark.parametrize(
    "text", ["", "0h", "-1h", "2", "wd", "2 wd", "2WD", "10000d", "1.5h", "2w", "٣h", "2wd\n", "1" * 50]
)
def test_what_is_no_length_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length such as 48h, 7d, 2wd or 30sm"):
        Length.parse(text)


def test_working_days_have_no_running_time() -> None:
    assert Length.parse("7d").elapsed == timedelta(days=7)
    with pytest.raises(ValueError, match="counts working days"):
        _ = Length.parse("2wd").elapsed


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        # an ordinary week: the date of the start never counts, the limit ends at 24:00 of the n-th working day after it
        ("2026-11-23 09:00", "1wd", "2026-11-25 00:00"),
        ("2026-11-23 00:00", "1wd", "2026-11-25 00:00"),
        ("2026-11-23 23:59", "1wd", "2026-11-25 00:00"),
        ("2026-11-24 00:00", "1wd", "2026-11-26 00:00"),
        ("2026-11-26 10:00", "2wd", "2026-12-01 00:00"),
        ("2026-11-20 10:00", "1wd", "2026-11-24 00:00"),
        ("2026-11-21 10:00", "1wd", "2026-11-24 00:00"),
        ("2026-11-23 10:00", "7wd", "2026-12-03 00:00"),
        # National Day 2026: off from Thursday 1 to Wednesday 7 October, Saturday 10 October is worked
        ("2026-09-30 23:59", "1wd", "2026-10-09 00:00"),
        ("2026-09-30 23:59", "2wd", "2026-10-10 00:00"),
        ("2026-09-30 23:59", "3wd", "2026-10-11 00:00"),
        ("2026-09-30 23:59", "4wd", "2026-10-13 00:00"),
        ("2026-10-01 00:00", "1wd", "2026-10-09 00:00"),
        ("2026-10-03 15:00", "1wd", "2026-10-09 00:00"),
        ("2026-10-07 23:59", "1wd", "2026-10-09 00:00"),
        # a make-up Sunday (20 September 2026) is worked; filed on a worked Saturday, that date does not count
        ("2026-09-18 10:00", "1wd", "2026-09-21 00:00"),
        ("2026-10-10 10:00", "1wd", "2026-10-13 00:00"),
        # Spring Festival 2026: off from Sunday 15 to Monday 23 February, Saturdays 14 and 28 are worked
        ("2026-02-13 12:00", "1wd", "2026-02-15 00:00"),
        ("2026-02-13 12:00", "2wd", "2026-02-25 00:00"),
        ("2026-02-14 23:59", "1wd", "2026-02-25 00:00"),
        ("2026-02-17 09:00", "5wd", "2026-03-01 00:00"),
        # Spring Festival 2020 as it was lengthened
        ("2020-01-23 09:00", "1wd", "2020-02-04 00:00"),
        # National Day and Mid-autumn together, 2025
        ("2025-09-30 18:00", "2wd", "2025-10-11 00:00"),
        ("2025-09-30 18:00", "3wd", "2025-10-12 00:00"),
        # year ends; the first date without a published calendar is 1 January 2027
        ("2025-12-31 23:59", "1wd", "2026-01-05 00:00"),
        ("2026-12-30 10:00", "1wd", "2027-01-01 00:00"),
        ("2026-12-31 10:00", "1wd", "2027-01-05 00:00"),
        ("2027-12-31 10:00", "1wd", "2028-01-04 00:00"),
        # elapsed time knows no nights, weekends or holidays
        ("2026-09-30 23:59", "48h", "2026-10-02 23:59"),
        ("2026-02-13 12:00", "7d", "2026-02-20 12:00"),
        # service minutes run from 08:30 to 23:00 on every day
        ("2026-10-01 08:30", "30sm", "2026-10-01 09:00"),
        ("2026-10-01 08:29", "30sm", "2026-10-01 09:00"),
        ("2026-10-01 22:30", "30sm", "2026-10-01 23:00"),
        ("2026-10-01 22:45", "30sm", "2026-10-02 08:45"),
        ("2026-10-01 23:00", "30sm", "2026-10-02 09:00"),
        ("2026-10-01 23:59", "30sm", "2026-10-02 09:00"),
        ("2026-10-02 00:00", "30sm", "2026-10-02 09:00"),
        ("2026-12-31 23:30", "30sm", "2027-01-01 09:00"),
        ("2026-10-01 08:30", "870sm", "2026-10-01 23:00"),
        ("2026-10-01 08:30", "871sm", "2026-10-02 08:31"),
        ("2026-10-01 12:00", "1740sm", "2026-10-03 12:00"),
    ],
)
def test_limits_end_when_the_rulebook_says(start: str, length: str, expected: str) -> None:
    assert ends(start, length) == expected


@pytest.mark.parametrize(
    ("start", "length", "stops", "expected"),
    [
        # elapsed time moves by the length of a stop; overlapping, nested, touching and repeated ones count once
        ("2026-11-23 10:00", "24h", [("2026-11-23 12:00", "2026-11-23 15:00")], "2026-11-24 13:00"),
        (
            "2026-11-23 10:00",
            "24h",
            [("2026-11-23 12:00", "2026-11-23 15:00"), ("2026-11-23 14:00", "2026-11-23 16:00")],
            "2026-11-24 14:00",
        ),
        (
            "2026-11-23 10:00",
            "24h",
            [("2026-11-23 14:00", "2026-11-23 15:00"), ("2026-11-23 12:00", "2026-11-23 16:00")],
            "2026-11-24 14:00",
        ),
        (
            "2026-11-23 10:00",
            "24h",
            [("2026-11-23 13:00", "2026-11-23 15:00"), ("2026-11-23 12:00", "2026-11-23 13:00")],
            "2026-11-24 13:00",
        ),
        ("2026-11-23 10:00", "24h", [("2026-11-23 12:00", "2026-11-23 15:00")] * 3, "2026-11-24 13:00"),
        # a stop behind the first due instant, but before the moved one
        (
            "2026-11-23 10:00",
            "24h",
            [("2026-11-23 12:00", "2026-11-23 15:00"), ("2026-11-24 12:00", "2026-11-24 14:00")],
            "2026-11-24 15:00",
        ),
        # only what lies behind the start counts
        ("2026-11-23 10:00", "24h", [("2026-11-20 10:00", "2026-11-23 09:00")], "2026-11-24 10:00"),
        ("2026-11-23 10:00", "24h", [("2026-11-20 10:00", "2026-11-23 11:00")], "2026-11-24 11:00"),
        # a stop cannot undo a breach
        ("2026-11-23 10:00", "24h", [("2026-11-24 10:00", "2026-11-26 10:00")], "2026-11-24 10:00"),
        ("2026-11-23 10:00", "24h", [("2026-11-24 10:01", None)], "2026-11-24 10:00"),
        ("2026-11-23 10:00", "1wd", [("2026-11-25 00:00", "2026-11-28 00:00")], "2026-11-25 00:00"),
        # an open stop: no due instant now
        ("2026-11-23 10:00", "24h", [("2026-11-23 12:00", None)], None),
        ("2026-11-23 10:00", "2wd", [("2026-11-23 12:00", None)], None),
        ("2026-11-23 10:00", "30sm", [("2026-11-23 10:10", None)], None),
        ("2026-11-23 10:00", "24h", [("2026-11-23 12:00", None), ("2026-11-23 11:00", "2026-11-23 13:00")], None),
        # a working day counts only if the clock runs at its end
        ("2026-11-23 10:00", "1wd", [("2026-11-24 09:00", "2026-11-24 23:59")], "2026-11-25 00:00"),
        ("2026-11-23 10:00", "1wd", [("2026-11-24 09:00", "2026-11-25 00:00")], "2026-11-25 00:00"),
        ("2026-11-23 10:00", "1wd", [("2026-11-24 09:00", "2026-11-25 00:01")], "2026-11-26 00:00"),
        ("2026-11-23 10:00", "1wd", [("2026-11-24 23:59", "2026-11-26 12:00")], "2026-11-27 00:00"),
        ("2026-11-23 10:00", "1wd", [("2026-11-24 12:00", "2026-11-26 00:00")], "2026-11-26 00:00"),
        ("2026-11-26 10:00", "2wd", [("2026-11-27 12:00", "2026-11-30 12:00")], "2026-12-02 00:00"),
        # two stops that meet at 24:00 are one, and the day does not count
        (
            "2026-11-23 10:00",
            "1wd",
            [("2026-11-24 20:00", "2026-11-25 00:00"), ("2026-11-25 00:00", "2026-11-25 01:00")],
            "2026-11-26 00:00",
        ),
        # service minutes: a stop by night costs nothing
        ("2026-11-23 22:45", "30sm", [("2026-11-23 23:00", "2026-11-24 08:30")], "2026-11-24 08:45"),
        ("2026-11-23 22:45", "30sm", [("2026-11-23 22:50", "2026-11-24 09:00")], "2026-11-24 09:25"),
    ],
)
def test_stops_move_a_limit(start: str, length: str, stops: list[tuple[str, str | None]], expected: str | None) -> None:
    assert ends(start, length, *(stop(*span) for span in stops)) == expected


def test_a_due_instant_is_utc_whatever_the_start_was_given_in() -> None:
    for length in ("2wd", "48h", "30sm"):
        instant = due(at("2026-11-23 10:00"), Length.parse(length), CHINA, HOURS)
        assert instant is not None
        assert instant.tzinfo is UTC


@pytest.mark.parametrize("length", ["9999wd", "9999d", "9999h", "9999sm"])
def test_absurd_instants_and_stops_end_and_never_raise(length: str) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    long_stop = Stop(since=first, until=last - timedelta(days=1), reason=StopReason.HOLD)
    for moment in (first, datetime(9999, 11, 30, tzinfo=UTC), last):
        for stops in ([], [long_stop]):
            told = explain(moment, Length.parse(length), CHINA, HOURS, stops)
            assert told.due_at is not None
            assert moment <= told.due_at <= max(LATEST, moment)
            assert len(told.counted) + len(told.skipped) <= 3660


def test_eighty_percent_of_a_limit_is_eighty_percent_of_its_span() -> None:
    assert share_of(at("2026-11-23 10:00"), at("2026-11-25 12:00"), 80) == at("2026-11-25 02:00")
    assert share_of(at("2026-11-23 10:00"), at("2026-11-23 10:00"), 80) == at("2026-11-23 10:00")


def test_service_hours_say_when_they_open_next() -> None:
    assert HOURS.next_open(at("2026-11-23 08:30")) == at("2026-11-23 08:30")
    assert HOURS.next_open(at("2026-11-23 22:59")) == at("2026-11-23 22:59")
    assert HOURS.next_open(at("2026-11-23 23:00")) == at("2026-11-24 08:30")
    assert HOURS.next_open(at("2026-11-23 00:10")) == at("2026-11-23 08:30")


def test_hours_and_stops_that_run_backwards_are_refused() -> None:
    with pytest.raises(ValidationError, match="opens must be before closes"):
        ServiceHours(opens=time(23), closes=time(8, 30))
    with pytest.raises(ValidationError, match="without an offset"):
        ServiceHours(opens=time(8, 30, tzinfo=UTC), closes=time(23, tzinfo=UTC))
    with pytest.raises(ValidationError, match="cannot end before it began"):
        stop("2026-11-23 10:00", "2026-11-23 09:00")
