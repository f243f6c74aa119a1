"""Deadlines in words: what `why-due` tells a person about an explanation (R7.5)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from workflows.domain.base import BEIJING
from workflows.domain.limits import LATEST, Explanation, Stop

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = {"h": "hours", "d": "days of 24 hours", "wd": "working days", "sm": "service minutes"}


def in_words(told: Explanation) -> tuple[str, ...]:
    """Tell an explanation in lines: start and length, each day of a `wd` limit, the stops, the result."""
    return (_begin(told), *_days(told), *(_stop(stop) for stop in told.stops), *_end(told))


def beijing_words(instant: datetime) -> str:
    """Write an instant in Beijing time to the minute; midnight as 24:00 of the day it ends, as the rulebook does."""
    if instant >= LATEST:
        return "never"
    local = instant.astimezone(BEIJING)
    if local.time() == time():
        return f"{_day(local.date() - timedelta(days=1))} 24:00"
    return f"{_day(local.date())} {local:%H:%M}"


def _begin(told: Explanation) -> str:
    unit = _UNITS[told.length.unit]
    many = f"{told.length.number} {unit if told.length.number > 1 else unit.replace('s', '', 1)}"
    never_counts = ", the date of the start never counts" if told.length.unit == "wd" else ""
    return f"starts {beijing_words(told.start)}, lasts {many}{never_counts}"


def _days(told: Explanation) -> Iterator[str]:
    worked = {named.day: f", {named.name}" for named in told.worked_weekends}
    lines = {
        day: f"{_day(day)}: working day {number} of {told.length.number}{worked.get(day, '')}"
        for number, day in enumerate(told.counted, start=1)
    }
    lines |= {named.day: f"{_day(named.day)}: skipped, {named.name}" for named in told.skipped}
    return (line for _, line in sorted(lines.items()))


def _stop(stop: Stop) -> str:
    reason = stop.reason.replace("_", " for ") if stop.reason != "hold" else "hold"
    until = beijing_words(stop.until) if stop.until is not None else "now"
    return f"the clock stood from {beijing_words(stop.since)} to {until}: {reason}"


def _end(told: Explanation) -> Iterator[str]:
    if told.due_at is None:
        yield "no due time while the clock stands"
    else:
        yield f"due {beijing_words(told.due_at)}"
    if told.provisional:
        yield "provisional: the calendar for some of these days is not published yet"


def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day}"
