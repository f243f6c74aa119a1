from datetime import date, datetime, time
from typing import Any

import pytest
from pydantic import ValidationError

from workflows.policy.loading import packaged
from workflows.policy.staff import Shift, Staff, StaffMember
from workflows.time.limits import ServiceHours
from workflows.vocabulary import Problem, Role

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
HOURS = ServiceHours(opens=time(8, 30), closes=time(23))


def at(text: str) -> datetime:
    """Read a Beijing time; 23 November 2026 is a Monday."""
    return datetime.fromisoformat(f"{text}+08:00")


def agent(who: str, opens: int, closes: int, **more: Any) -> StaffMember:
    shift = Shift(days=more.pop("days", WEEKDAYS), opens=time(opens), closes=time(closes))
    return StaffMember(id=who, role=Role.AGENT, **({"skills": "all", "shifts": (shift,)} | more))


def staff(*agents: StaffMember) -> Staff:
    others = (Role.SUPERVISOR, Role.OPERATIONS_MANAGER, Role.GENERAL_MANAGER)
    heads = tuple(StaffMember(id=f"x-{role}", role=role) for role in others)
    return Staff(version="test-1", members=agents + heads, departments=("order",), carriers=("sf",))


EARLY_LATE = staff(
    agent("early-1", 8, 16),
    agent("early-2", 8, 16),
    agent("late-1", 15, 23),
    agent("expert", 8, 16, skills=(Problem.COUNTERFEIT, Problem.QUALITY)),
)


@pytest.mark.parametrize(
    ("problem", "now", "load", "last", "expected"),
    [
        # nobody has anything: by id
        (Problem.DELAYED, "2026-11-23 10:00", {}, {}, "early-1"),
        # least open load first
        (Problem.DELAYED, "2026-11-23 10:00", {"early-1": 3, "early-2": 2}, {}, "early-2"),
        # who is not on shift does not come in, however free
        (Problem.DELAYED, "2026-11-23 10:00", {"early-1": 9, "early-2": 8, "late-1": 0}, {}, "early-2"),
        # who has not the skill does not either
        (Problem.DELAYED, "2026-11-23 10:00", {"early-1": 9, "early-2": 9, "expert": 0}, {}, "early-1"),
        (Problem.QUALITY, "2026-11-23 10:00", {"early-1": 9, "early-2": 9, "expert": 8}, {}, "expert"),
        # ties in turn: longest since the last one; never before all others
        (
            Problem.DELAYED,
            "2026-11-23 10:00",
            {"early-1": 2, "early-2": 2},
            {"early-1": "2026-11-23 09:30", "early-2": "2026-11-23 09:00"},
            "early-2",
        ),
        (Problem.DELAYED, "2026-11-23 10:00", {"early-1": 2, "early-2": 2}, {"early-1": "2026-11-01 09:30"}, "early-2"),
        # load goes before turn
        (
            Problem.DELAYED,
            "2026-11-23 10:00",
            {"early-1": 1, "early-2": 2},
            {"early-1": "2026-11-23 09:30", "early-2": "2026-11-23 09:00"},
            "early-1",
        ),
        # shifts overlap from 15:00 to 16:00; the end of a shift lies outside it
        (Problem.DELAYED, "2026-11-23 15:00", {"early-1": 1, "early-2": 1}, {}, "late-1"),
        (Problem.DELAYED, "2026-11-23 14:59", {"early-1": 1, "early-2": 1}, {}, "early-1"),
        (Problem.DELAYED, "2026-11-23 16:00", {"late-1": 99}, {}, "late-1"),
        # nobody on shift: who comes on first, among those again load and turn
        (Problem.DELAYED, "2026-11-23 23:00", {"late-1": 0, "early-1": 5, "early-2": 4}, {}, "early-2"),
        (Problem.DELAYED, "2026-11-24 03:00", {}, {"early-1": "2026-11-23 09:30"}, "early-2"),
        (Problem.DELAYED, "2026-11-28 12:00", {"early-1": 7, "early-2": 8}, {}, "early-1"),
        # the only one with the skill is not on shift: they come on first all the same
        (Problem.COUNTERFEIT, "2026-11-23 20:00", {"late-1": 9, "early-1": 9, "early-2": 9}, {}, "late-1"),
    ],
)
def test_a_complaint_gets_its_handler_by_skill_shift_load_and_turn(
    problem: Problem, now: str, load: dict[str, int], last: dict[str, str], expected: str
) -> None:
    assigned = {who: at(when) for who, when in last.items()}

    assert EARLY_LATE.handler_for(problem, at(now), load, assigned) == expected


