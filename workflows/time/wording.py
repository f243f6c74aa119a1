"""Deadlines in words: what `why-due` tells a person about an explanation (R7.5)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from workflows.time.limits import LATEST, Explanation, Stop
from workflows.values import BEIJING

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = {"h": "hour(s)", "d": "day(s) of 24 hours", "wd": "working day(s)", "sm": "service minute(s)"}


def in_words(told: Explanation) -> tuple[str, ...]:
    """Tell an explanation in lines: start and length, each day of a `wd` limit, the stops, the result."""
    return (_begin(told), *_days(told), *(_stop(stop) for stop in told.stops), *_end(told))


def instant_in_words(instant: datetime) -> str:
    """Write an instant in Beijing time, to the minute."""
    if instant >= LATEST:
        return "never"
    local = instant.astimezone(BEIJING)
    return f"{_day(local.date())} {local:%H:%M}"


def due_in_words(due_at: datetime) -> str:
    """Write a due instant in Beijing time; midnight as 24:00 of the day that ends with it, as the rulebook does."""
    if due_at >= LATEST:
        return "never"
    day, hour = day_and_hour(due_at)
    return f"{_day(day)} {hour}"


def day_and_hour(instant: datetime) -> tuple[date, str]:
    """Return the Beijing date and `HH:MM` of an instant; midnight is 24:00 of the day that ends with it."""
    local = instant.astimezone(BEIJING)
    if local.time() == time():
        return (local - timedelta(days=1)).date(), "24:00"
    return local.date(), f"{local:%H:%M}"


def _begin(told: Explanation) -> str:
    unit = _UNITS[told.length.unit].replace("(s)", "s" if told.length.number > 1 else "")
    never_counts = ", the date of the start never counts" if told.length.unit == "wd" else ""
    return f"starts {instant_in_words(told.start)}, lasts {told.length.number} {unit}{never_counts}"


def _days(told: Explanation) -> Iterator[str]:
    worked = {named.day: f", {named.name}" for named in told.worked_weekends}
    lines = {
        day: f"{_day(day)}: working day {number} of {told.length.number}{worked.get(day, '')}"
        for number, day in enumerate(told.counted, start=1)
    }
    for named in told.skipped:
        why = "" if named.name in _WEEKDAYS else f", {named.name}"
        lines[named.day] = f"{_day(named.day)}: skipped{why}"
    return (line for _, line in sorted(lines.items()))


def _stop(stop: Stop) -> str:
    reason = stop.reason.replace("_", " for ") if stop.reason != "hold" else "hold"
    until = instant_in_words(stop.until) if stop.until is not None else "now"
    return f"the clock stood from {instant_in_words(stop.since)} to {until}: {reason}"


def _end(told: Explanation) -> Iterator[str]:
    if told.due_at is None:
        yield "no due time while the clock stands"
    else:
        yield f"due {due_in_words(told.due_at)}"
    if told.provisional:
        yield "provisional: the calendar for some of these days is not published yet"


def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day}"
