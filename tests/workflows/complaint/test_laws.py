"""The laws of the process hold on random ways through it, and time may fire as it likes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workflows.complaint.laws import absorbed, broken, lost, rungs_in_order
from tests.workflows.complaint.test_stories import HARD_DAYS
from tests.workflows.complaint.walking import MOVES, STARTS, Move, Said, Walk, happened, walk
from workflows.answers import Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.timeline import event_is_for
from workflows.complaint.rules.deadlines import MARKED, Moment, climb, duty_of, next_moment
from workflows.complaint.rules.dispatch import allowed, expire, hear
from workflows.complaint.views.view import view_of
from workflows.vocabulary import PARTIES, Role

settings.register_profile("quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("heavy", parent=settings.get_profile("quick"), max_examples=3000)
_PROFILE = settings.get_profile(os.environ.get("REDRESS_TEST_PROFILE", "quick"))

LONG_AFTER = timedelta(days=60)
STEPS_A_MONTH = 150
"""Far above what the ladders of all duties at once can take in a month, far below what a loop takes in a second."""

walks = st.builds(walk, MOVES, st.integers(0, len(STARTS) - 1), st.sampled_from([*HARD_DAYS.values()]))


def said(on_way: Walk) -> Iterator[Said]:
    return (event for event in on_way.events if isinstance(event, Said))


@_PROFILE
@given(walks)
def test_every_case_on_every_way_keeps_the_laws(on_way: Walk) -> None:
    for before, after in zip(on_way.cases, on_way.cases[1:], strict=False):
        assert broken(after) == ()
        assert lost(before, after) == ()
        assert absorbed(before, after) == ()


def unlike(one: Case, other: Case) -> dict[str, tuple[object, ...]]:
    """Return the fields in which two cases differ; only the ends of long ones, for people to read."""
    pairs = {name: (getattr(one, name), getattr(other, name)) for name in Case.model_fields}
    return {name: tuple(_last(value) for value in pair) for name, pair in pairs.items() if pair[0] != pair[1]}


def _last(value: object) -> object:
    return value[-2:] if isinstance(value, tuple) else value


@_PROFILE
@given(walks)
def test_a_duplicate_changes_nothing_and_gets_the_same_answer(on_way: Walk) -> None:
    for event in said(on_way):
        again = hear(event.after, event.message, event.at + LONG_AFTER)
        assert again[1] == event.answer
        assert unlike(again[0], event.after) == {}


@_PROFILE
@given(walks)
def test_what_is_not_allowed_is_refused_and_a_refusal_says_what_is(on_way: Walk) -> None:
    for event in said(on_way):
        before = expire(event.before, event.at, at_the_instant=False)
        heard = not isinstance(event.answer, Refusal)
        assert not heard or event.message.kind in allowed(before, event.message.sender.role)
        if isinstance(event.answer, Refusal):
            role, told = event.message.sender.role, set(event.answer.allowed)
            outside = role in PARTIES | {Role.CARRIER, Role.PAYMENT}  # who must not learn what is not shown to them
            assert set(allowed(before, role)) <= told <= set(allowed(before))
            hidden = {kind for kind in told if kind not in allowed(before, role) and not event_is_for(kind, role)}
            assert not hidden if outside else told == set(allowed(before))
            assert event.answer.text
            assert event.after.timeline[-1].event in {"refused", "late_message"}


@_PROFILE
@given(walks)
def test_time_alone_brings_every_complaint_on_and_to_rest(on_way: Walk) -> None:
    case, now = on_way.case, on_way.now
    for _ in range(3):
        now += timedelta(days=30)
        before, case = case, expire(case, now)
        assert case.steps - before.steps < STEPS_A_MONTH
        assert broken(case) == ()
        moment = next_moment(case)
        assert moment is None or moment.at > now
        assert case.closed == (moment is None)


@contextmanager
def ladder() -> Iterator[list[tuple[object, int]]]:
    """Write down every rung that is taken."""
    taken: list[tuple[object, int]] = []

    def written_down(case: Case, moment: Moment) -> Case:
        if moment.rung != MARKED:  # what is only marked missed takes no rung
            taken.append((duty_of(moment.deadline), moment.rung))
        return climb(case, moment)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("workflows.complaint.rules.dispatch.climb", written_down)
        yield taken


@_PROFILE
@given(MOVES, st.integers(0, len(STARTS) - 1))
def test_no_rung_of_the_ladder_is_skipped_or_repeated(moves: list[Move], start: int) -> None:
    with ladder() as taken:
        on_way = walk(moves, start)
        expire(on_way.case, on_way.now + LONG_AFTER)
    assert rungs_in_order(taken) == ()


def replayed(on_way: Walk, fire: list[timedelta] | None) -> Case:
    """Go the same way again; `fire` lets timers fire that long after each event, None not at all by themselves."""
    case = on_way.cases[0]
    ends = [*(event.at for event in on_way.events[1:]), on_way.now]
    for event, end in zip(on_way.events, ends, strict=False):
        if not isinstance(event, Said):
            case = happened(case, event)
        else:
            late = event.at if fire else on_way.now + LONG_AFTER
            case, _ = hear(case, event.message.but(received_at=event.at), late)
        for pause in fire or ():
            until = min(event.at + pause, end)
            case = expire(case, until, at_the_instant=False)
    return expire(case, on_way.now + LONG_AFTER)


@_PROFILE
@given(walks, st.lists(st.integers(1, 20_000).map(lambda minutes: timedelta(minutes=minutes)), max_size=4).map(sorted))
def test_timers_that_fire_early_late_or_in_a_heap_make_the_same_case(on_way: Walk, pauses: list[timedelta]) -> None:
    in_a_heap = replayed(on_way, None)
    assert unlike(replayed(on_way, pauses), in_a_heap) == {}
    assert unlike(expire(on_way.case, on_way.now + LONG_AFTER), in_a_heap) == {}


@pytest.mark.parametrize("role", Role)
def test_allowed_by_a_role_is_part_of_what_anybody_may_send(role: Role) -> None:
    for case in walk([Move(4, number * 37, number, wild=False, payment=0) for number in range(30)]).cases:
        assert set(allowed(case, role)) <= set(allowed(case))


def test_walks_get_around() -> None:
    """The laws mean little if no way leads anywhere: these numbers are what a few walks see."""
    seen: set[str] = set()
    for start in range(40):
        moves = [Move((start + n) % 9, start * 131 + n * 37, n * 5 + start, n % 7 == 3, n % 8) for n in range(40)]
        seen |= {f"{case.phase}" for case in walk(moves, start).cases}
    assert seen >= {"review", "negotiation", "intervention", "confirmation", "fulfilment", "follow_up", "closed"}


def test_walks_see_every_end_of_an_advance() -> None:
    """The laws of advances are tried on advances of every kind, or they prove nothing."""
    seen: set[str] = set()
    for start in range(150):
        moves = [Move((start + n) % 9, start * 131 + n * 37, n * 5 + start, n % 9 == 3, n % 8) for n in range(25)]
        shown = (view_of(case).advance for case in walk(moves, len(STARTS) - 1 - start % 4).cases)
        seen |= {word for one in shown if one for word in (one.state, one.recovery)}
    assert seen >= {"ordered", "frozen", "unfrozen", "clawed_back", "due", "recovered", "debt"}
