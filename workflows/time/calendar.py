"""Working days of the Chinese calendar as a value: statutory holidays off, make-up weekends on (process.md, Units)."""

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from workflows.values import Id, ShortText, Value

_WEEKEND = {5: "Saturday", 6: "Sunday"}


class Calendar(Value):
    """One version of the calendar, pinned into a complaint with its policy (R7.6).

    Only exceptions are listed: `days_off` are Mondays to Fridays off, `make_up_days` Saturdays and Sundays worked, both
    with the holiday's name. Up to `published_to` the government has published the days; from there to `covers_to` they
    are a forecast; outside the coverage every Monday to Friday is taken for a working day.
    """

    version: Id
    covers_from: date
    published_to: date
    covers_to: date
    days_off: dict[date, ShortText] = Field(default_factory=dict)
    make_up_days: dict[date, ShortText] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if not self.covers_from <= self.published_to <= self.covers_to:
            raise ValueError("covers_from, published_to and covers_to must follow one another")
        for day in (*self.days_off, *self.make_up_days):
            if not self.covers_from <= day <= self.covers_to:
                raise ValueError(f"{day} lies outside covers_from and covers_to")
        for day in self.days_off:
            if day.weekday() in _WEEKEND:
                raise ValueError(f"days_off lists {day}, a {_WEEKEND[day.weekday()]}; list Mondays to Fridays only")
        for day in self.make_up_days:
            if day.weekday() not in _WEEKEND:
                raise ValueError(f"make_up_days lists {day}, which is no Saturday or Sunday")
        return self

    def working(self, day: date) -> bool:
        """Say whether people work on that day."""
        if day.weekday() in _WEEKEND:
            return day in self.make_up_days
        return day not in self.days_off

    def name_of(self, day: date) -> str | None:
        """Name a day that is out of the ordinary: `Saturday`, `National Day`, `make-up workday (National Day)`."""
        if day in self.days_off:
            return self.days_off[day]
        if day in self.make_up_days:
            return f"make-up workday ({self.make_up_days[day]})"
        return _WEEKEND.get(day.weekday())

    def provisional(self, day: date) -> bool:
        """Say whether that day stands on a forecast or on plain weekdays, not on a published calendar (R7.6)."""
        return not self.covers_from <= day <= self.published_to

    def since(self, day: date) -> Self:
        """Return the part that a complaint filed on that day needs: nothing before it, everything after it."""
        first = min(max(day, self.covers_from), self.published_to)
        return self.but(
            covers_from=first,
            days_off={off: name for off, name in self.days_off.items() if off >= first},
            make_up_days={worked: name for worked, name in self.make_up_days.items() if worked >= first},
        )
