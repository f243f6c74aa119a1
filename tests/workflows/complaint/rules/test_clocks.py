"""Clocks that stand: the platform waits for a party, or everything is held; its tighter limits (R7.3, R7.7, R4.3)."""

from datetime import timedelta

import pytest

from tests.stories import BY_NAME
from tests.workflows.complaint.playing import Play, act, opened
from tests.workflows.complaint.saying import (
    CHAIRS,
    DAY,
    HOUR,
    MONDAY,
    WOOL,
    asked,
    beijing,
    due_at,
    hears,
    hold,
    passes,
    proof_is_asked,
    proven,
    refused,
    released,
)
from workflows.answers import Code
from workflows.complaint.rules.money.settlement import owed
from workflows.complaint.views.view import view_of
from workflows.complaint.views.why_due import explained
from workflows.policy.model import LimitName
from workflows.vocabulary import Phase, Role

# -- the platform waits (R7.3) ----------------------------------------------------------------------------------------


def test_an_elapsed_limit_moves_by_the_whole_time_the_platform_waited() -> None:
    play = asked(CHAIRS)
    proof_is_asked(play, "seller")
    passes(play, 30 * HOUR)
    proven(play, Role.SELLER, "shop-mujing")
    assert due_at(play, LimitName.FIRST_MOVE_QUALITY) == MONDAY + 72 * HOUR + 30 * HOUR


def test_a_working_day_counts_only_if_the_clock_runs_at_its_end() -> None:
    play = asked()
    assert due_at(play, LimitName.RESOLVE) == beijing("2026-12-03 00:00")
    proof_is_asked(play, "seller")
    passes(play, 13 * HOUR)  # 23:00 of the same day, which never counts
    proven(play, Role.SELLER, "shop-qinghe")
    assert due_at(play, LimitName.RESOLVE) == beijing("2026-12-03 00:00")
    proof_is_asked(play, "seller")
    passes(play, 2 * DAY)  # the ends of Monday, which never counts, and of Tuesday
    proven(play, Role.SELLER, "shop-qinghe")
    assert due_at(play, LimitName.RESOLVE) == beijing("2026-12-04 00:00")


def test_stops_that_overlap_count_once() -> None:
    play = asked(CHAIRS)
    proof_is_asked(play, "seller", "buyer")
    passes(play, 10 * HOUR)
    proven(play, Role.SELLER, "shop-mujing")
    passes(play, 10 * HOUR)
    proven(play, Role.BUYER, "b-chenyu")
    assert due_at(play, LimitName.FIRST_MOVE_QUALITY) == MONDAY + 72 * HOUR + 20 * HOUR


def test_a_stop_cannot_undo_a_breach() -> None:
    play = asked(CHAIRS)
    passes(play, 73 * HOUR)
    missed = due_at(play, LimitName.FIRST_MOVE_QUALITY)
    proof_is_asked(play, "seller")
    assert due_at(play, LimitName.FIRST_MOVE_QUALITY) == missed == MONDAY + 72 * HOUR
    assert view_of(play.case).overdue


def test_only_duties_stop_the_windows_of_the_parties_run_on() -> None:
    play = asked()
    hears(play, "offer_made", Role.SELLER, "shop-qinghe", remedy="none", text="不退")
    proof_is_asked(play, "buyer")
    assert due_at(play, LimitName.OFFER) == MONDAY + 48 * HOUR
    assert view_of(play.case).clock.paused


def test_the_clock_is_paused_only_while_something_that_runs_stands() -> None:
    play = asked()
    proof_is_asked(play, "seller")
    assert view_of(play.case).clock.paused
    hears(play, "seller_answered", Role.SELLER, "shop-qinghe", answer="agree")
    assert play.case.phase is Phase.FOLLOW_UP
    assert not view_of(play.case).clock.paused


def test_why_due_names_the_stop_and_every_day() -> None:
    play = asked(WOOL, beijing("2026-09-29 10:00"))
    proof_is_asked(play, "seller")
    passes(play, DAY)
    proven(play, Role.SELLER, "shop-qinghe")
    told = next(one for one in explained(play.case) if one.name is LimitName.RESOLVE)
    words = "\n".join(told.lines)
    assert "the clock stood from Tuesday 2026-09-29 10:00 to Wednesday 2026-09-30 10:00: waiting for seller" in words
    assert "National Day" in words
    assert "make-up workday (National Day)" in words


