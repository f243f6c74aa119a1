"""The tighter limits of the platform: several limits of one duty, one ladder (R4.3)."""

import pytest

from tests.stories import BY_NAME
from tests.workflows.complaint.laws import broken
from tests.workflows.complaint.playing import Play, act
from tests.workflows.complaint.saying import (
    DAY,
    HOUR,
    MONDAY,
    asked,
    beijing,
    due_at,
    hears,
    on_stage,
    passes,
    proof_is_asked,
    proven,
    running,
)
from workflows.complaint.views.view import waiting_on
from workflows.policy.loading import packaged
from workflows.policy.model import LimitName
from workflows.vocabulary import Role, Severity
from workflows.words.sentences import sentence

RULING = {
    "liability": "seller",
    "remedy": "apology",
    "freight": "seller",
    "reason": "quality_defect",
    "text": "判定",
}


@pytest.mark.parametrize(
    ("story", "name", "hours"),
    [
        ("on_quality_the_handler_moves_only_after_72_hours", LimitName.FIRST_MOVE_QUALITY, 72),
        ("on_a_shipment_the_handler_moves_only_after_24_hours", LimitName.FIRST_MOVE_LOGISTICS, 24),
    ],
)
def test_an_offer_ends_the_tighter_limit_but_not_the_resolution(story: str, name: LimitName, hours: int) -> None:
    play = asked(BY_NAME[story])
    assert due_at(play, name) == MONDAY + hours * HOUR
    hears(play, "offer_made", Role.AGENT, "a-1", remedy="none", text="建议协商")
    assert [one.how for one in play.case.ended if one.name is name] == ["met"]
    assert running(play.case, LimitName.RESOLVE)


def test_a_major_complaint_has_a_call_and_a_resolution_of_its_own() -> None:
    play = on_stage(BY_NAME["a_major_complaint_is_called_in_a_day_and_resolved_in_two"], 2)
    assert due_at(play, LimitName.CONTACT_MAJOR) == MONDAY + 24 * HOUR
    assert due_at(play, LimitName.RESOLVE_MAJOR) == MONDAY + 48 * HOUR
    shown = {row.rule: row.due_at for row in waiting_on(play.case) if row.action == "ruled"}
    assert shown == {"R4.3": MONDAY + 48 * HOUR}


def left_lying(days: int) -> Play:
    play = on_stage(BY_NAME["a_major_complaint_is_called_in_a_day_and_resolved_in_two"], 2)
    passes(play, days * DAY)
    return play


def rungs(play: Play, act: str) -> list[str]:
    return [step.event for step in play.case.timeline if (sentence(step) or "").startswith(act)]


def test_the_further_limit_of_a_duty_that_climbs_is_only_marked_missed() -> None:
    play = left_lying(14)
    taken = rungs(play, "platform resolves")
    assert taken.count("limit_missed") == 1
    assert [event for event in taken if event not in {"limit_missed", "duty_reminded"}] == [
        "duty_warned",
        "duty_missed",
        "escalated_to_supervisor",
        "escalated_to_operations_manager",
    ]
    marked = next(step for step in play.case.timeline if step.event == "limit_missed")
    assert (marked.rule, marked.at) == ("R4.3", beijing("2026-12-03 00:00"))
    hears(play, "seller_answered", Role.SELLER, "shop-qinghe", answer="agree")
    ended = {one.name: one.how for one in play.case.ended}
    assert (ended[LimitName.RESOLVE_MAJOR], ended[LimitName.RESOLVE]) == ("expired", "expired")


def test_a_further_limit_that_is_kept_is_kept() -> None:
    play = left_lying(3)
    hears(play, "ruled", Role.AGENT, "a-1", **RULING)
    ended = {one.name: one.how for one in play.case.ended}
    assert (ended[LimitName.RESOLVE_MAJOR], ended[LimitName.RESOLVE]) == ("expired", "met")


def test_the_ladder_goes_on_by_the_tightest_limit_even_where_that_changes() -> None:
    """Asked again and again for proof by day, the 48 h last longer than the 7 working days."""
    play = left_lying(0)
    for _ in range(10):
        proof_is_asked(play, "seller")
        passes(play, 13 * HOUR)
        proven(play, Role.SELLER, "shop-qinghe")
        passes(play, 4 * HOUR)  # around midnight, so that each working day counts
        proof_is_asked(play, "buyer")
        passes(play, 7 * HOUR)
        proven(play, Role.BUYER, "b-lihua")
    climb = next(one for one in play.case.climbs if one.name is LimitName.RESOLVE)
    assert climb.missed_at == beijing("2026-12-03 00:00") < due_at(play, LimitName.RESOLVE_MAJOR)
    passes(play, 5 * DAY)
    taken = rungs(play, "platform resolves")
    assert taken[:3] == ["duty_warned", "duty_missed", "escalated_to_supervisor"]
    assert [taken.count(once) for once in ("duty_warned", "duty_missed", "limit_missed")] == [1, 1, 1]
    assert broken(play.case) == ()


def test_who_was_warned_before_it_became_major_is_not_warned_again() -> None:
    play = asked()
    passes(play, 8 * DAY)
    assert rungs(play, "platform resolves") == ["duty_warned"]
    play.case = play.case.but(severity=Severity.MAJOR)
    passes(play, HOUR)
    assert rungs(play, "platform resolves")[:3] == ["duty_warned", "duty_missed", "escalated_to_supervisor"]


def test_who_becomes_major_late_climbs_by_the_tighter_limit_from_the_asking_on() -> None:
    play = on_stage(BY_NAME["the_department_names_a_date_and_its_second_plan_is_accepted"], 8)
    assert play.case.severity is Severity.GENERAL
    act(play, 8)
    assert str(play.case.severity) == "major"
    assert due_at(play, LimitName.RESOLVE_MAJOR) == MONDAY + 48 * HOUR
    assert broken(play.case) == ()


def test_whether_the_target_of_a_general_complaint_was_met_can_be_counted_from_the_record() -> None:
    """The 24 h are a target: no step, no rung; a report compares when the duty to resolve began and ended."""
    target = packaged().policy.target_general.elapsed
    for hours, kept in ((23, True), (25, False)):
        play = asked()
        passes(play, hours * HOUR)
        hears(play, "ruled", Role.AGENT, "a-1", **RULING)
        resolved = next(one for one in play.case.ended if one.name is LimitName.RESOLVE)
        assert (resolved.how, resolved.at - resolved.start <= target) == ("met", kept)
