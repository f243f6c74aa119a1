"""How long a limit lasts: elapsed time, working days, service minutes, and what stops them (process.md, Units)."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field, model_serializer, model_validator

from workflows.time.calendar import Calendar
from workflows.values import BEIJING, Instant, Value

LATEST = datetime(9999, 12, 1, tzinfo=UTC)
"""No limit ends later: the last weeks datetime can hold are left free, so that no arithmetic here overflows."""

_FOREVER = datetime.max.replace(tzinfo=UTC)
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_LENGTH = re.compile(r"([1-9][0-9]{0,3})(h|d|wd|sm)")

_MOST_DAYS = 3660
_STOOD = "the clock stood at its end"

Unit = Literal["h", "d", "wd", "sm"]


class Length(Value):
    """How long a limit lasts, written `48h`, `7d`, `2wd` or `30sm`, at most 9,999 of a unit.

    `h` and `d` (24 h) are elapsed time, `wd` working days, `sm` service minutes.
    """

    number: Annotated[int, Field(ge=1, le=9999)]
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `48h`, `7d`, `2wd`, `30sm`; raises ValueError naming what was given."""
        return cls.model_validate(_parts(text))

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return _parts(given) if isinstance(given, str) else given

    @model_serializer
    def __str__(self) -> str:
        return f"{self.number}{self.unit}"

    @property
    def elapsed(self) -> timedelta:
        """The running time it takes: of the clock for h and d, of service hours for sm. A wd limit has none."""
        if self.unit == "wd":
            raise ValueError(f"{self} counts working days, not running time")
        hours, minutes = {"h": (1, 0), "d": (24, 0), "sm": (0, 1)}[self.unit]
        return self.number * timedelta(hours=hours, minutes=minutes)


def _parts(text: str) -> dict[str, Any]:
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a length such as 48h, 7d, 2wd or 30sm (1 to 9999 of a unit)")
    return {"number": int(match.group(1)), "unit": match.group(2)}


class ServiceHours(Value):
    """The hours of every day in which people serve, Beijing time (S3); `closes` itself lies outside."""

    opens: time
    closes: time

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("opens and closes are Beijing times of day, without an offset")
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes, on the same day")
        return self

    def next_open(self, instant: datetime) -> datetime:
        """Return the instant itself inside the hours, else the next opening."""
        local = instant.astimezone(BEIJING)
        if self.opens <= local.time() < self.closes:
            return instant
        day = local.date() if local.time() < self.opens else local.date() + _DAY
        return _beijing(day, self.opens)

    def closing(self, instant: datetime) -> datetime:
        """Return the closing of the Beijing day of that instant."""
        return _beijing(instant.astimezone(BEIJING).date(), self.closes)


class StopReason(StrEnum):
    """Why a clock stands: the platform waits for somebody (R7.3), or an operations manager holds everything (R7.7)."""

    WAITING_BUYER = "waiting_buyer"
    WAITING_SELLER = "waiting_seller"
    WAITING_CARRIER = "waiting_carrier"
    HOLD = "hold"


class Stop(Value):
    """A stretch in which the clock stands; `until` is None while it still does."""

    since: Instant
    until: Instant | None = None
    reason: StopReason

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("a stop cannot end before it began")
        return self


class SkippedDay(Value):
    """A day with a name: out of the ordinary, or one on which the clock stood."""

    day: date
    name: str


class Explanation(Value):
    """Why a limit ends when it does (R7.5); the days are Beijing dates, listed for `wd` limits only."""

    start: Instant
    length: Length
    counted: tuple[date, ...] = ()
    worked_weekends: tuple[SkippedDay, ...] = ()
    skipped: tuple[SkippedDay, ...] = ()
    stops: tuple[Stop, ...] = ()
    due_at: Instant | None
    provisional: bool = False


class _Span(NamedTuple):
    since: datetime
    until: datetime


def due(
    start: datetime, length: Length, calendar: Calendar, hours: ServiceHours, stops: Sequence[Stop] = ()
) -> datetime | None:
    """Return the instant (UTC) at which the limit ends, or None while an open stop keeps it from having one (R7.3).

    A `wd` limit ends at 24:00 Beijing of its last working day, never counting the date of its start; a working day
    counts unless 24:00 of it lies inside a stop. Other limits end when the clock has run for their length outside stops
    (and for `sm` inside service hours). A limit never ends after LATEST, unless it starts there.
    """
    if start >= LATEST:
        return start.astimezone(UTC)
    spans = _union(stops)
    if length.unit == "wd":
        return _after_working_days(start, length.number, calendar, spans)
    return _after_running_time(start, length.elapsed, hours if length.unit == "sm" else None, spans)


def put_off(named_at: datetime, instant: datetime, stops: Sequence[Stop]) -> datetime | None:
    """Return an instant that somebody named, later by as long as the clock stood since; None while it stands open."""
    return _after_running_time(named_at, instant - named_at, None, _union(stops))


