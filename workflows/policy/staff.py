"""Who works when and can do what; one named handler per complaint (R2.5)."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from workflows.time.limits import ServiceHours
from workflows.values import BEIJING, Id, Value
from workflows.vocabulary import STAFF, Problem, Role

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_AHEAD = 366
"""Days to look ahead for the next shift: longer leaves than a year are not a matter of turns any more."""


class Shift(Value):
    """Hours of duty on some days of the week, Beijing time; `closes` itself lies outside."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    opens: time
    closes: time

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ServiceHours(opens=self.opens, closes=self.closes)
        return self

    def hours_on(self, day: date) -> tuple[datetime, datetime] | None:
        """Return from when until when the shift lasts on that Beijing day, or None."""
        if _WEEK[day.weekday()] not in self.days:
            return None
        return datetime.combine(day, self.opens, BEIJING), datetime.combine(day, self.closes, BEIJING)


def _of_staff(role: Role) -> Role:
    if role not in STAFF:
        raise ValueError(f"{role} is no role of staff")
    return role


class StaffMember(Value):
    """One member of staff; `skills` are the problem types they handle."""

    id: Id
    role: Annotated[Role, AfterValidator(_of_staff)]
    skills: tuple[Problem, ...] | Literal["all"] = ()
    shifts: tuple[Shift, ...] = ()
    on_leave: tuple[date, ...] = ()

    def can_handle(self, problem: Problem) -> bool:
        """Say whether the member has the skill for that type."""
        return self.skills == "all" or problem in self.skills

    def on_shift(self, at: datetime) -> bool:
        """Say whether the member is on duty at that instant."""
        day = at.astimezone(BEIJING).date()
        return any(opens <= at < closes for opens, closes in self._hours_on(day))

    def comes_on(self, at: datetime) -> datetime | None:
        """Return the start of the member's next shift after that instant, or None if there is none within a year."""
        today = at.astimezone(BEIJING).date()
        for ahead in range(_AHEAD):
            starts = [opens for opens, _ in self._hours_on(today + ahead * _DAY) if opens > at]
            if starts:
                return min(starts)
        return None

    def _hours_on(self, day: date) -> list[tuple[datetime, datetime]]:
        if day in self.on_leave:
            return []
        return [hours for shift in self.shifts if (hours := shift.hours_on(day)) is not None]


class Staff(Value):
    """The staff table with the departments and carriers the platform works with; asked as it is now, never pinned."""

    version: Id
    members: tuple[StaffMember, ...]
    departments: tuple[Id, ...]
    carriers: tuple[Id, ...]

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        ids = [member.id for member in self.members]
        twice = sorted({known for known in ids if ids.count(known) > 1})
        if twice:
            raise ValueError(f"listed more than once: {', '.join(twice)}")
        unskilled = [problem for problem in Problem if not self._skilled(problem)]
        if unskilled:
            raise ValueError(f"no agent with shifts has the skill for: {', '.join(unskilled)}")
        vacant = sorted(role for role in STAFF if not self.of(role))
        if vacant:
            raise ValueError(f"nobody has the role: {', '.join(vacant)}")
        return self

    def of(self, role: Role) -> tuple[str, ...]:
        """Return the ids of everybody with that role, in the order of the table; departments and carriers too."""
        if role is Role.DEPARTMENT:
            return self.departments
        if role is Role.CARRIER:
            return self.carriers
        return tuple(member.id for member in self.members if member.role is role)

    def knows(self, role: Role, who: str) -> bool:
        """Say whether the table has that id in that role; buyers, sellers and the payment provider are not in it."""
        return who in self.of(role)

    def on_shift(self, who: str, at: datetime) -> bool:
        """Say whether that member is on duty at that instant; nobody unknown ever is."""
        return any(member.on_shift(at) for member in self.members if member.id == who)

    def handler_for(
        self, problem: Problem, at: datetime, load: Mapping[str, int], last_assigned: Mapping[str, datetime]
    ) -> str:
        """Name the handler (R2.5): skilled, on shift, least open load first, ties in turn; else who comes on first.

        `load` is the number of open complaints by agent, `last_assigned` when each was last given one. In turn means:
        never given one first, then longest ago, then by id. The same arguments always give the same answer.
        """

        def turn(member: StaffMember) -> tuple[int, float, str]:
            last = last_assigned.get(member.id)
            return load.get(member.id, 0), last.timestamp() if last else float("-inf"), member.id

        skilled = self._skilled(problem)
        on_shift = [member for member in skilled if member.on_shift(at)]
        if not on_shift:
            coming = {member.id: start for member in skilled if (start := member.comes_on(at)) is not None}
            first = min(coming.values(), default=None)
            on_shift = [member for member in skilled if coming.get(member.id) == first]
        return min(on_shift, key=turn).id

    def uncovered(self, hours: ServiceHours) -> tuple[str, ...]:
        """List the gaps of the agents' shifts within those hours, as `sat 22:00-23:00`; leave is not looked at."""
        return tuple(gap for day in _WEEK for gap in self._gaps(day, hours))

    def _gaps(self, day: Weekday, hours: ServiceHours) -> list[str]:
        shifts = [shift for member in self.members if member.role is Role.AGENT for shift in member.shifts]
        gaps, covered = [], hours.opens
        for opens, closes in sorted((shift.opens, shift.closes) for shift in shifts if day in shift.days):
            if covered < min(opens, hours.closes):
                gaps.append(f"{day} {covered:%H:%M}-{min(opens, hours.closes):%H:%M}")
            covered = max(covered, closes)
        if covered < hours.closes:
            gaps.append(f"{day} {covered:%H:%M}-{hours.closes:%H:%M}")
        return gaps

    def _skilled(self, problem: Problem) -> list[StaffMember]:
        agents = [member for member in self.members if member.role is Role.AGENT and member.shifts]
        return [agent for agent in agents if agent.can_handle(problem)]
