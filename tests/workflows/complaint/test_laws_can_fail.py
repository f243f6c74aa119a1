"""Each law is broken on purpose, and each time it is noticed: a law that cannot fail proves nothing."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

import pytest

from tests.stories import BY_NAME
from tests.workflows.complaint import test_laws
from tests.workflows.complaint.laws import absorbed, broken, lost, rungs_in_order
from tests.workflows.complaint.playing import play, scenes
from tests.workflows.complaint.steps import facts_of
from tests.workflows.complaint.walking import Move, Walk, walk
from workflows.answers import Answer, Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import Message
from workflows.complaint.rules import dispatch
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.registry import Deadline, Window
from workflows.complaint.rules.tables import HEARINGS, WINDOWS
from workflows.policy.model import LimitName
from workflows.time.limits import Length
from workflows.values import Instant
from workflows.vocabulary import Phase, Purpose, Role

OVERDUE = BY_NAME["an_overdue_ruling_climbs_but_is_never_made_by_the_system"]


@cache
def an_end() -> Case:
    return play(OVERDUE).case


@cache
def a_middle() -> Case:
    return next(scene.case for scene in scenes(OVERDUE) if scene.case.phase is Phase.INTERVENTION)


@cache
def a_missed_review() -> Case:
    return play(BY_NAME["an_overdue_review_climbs_to_the_operations_manager"]).case


def _with_step(case: Case, **changes: object) -> Case:
    return case.but(timeline=(*case.timeline[:-1], case.timeline[-1].but(**changes)))


def _with_ended(case: Case, **changes: object) -> Case:
    return case.but(ended=(*case.ended, case.ended[0].but(**changes)))


@cache
def an_advance() -> Case:
    return play(BY_NAME["an_advance_is_unfrozen_when_the_ruling_is_final"]).case


def _with_movement(case: Case, **changes: object) -> Case:
    entry = case.money[-1]
    return case.but(money=(*case.money, entry.but(movement=entry.movement.but(**changes))))


BROKEN: dict[str, Callable[[], Case]] = {
    "somebody_is_waited_for": lambda: a_middle().but(
        intervention=None, first_response_missed=True, buyer_told_at=a_middle().now
    ),
    "each_deadline_ends_once": lambda: an_end().but(ended=an_end().ended * 2),
    "none_ends_early": lambda: _with_ended(an_end(), at=an_end().ended[0].due_at + timedelta(1), how="met"),
    "the_timeline_has_no_gap": lambda: _with_step(an_end(), number=999),
    "no_more_than_was_paid": lambda: an_end().but(decided_elsewhere=an_end().filing.request.amount),
    "an_advance_is_whole": lambda: _with_movement(an_advance(), purpose=Purpose.CLAW_BACK, key="C:claw_back:9"),
    "the_fund_is_repaid_once": lambda: _with_movement(an_advance(), purpose=Purpose.RECOVERY, key="C:recovery:9"),
    "keys_are_unique": lambda: an_end().but(money=an_end().money * 2),
    "an_end_has_an_outcome": lambda: an_end().but(outcome=None),
    "nobody_is_paid_back_twice": lambda: _with_movement(an_advance(), purpose=Purpose.RESTITUTION, key="C:r:1"),
    "it_reads": lambda: a_missed_review().but(now=a_missed_review().filed_at),
}


@pytest.mark.parametrize("law", BROKEN)
def test_a_case_that_breaks_a_law_is_noticed(law: str) -> None:
    assert broken(an_end()) == broken(a_middle()) == broken(an_advance()) == ()
    assert any(fault.startswith(law) for fault in broken(BROKEN[law]()))


def test_a_deadline_that_vanishes_is_noticed() -> None:
    assert lost(a_middle(), a_middle().but(intervention=None)) != ()


def test_a_rung_skipped_or_repeated_is_noticed() -> None:
    assert rungs_in_order([("review", 1), ("review", 2), ("other", 1)]) == ()
    assert rungs_in_order([("review", 1), ("review", 3)]) != ()
    assert rungs_in_order([("review", 1), ("review", 1)]) != ()


def test_a_closed_case_that_goes_on_is_noticed() -> None:
    assert absorbed(an_end(), emit(an_end(), an_end().now, facts_of("late_message"), "R10.4")) == ()
    assert absorbed(an_end(), emit(an_end(), an_end().now, facts_of("payment_settled"), "R6.1")) != ()
    assert absorbed(an_end(), an_end().but(phase=Phase.REVIEW)) != ()


def _a_way() -> Walk:
    """Seller silent, ruled, both silent, paid: enough for every law to have something to hold on to."""
    moves = [Move(0, 1, 0, wild=False, payment=0), Move(5, 26, 0, wild=False, payment=0)]
    return walk([*moves, *(Move(4, 3 + number * 26, number, wild=False, payment=0) for number in range(12))])


def _check(law: Callable[..., None], *given: object) -> None:
    law.hypothesis.inner_test(*given)  # type: ignore[attr-defined]  # the test without its random ways


def test_a_forgotten_message_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    law = test_laws.test_a_duplicate_changes_nothing_and_gets_the_same_answer
    _check(law, _a_way())

    def forgets(case: Case, message_id: str, answer: Answer) -> Case:
        del message_id, answer
        return case

    monkeypatch.setattr(dispatch, "_remember", forgets)
    with pytest.raises(AssertionError):
        _check(law, _a_way())


def test_a_default_dated_by_the_clock_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    law = test_laws.test_timers_that_fire_early_late_or_in_a_heap_make_the_same_case
    way, pauses = _a_way(), [timedelta(hours=1), timedelta(days=3)]
    _check(law, way, pauses)
    ticks = iter(range(10_000))

    def dated_by_the_clock(case: Case, deadline: Deadline) -> Case:
        del deadline
        return case.but(first_response_missed=True, now=case.now + timedelta(seconds=next(ticks)))

    since = WINDOWS[LimitName.FIRST_RESPONSE].since
    monkeypatch.setitem(WINDOWS, LimitName.FIRST_RESPONSE, Window(since, dated_by_the_clock))
    silent = walk([Move(3, 1, 0, wild=False, payment=0)])
    with pytest.raises(AssertionError):
        _check(law, silent, pauses)


def test_a_ladder_without_rest_is_noticed() -> None:
    law = test_laws.test_time_alone_brings_every_complaint_on_and_to_rest
    nobody_reviews = walk([])
    _check(law, nobody_reviews)
    hourly = nobody_reviews.case.policy.but(reminder_every=Length.parse("1h"), level_2_after=Length.parse("1h"))
    nobody_reviews.become(nobody_reviews.case.but(policy=hourly))
    with pytest.raises(AssertionError):
        _check(law, nobody_reviews)


def test_a_rule_that_hears_more_than_it_announces_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    law = test_laws.test_what_is_not_allowed_is_refused_and_a_refusal_says_what_is
    _check(law, _a_way())
    way = _a_way()
    kind = next(one.message.kind for one in test_laws.said(way) if not isinstance(one.answer, Refusal))
    announced = [one._replace(by=frozenset({Role.CARRIER})) for one in HEARINGS[kind]]
    monkeypatch.setitem(HEARINGS, kind, announced)
    with pytest.raises(AssertionError):
        _check(law, way)


def test_a_rule_that_fails_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(case: Case, message: Message, at: Instant) -> Case:
        raise ZeroDivisionError(f"{case.complaint} {message.kind} {at}")

    monkeypatch.setitem(HEARINGS, "reviewed", [one._replace(act=fails) for one in HEARINGS["reviewed"]])
    with pytest.raises(ZeroDivisionError):
        _a_way()
