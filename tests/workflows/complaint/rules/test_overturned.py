"""Overturned later: points are reversed each by its own step, the platform pays the seller, once (R5.6, R8.4)."""

from tests.stories import BY_NAME
from tests.stories.overturning import BY_A_COURT, RULED_AND_PAID
from tests.workflows.complaint.laws import broken
from tests.workflows.complaint.playing import Play
from tests.workflows.complaint.saying import DAY, hears, hold, on_stage, passes, refused
from workflows.answers import Code
from workflows.complaint.rules.deadlines import deadlines
from workflows.complaint.rules.money.orders import decided
from workflows.complaint.rules.money.settlement import owed
from workflows.complaint.views.view import waiting_on
from workflows.money.amount import Money
from workflows.vocabulary import MoneyState, Phase, Purpose, Role
from workflows.words.sentences import sentence

PAID = len(RULED_AND_PAID)


def court(play: Play, result: str | None = "overturned") -> None:
    body = {"forum": "court", "reference": "2026-1", **({"result": result} if result else {})}
    hears(play, "external_recourse_noted", Role.AGENT, "a-1", **body)


def given_back(play: Play) -> list[tuple[str, str, int]]:
    restitutions = [one.movement for one in play.case.money if one.movement.purpose is Purpose.RESTITUTION]
    return [(f"{one.payer}", f"{one.payee}", one.amount.amount) for one in restitutions]


def events(play: Play, event: str) -> list[str | None]:
    return [sentence(step) for step in play.case.timeline if step.event == event]


def settling() -> Play:
    """A ruling for the buyer was fulfilled, and the provider settles whatever it is asked for."""
    return on_stage(BY_A_COURT, PAID)


def test_what_the_seller_paid_is_given_back_once_and_does_not_count_as_the_buyers() -> None:
    play = settling()
    before = decided(play.case)
    court(play)
    court(play)
    assert given_back(play) == [("system:platform", "seller:shop-qinghe", 29900)]
    assert events(play, "points_reversed") == ["not_as_described"]
    assert play.case.points_owed == ()
    assert decided(play.case) == before == Money(amount=29900)
    assert broken(play.case) == ()


def test_an_upheld_ruling_or_a_recourse_without_a_result_changes_nothing() -> None:
    play = settling()
    for result in (None, "upheld"):
        court(play, result)
    assert given_back(play) == []
    assert play.case.points_owed == ("not_as_described",)


def test_a_ruling_overturned_before_it_is_final_is_fulfilled_all_the_same_and_the_seller_made_whole() -> None:
    play = on_stage(BY_A_COURT, 4)
    assert f"{play.case.phase}" == "confirmation"
    court(play)
    assert given_back(play) == []
    passes(play, 3 * DAY)
    assert play.case.phase is Phase.FOLLOW_UP
    assert [one.movement.purpose for one in play.case.money] == [Purpose.REFUND, Purpose.RESTITUTION]
    assert play.case.points_owed == ()
    assert broken(play.case) == ()


def test_points_for_silence_stay_the_silence_was_the_sellers_own() -> None:
    play = on_stage(BY_NAME["the_seller_is_silent_and_the_platform_steps_in"], 2)
    assert play.case.points_owed == ("seller_silent",)
    ruling = {"liability": "seller", "freight": "seller", "reason": "quality_defect", "text": "判定"}
    handler = play.case.handler or ""
    hears(play, "ruled", Role.AGENT, handler, remedy="refund", amount={"amount": 100, "currency": "CNY"}, **ruling)
    passes(play, 3 * DAY)
    assert {*play.case.points_owed} == {"seller_silent", "quality_defect"}
    court(play)
    assert play.case.points_owed == ("seller_silent",)


def test_what_was_agreed_is_not_overturned() -> None:
    play = on_stage(BY_NAME["the_seller_agrees_at_once"], 2)
    assert play.case.phase is Phase.FOLLOW_UP
    court(play)
    assert given_back(play) == []


def test_a_restitution_is_held_like_every_new_payment_and_not_lost() -> None:
    play = settling()
    hold(play, 5 * DAY)
    court(play)
    assert owed(play.case) is None
    assert play.case.money[-1].movement.state is MoneyState.DECIDED
    hears(play, "survey_answered", Role.BUYER, "b-lihua", score=5)
    assert not play.case.closed
    refused_kind = refused(play, "withdrawn", Role.BUYER, "b-lihua", reason="?")
    assert refused_kind.code is Code.NOT_NOW
    passes(play, 5 * DAY)
    assert play.case.closed
    assert play.case.money[-1].movement.state is MoneyState.SETTLED
    assert broken(play.case) == ()


def test_a_restitution_that_failed_is_paid_again_to_the_seller() -> None:
    play = settling()
    play.story = BY_NAME["the_provider_declines_and_the_payment_is_retried"]
    play.asked = 0
    court(play)
    key = play.case.money[-1].movement.key
    assert play.case.money[-1].movement.state is MoneyState.FAILED
    hears(play, "payment_retried", Role.AGENT, "a-1", movement=key, reason="重试")
    again = play.case.money[-1].movement
    assert (again.purpose, f"{again.payee}", again.state) == (Purpose.RESTITUTION, "seller:shop-qinghe", "settled")
    assert len(given_back(play)) == 2


# -- nothing decided is lost when a complaint ends (R6.10, R10.4) ------------------------------------------------------


def test_a_refund_that_came_back_is_seen_to_before_a_later_ruling_that_gives_nothing_closes() -> None:
    play = settling()
    refund = play.case.money[0].movement.key
    hears(play, "survey_answered", Role.BUYER, "b-lihua", score=2)
    report = {"movement": refund, "result": "reversed", "provider_reference": "p-1"}
    hears(play, "payment_reported", Role.PAYMENT, "provider", **report)
    nothing = {"liability": "buyer", "remedy": "none", "freight": "buyer", "reason": "buyer_misuse", "text": "判定"}
    hears(play, "ruled", Role.SUPERVISOR, "s-1", **nothing)
    passes(play, 3 * DAY)
    assert f"{play.case.phase}" == "fulfilment"
    assert events(play, "closing") == ["unfounded, once its money has arrived"]
    assert [row.action for row in waiting_on(play.case)] == ["payment_retried"]
    hears(play, "payment_retried", Role.AGENT, "a-1", movement=refund, reason="重试")
    assert play.case.closed
    assert [one.movement.state for one in play.case.money] == ["reversed", "settled", "settled"]
    assert given_back(play) == [("system:platform", "seller:shop-qinghe", 29900)]
    assert broken(play.case) == ()


def test_a_buyer_who_disputed_is_not_asked_by_the_old_time_when_a_return_is_agreed_after_all() -> None:
    story = BY_NAME["the_buyer_proves_the_return_and_the_advance_is_the_buyers"]
    disputed = next(n for n, act in enumerate(story.acts) if getattr(act, "kind", "") == "buyer_contacted")
    play = on_stage(story, disputed + 1)
    passes(play, 4 * DAY)
    hears(play, "seller_answered", Role.SELLER, "shop-guanghe", answer="agree")
    assert "advance_contact" not in {one.name for one in deadlines(play.case)}
    passes(play, DAY)
    assert not play.case.closed
    assert broken(play.case) == ()