def share_of(start: datetime, due_at: datetime, percent: int) -> datetime:
    """Return the instant at which that percentage of the span from start to due is over."""
    return start + (due_at - start) * percent // 100


def end_of(day: date) -> datetime:
    """Return 24:00 Beijing of that day, in UTC."""
    return _beijing(day + _DAY, time())


def explain(
    start: datetime, length: Length, calendar: Calendar, hours: ServiceHours, stops: Sequence[Stop] = ()
) -> Explanation:
    """Return how `due` comes to its result: each day counted, each day skipped and why, the stops (R7.5).

    The days of the first ten years are listed; nobody reads further.
    """
    due_at = due(start, length, calendar, hours, stops)
    felt = (stop for stop in stops if stop.since < (due_at or LATEST) and start < (stop.until or LATEST))
    told = Explanation(start=start, length=length, stops=tuple(felt), due_at=due_at)
    if length.unit != "wd" or start >= LATEST:
        return told
    spans = _union(stops)
    days = list(islice(_days_until(start, due_at or spans[-1].since), _MOST_DAYS))
    working = [day for day in days if calendar.working(day)]
    stood = [day for day in working if _span_around(end_of(day), spans)]
    counted = tuple(sorted(set(working) - set(stood)))
    named = {day: name for day in days if (name := calendar.name_of(day)) is not None}
    skipped = {day: name for day, name in named.items() if not calendar.working(day)} | dict.fromkeys(stood, _STOOD)
    return told.but(
        counted=counted,
        worked_weekends=tuple(SkippedDay(day=day, name=named[day]) for day in counted if day in named),
        skipped=tuple(SkippedDay(day=day, name=name) for day, name in sorted(skipped.items())),
        provisional=any(calendar.provisional(day) for day in days),
    )


def _after_working_days(start: datetime, number: int, calendar: Calendar, spans: Sequence[_Span]) -> datetime | None:
    for day in _running_days(start, spans):
        number -= calendar.working(day)
        if number == 0:
            return end_of(day)
    return None if spans and spans[-1].until == _FOREVER else LATEST


def _running_days(start: datetime, spans: Sequence[_Span]) -> Iterator[date]:
    """Every day after the date of the start at whose end the clock runs; long stops are jumped over."""
    day = start.astimezone(BEIJING).date() + _DAY
    while (end := end_of(day)) < LATEST:
        span = _span_around(end, spans)
        if span is None:
            yield day
            day += _DAY
        else:
            day = (min(span.until, LATEST) - _INSTANT).astimezone(BEIJING).date()


def _after_running_time(
    start: datetime, left: timedelta, hours: ServiceHours | None, spans: Sequence[_Span]
) -> datetime | None:
    at = start
    while (at := _next_running(at, hours, spans)) < LATEST:
        pause = bisect_right(spans, at, key=_since)
        run_ends = spans[pause].since if pause < len(spans) else LATEST
        if hours is not None:
            run_ends = min(run_ends, hours.closing(at))
        if left <= run_ends - at:
            return (at + left).astimezone(UTC)
        left -= run_ends - at
        at = run_ends
    return None if at == _FOREVER else LATEST


def _next_running(at: datetime, hours: ServiceHours | None, spans: Sequence[_Span]) -> datetime:
    """Find the first instant from `at` on at which the clock runs; _FOREVER behind an open stop."""
    while at < LATEST:
        index = bisect_right(spans, at, key=_since) - 1
        later = spans[index].until if index >= 0 and at < spans[index].until else at
        if hours is not None and later < LATEST:
            later = hours.next_open(later)
        if later == at:
            break
        at = later
    return at


def _span_around(at: datetime, spans: Sequence[_Span]) -> _Span | None:
    """Find the span with that instant inside: one that only begins or ends there does not hinder what ends there."""
    index = bisect_left(spans, at, key=_since) - 1
    return spans[index] if index >= 0 and at < spans[index].until else None


def _union(stops: Sequence[Stop]) -> list[_Span]:
    """List the stretches in which the clock stands, in order; overlapping stops count once (R7.3)."""
    spans: list[_Span] = []
    for span in sorted(_Span(stop.since, stop.until or _FOREVER) for stop in stops):
        if spans and span.since <= spans[-1].until:
            spans[-1] = _Span(spans[-1].since, max(spans[-1].until, span.until))
        else:
            spans.append(span)
    return spans


def _days_until(start: datetime, end: datetime) -> Iterator[date]:
    day = start.astimezone(BEIJING).date() + _DAY
    while end_of(day) <= end:
        yield day
        day += _DAY


def _since(span: _Span) -> datetime:
    return span.since


def _beijing(day: date, at: time) -> datetime:
    return datetime.combine(day, at, BEIJING).astimezone(UTC)
