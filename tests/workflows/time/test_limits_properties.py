"""Laws of the time arithmetic, over random starts, lengths and stops."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.policy.loading import packaged
from workflows.time.limits import Length, ServiceHours, Stop, StopReason, due, explain, share_of
from workflows.values import BEIJING

CHINA = packaged().calendar
HOURS = ServiceHours(opens=time(8, 30), closes=time(23))
MINUTE = timedelta(minutes=1)
EPOCH = datetime(2026, 9, 1, tzinfo=UTC)

unhurried = settings(deadline=None)  # a busy machine is no fault

minutes = st.integers(0, 60 * 24 * 180)
starts = minutes.map(lambda number: EPOCH + number * MINUTE)
units = st.sampled_from(["h", "d", "wd", "sm"])
numbers = st.integers(1, 60)
lengths = st.builds(lambda number, unit: Length(number=number, unit=unit), numbers, units)
closed_stops = st.builds(
    lambda since, lasts, reason: Stop(since=since, until=since + lasts * MINUTE, reason=reason),
    starts,
    st.integers(0, 60 * 24 * 12),
    st.sampled_from(StopReason),
)
open_stops = st.builds(lambda since: Stop(since=since, reason=StopReason.HOLD), starts)
some_stops = st.lists(closed_stops, max_size=5)


def ends(start: datetime, length: Length, stops: list[Stop]) -> datetime:
    instant = due(start, length, CHINA, HOURS, stops)
    assert instant is not None
    return instant


def stands(at: datetime, stops: list[Stop]) -> bool:
    return any(stop.since <= at < (stop.until or at + MINUTE) for stop in stops)


@unhurried
@given(starts, minutes, lengths, some_stops)
def test_who_starts_later_is_never_due_earlier(start: datetime, later: int, length: Length, stops: list[Stop]) -> None:
    assert ends(start, length, stops) <= ends(start + later * MINUTE, length, stops)


@unhurried
@given(starts, numbers, numbers, units, some_stops)
def test_a_longer_limit_never_ends_earlier(start: datetime, one: int, other: int, unit: str, stops: list[Stop]) -> None:
    short, long = (Length.parse(f"{number}{unit}") for number in sorted((one, other)))

    assert start < ends(start, short, stops) <= ends(start, long, stops)


@unhurried
@given(starts, lengths, some_stops, closed_stops)
def test_one_stop_more_never_makes_a_limit_end_earlier(
    start: datetime, length: Length, stops: list[Stop], more: Stop
) -> None:
    assert ends(start, length, stops) <= ends(start, length, [*stops, more])


@unhurried
@given(starts, lengths, some_stops, closed_stops)
def test_a_stop_behind_the_due_instant_changes_nothing(
    start: datetime, length: Length, stops: list[Stop], more: Stop
) -> None:
    due_at = ends(start, length, stops)
    late = Stop(since=max(more.since, due_at), reason=StopReason.WAITING_SELLER)

    assert due(start, length, CHINA, HOURS, [*stops, late]) == due_at


@unhurried
@given(starts, lengths, some_stops, open_stops, starts)
def test_an_open_stop_that_ends_only_moves_the_limit_on(
    start: datetime, length: Length, stops: list[Stop], standing: Stop, end: datetime
) -> None:
    while_open = due(start, length, CHINA, HOURS, [*stops, standing])
    ended = standing.but(until=max(end, standing.since))

    if while_open is not None:
        assert ends(start, length, [*stops, ended]) == while_open
    else:
        assert ends(start, length, [*stops, ended]) >= ends(start, length, stops)


@unhurried
@given(starts, lengths, some_stops, st.randoms())
def test_the_order_of_the_stops_does_not_matter(
    start: datetime, length: Length, stops: list[Stop], random: object
) -> None:
    shuffled = sorted(stops, key=lambda _: random.random())  # type: ignore[attr-defined]

    assert ends(start, length, shuffled) == ends(start, length, stops + stops)


@unhurried
@given(starts, lengths, some_stops, st.integers(1, 99))
def test_a_share_of_a_limit_lies_between_its_start_and_its_end(
    start: datetime, length: Length, stops: list[Stop], percent: int
) -> None:
    due_at = ends(start, length, stops)

    assert start < share_of(start, due_at, percent) < due_at
    assert share_of(start, due_at, 100) == due_at


@unhurried
@given(starts, st.integers(1, 90), some_stops)
def test_working_days_are_those_counted_one_by_one(start: datetime, number: int, stops: list[Stop]) -> None:
    day, left = start.astimezone(BEIJING).date(), number
    while left:
        day += timedelta(days=1)
        midnight = datetime.combine(day + timedelta(days=1), time(), BEIJING)
        running = not (stands(midnight, stops) and stands(midnight - timedelta(microseconds=1), stops))
        left -= CHINA.working(day) and running

    assert ends(start, Length(number=number, unit="wd"), stops) == midnight


@unhurried
@given(starts, st.integers(1, 900), some_stops)
def test_service_minutes_are_those_counted_one_by_one(start: datetime, number: int, stops: list[Stop]) -> None:
    at, left = start, number
    while left:
        serving = HOURS.opens <= at.astimezone(BEIJING).time() < HOURS.closes
        left -= serving and not stands(at, stops)
        at += MINUTE

    assert ends(start, Length(number=number, unit="sm"), stops) == at


@unhurried
@given(starts, st.integers(1, 72), some_stops)
def test_elapsed_hours_are_those_counted_minute_by_minute(start: datetime, number: int, stops: list[Stop]) -> None:
    at, left = start, number * 60
    while left:
        left -= not stands(at, stops)
        at += MINUTE

    assert ends(start, Length(number=number, unit="h"), stops) == at


@unhurried
@given(starts, st.integers(1, 90), st.lists(closed_stops | open_stops, max_size=4))
def test_an_explanation_accounts_for_every_day_of_the_span_once(
    start: datetime, number: int, stops: list[Stop]
) -> None:
    told = explain(start, Length(number=number, unit="wd"), CHINA, HOURS, stops)

    days = sorted([*told.counted, *(named.day for named in told.skipped)])
    first = start.astimezone(BEIJING).date() + timedelta(days=1)
    assert days == [first + timedelta(days=index) for index in range(len(days))]
    if told.due_at is not None:
        assert len(told.counted) == number
        assert told.counted[-1] == days[-1] == (told.due_at.astimezone(BEIJING) - MINUTE).date()
    else:
        assert len(told.counted) < number