def test_who_alone_has_the_skill_is_waited_for() -> None:
    table = staff(agent("day", 8, 23, skills=tuple(set(Problem) - {Problem.COUNTERFEIT})), agent("night", 20, 23))

    assert table.handler_for(Problem.COUNTERFEIT, at("2026-11-23 10:00"), {"night": 50}, {}) == "night"


def test_leave_is_no_shift() -> None:
    away = agent("away", 8, 16, on_leave=(date(2026, 11, 23), date(2026, 11, 24)))
    table = staff(away, agent("here", 8, 16))

    assert table.handler_for(Problem.OTHER, at("2026-11-23 10:00"), {"here": 9}, {}) == "here"
    assert table.handler_for(Problem.OTHER, at("2026-11-24 20:00"), {"here": 9}, {}) == "away"
    assert not table.on_shift("away", at("2026-11-24 10:00"))
    assert table.on_shift("away", at("2026-11-25 10:00"))


def test_even_when_everybody_is_gone_for_good_somebody_is_named() -> None:
    gone = Shift(days=("mon",), opens=time(8), closes=time(9))
    mondays = tuple(date.fromordinal(date(2026, 11, 23).toordinal() + 7 * week) for week in range(60))
    table = staff(*(agent(who, 8, 9, shifts=(gone,), on_leave=mondays) for who in ("a", "b")))

    assert table.handler_for(Problem.OTHER, at("2026-11-23 08:30"), {"a": 1}, {}) == "b"


def test_the_packaged_table_is_the_one_of_the_contract() -> None:
    table = packaged().staff

    assert table.of(Role.AGENT) == ("a-1", "a-2", "a-3", "a-4")
    assert table.of(Role.SUPERVISOR) == ("s-1", "s-2")
    assert table.of(Role.OPERATIONS_MANAGER) == ("o-1",)
    assert table.of(Role.GENERAL_MANAGER) == ("g-1",)
    assert table.of(Role.DEPARTMENT) == ("order", "purchasing", "operations")
    assert table.of(Role.CARRIER) == ("sf", "yto")
    assert table.uncovered(packaged().policy.service_hours) == ()


def test_the_packaged_table_names_a_handler_for_every_problem_at_every_hour_of_a_week() -> None:
    table = packaged().staff
    for day in range(23, 30):
        for hour in range(24):
            now = at(f"2026-11-{day} {hour:02d}:45")
            named = {problem: table.handler_for(problem, now, {}, {}) for problem in Problem}
            if HOURS.opens <= now.time() < HOURS.closes:
                assert all(table.on_shift(who, now) for who in named.values())


def test_the_table_knows_its_people_in_their_roles_only() -> None:
    table = packaged().staff

    assert table.knows(Role.AGENT, "a-1")
    assert not table.knows(Role.SUPERVISOR, "a-1")
    assert not table.knows(Role.AGENT, "a-9")
    assert table.knows(Role.DEPARTMENT, "purchasing")
    assert table.knows(Role.CARRIER, "yto")
    assert not table.knows(Role.BUYER, "b-1")
    assert not table.on_shift("a-9", at("2026-11-23 10:00"))


def test_gaps_in_the_service_hours_are_listed() -> None:
    table = staff(agent("a", 9, 12), agent("b", 11, 20), agent("c", 21, 23), agent("d", 8, 23, days=("sat", "sun")))

    assert table.uncovered(HOURS) == tuple(
        gap for day in WEEKDAYS for gap in (f"{day} 08:30-09:00", f"{day} 20:00-21:00")
    )
    assert len(staff(agent("a", 1, 2)).uncovered(HOURS)) == 7
    assert "mon 20:00-23:00" in staff(agent("long", 8, 20), agent("short", 9, 12)).uncovered(HOURS)


def test_a_table_that_cannot_work_is_refused() -> None:
    everything_but = tuple(set(Problem) - {Problem.DELAYED, Problem.OTHER})
    with pytest.raises(ValidationError, match="no agent with shifts has the skill for: delayed, other"):
        staff(agent("a", 8, 16, skills=everything_but))
    with pytest.raises(ValidationError, match="no agent with shifts has the skill for: quality"):
        staff(agent("a", 8, 16, shifts=()))
    with pytest.raises(ValidationError, match="listed more than once: a"):
        staff(agent("a", 8, 16), agent("a", 15, 23))
    with pytest.raises(ValidationError, match="nobody has the role: general_manager, operations_manager, supervisor"):
        Staff(version="test-1", members=(agent("a", 8, 16),), departments=("order",), carriers=("sf",))
    with pytest.raises(ValidationError, match="buyer is no role of staff"):
        StaffMember(id="b-1", role=Role.BUYER)
    with pytest.raises(ValidationError, match="opens must be before closes"):
        agent("a", 16, 8)
