"""Builds workflows/policy/calendar.toml: published working days of China, and a forecast for the year after.

`python deploy/calendar/build_calendar.py` prints the file; `--write` puts it in its place. Run it when the State
Council has published the days of the next year (in November, as a rule) and `chinesecalendar` knows them: set the years
below and apply the new version to running complaints by an explicit re-projection (R7.6).
"""

import argparse
import re
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar  # type: ignore[import-untyped]  # it ships no types
import holidays

FIRST, PUBLISHED, LAST = 2018, 2026, 2027
REVISION = 1
TARGET = Path(__file__).parents[2] / "workflows" / "policy" / "calendar.toml"

HEAD = """\
# The working days of China (process.md, Units). Built by deploy/calendar/build_calendar.py; do not edit by hand:
# an operator's own calendar goes into a directory of its own, named by REDRESS_POLICY.
#
# Only exceptions stand here. {first} to {published} is published; {last} is a forecast without make-up days, and every
# date in it is marked provisional (R7.6).
version = "{version}"
covers_from = {covers_from}
published_to = {published_to}
covers_to = {covers_to}
"""

# The forecast library's names, in the words of the published calendar.
_NAMES = {
    "Chinese New Year's Eve": "Spring Festival",
    "Chinese New Year (Spring Festival)": "Spring Festival",
    "Tomb-Sweeping Day": "Tomb-sweeping Day",
    "Labor Day": "Labour Day",
    "Mid-Autumn Festival": "Mid-autumn Festival",
}


def _days(first: int, last: int) -> Iterable[date]:
    day = date(first, 1, 1)
    while day.year <= last:
        yield day
        day += timedelta(days=1)


def _published() -> tuple[dict[date, str], dict[date, str]]:
    days_off, make_up = {}, {}
    for day in _days(FIRST, PUBLISHED):
        weekend, working = day.weekday() >= 5, chinese_calendar.is_workday(day)
        if weekend and working:
            make_up[day] = chinese_calendar.workdays[day]
        if not weekend and not working:
            days_off[day] = chinese_calendar.holidays[day]
    return days_off, make_up


def _forecast() -> dict[date, str]:
    known = holidays.country_holidays("CN", years=range(PUBLISHED + 1, LAST + 1), language="en_US")
    return {day: _name(known[day]) for day in _days(PUBLISHED + 1, LAST) if day.weekday() < 5 and day in known}


def _name(told: str) -> str:
    plain = re.sub(r" \((observed|estimated)\)", "", told.split("; ", maxsplit=1)[0])
    return _NAMES.get(plain, plain)


def _table(title: str, named: dict[date, str]) -> str:
    return "\n".join([f"[{title}]", *(f'{day} = "{name}"' for day, name in sorted(named.items()))]) + "\n"


def build() -> str:
    """Return the text of calendar.toml."""
    days_off, make_up = _published()
    head = HEAD.format(
        first=FIRST,
        published=PUBLISHED,
        last=LAST,
        version=f"cn-{PUBLISHED}-{REVISION}",
        covers_from=date(FIRST, 1, 1),
        published_to=date(PUBLISHED, 12, 31),
        covers_to=date(LAST, 12, 31),
    )
    return "\n".join([head, _table("days_off", days_off | _forecast()), _table("make_up_days", make_up)])


def main() -> None:
    """Print the calendar, or write it to its place."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true", help=f"write {TARGET.name} instead of printing it")
    if arguments.parse_args().write:
        TARGET.write_text(build(), encoding="utf-8")
    else:
        sys.stdout.write(build())


if __name__ == "__main__":
    main()