# -- holds (R7.7) -----------------------------------------------------------------------------------------------------


def test_a_hold_moves_windows_and_duties_by_its_length() -> None:
    play = asked(CHAIRS)
    hears(play, "offer_made", Role.SELLER, "shop-mujing", remedy="none", text="不退")
    hold(play, 5 * DAY)
    assert due_at(play, LimitName.OFFER) == MONDAY + 48 * HOUR + 5 * DAY
    assert due_at(play, LimitName.FIRST_MOVE_QUALITY) == MONDAY + 72 * HOUR + 5 * DAY
    passes(play, DAY)
    released(play)
    assert due_at(play, LimitName.OFFER) == MONDAY + 72 * HOUR
    assert due_at(play, LimitName.FIRST_MOVE_QUALITY) == MONDAY + 96 * HOUR


def test_a_second_hold_replaces_the_first_and_ends_by_itself() -> None:
    play = asked()
    hold(play, 2 * DAY)
    passes(play, DAY)
    hold(play, 5 * DAY)
    passes(play, 6 * DAY)
    assert [(one.since, one.ended_at) for one in play.case.holds] == [
        (MONDAY, MONDAY + DAY),
        (MONDAY + DAY, MONDAY + 6 * DAY),
    ]
    assert [step.at for step in play.case.timeline if step.event == "hold_ended"] == [MONDAY + 6 * DAY]
    assert not view_of(play.case).clock.paused


@pytest.mark.parametrize("lasts", [timedelta(), -HOUR, 30 * DAY + HOUR], ids=["at once", "in the past", "too long"])
def test_a_hold_ends_ahead_and_within_30_days(lasts: timedelta) -> None:
    play = asked()
    until = (play.now + lasts).isoformat()
    answer = refused(play, "hold_placed", Role.OPERATIONS_MANAGER, "o-1", reason="?", until=until)
    assert (answer.code, answer.rule) == (Code.INCONSISTENT, "R7.7")


def test_a_ladder_stands_still_in_a_hold_and_climbs_on_afterwards() -> None:
    play = asked(CHAIRS)
    passes(play, 72 * HOUR)  # due on Thursday at 10:00
    assert view_of(play.case).level == 1
    hold(play, 4 * DAY)
    passes(play, 3 * DAY)
    rungs = [step for step in play.case.timeline if step.rule == "R7.2"]
    passes(play, timedelta(minutes=1))
    assert [step for step in play.case.timeline if step.rule == "R7.2"] == rungs
    passes(play, 4 * DAY)
    assert view_of(play.case).level == 2


def test_a_duty_is_not_warned_about_while_everything_is_held() -> None:
    play = asked(CHAIRS)
    hold(play, 10 * DAY)
    passes(play, 10 * DAY - HOUR)
    assert [step.event for step in play.case.timeline if step.rule == "R7.2"] == []


def agreed_while_held() -> Play:
    play = asked()
    hold(play, 5 * DAY)
    hears(play, "seller_answered", Role.SELLER, "shop-qinghe", answer="agree")
    return play


def test_a_new_payment_stands_still_while_held_and_is_asked_for_afterwards() -> None:
    play = agreed_while_held()
    assert play.case.phase is Phase.FULFILMENT
    assert (play.case.money[-1].movement.state, owed(play.case)) == ("decided", None)
    passes(play, 5 * DAY - HOUR)
    assert play.case.money[-1].movement.state == "decided"
    assert not play.case.money[-1].owned_since
    passes(play, HOUR)
    assert play.case.money[-1].movement.state == "settled"


def test_a_requested_payment_goes_on_while_held() -> None:
    story = next(one for one in BY_NAME.values() if one.provider == ("pending",))
    play = opened(story, MONDAY)
    for number in range(len(story.acts)):
        if play.case.money and play.case.money[-1].movement.state == "requested":
            break
        act(play, number)
    movement = play.case.money[-1].movement
    assert movement.state == "requested"
    hold(play, 5 * DAY)
    hears(
        play,
        "payment_reported",
        Role.PAYMENT,
        "provider",
        movement=movement.key,
        result="settled",
        provider_reference="p-1",
    )
    assert play.case.money[-1].movement.state == "settled"
