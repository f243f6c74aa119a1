"""What the platform asks, of whom, and what it gives: work orders, proof, goodwill, points (R2.6, R3.6, R4.4, R8.4)."""

import pytest

from starter.stories import BY_NAME
from tests.rules.laws import broken
from tests.rules.playing import Play, act, opened
from tests.rules.saying import (
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
    on_stage,
    passes,
    proof_is_asked,
    refused,
    running,
    tell,
)
from workflows.domain.answers import Code, Receipt, Refusal
from workflows.domain.case import Case
from workflows.domain.filing import OrderLine
from workflows.domain.limits import Length
from workflows.domain.parts import Leg
from workflows.domain.policy import Category, LimitName
from workflows.domain.vocabulary import Phase, Problem, Role
from workflows.policy import packaged
from workflows.rules.burden import burden
from workflows.rules.deadlines import deadlines
from workflows.rules.hearing import expire
from workflows.rules.view import view_of
from workflows.rules.why import explained

# -- work orders (R2.6) -----------------------------------------------------------------------------------------------


def with_a_work_order() -> Play:
    play = asked()
    hears(play, "work_order_opened", Role.AGENT, "a-1", department="purchasing", question="?")
    return play


def answers(play: Play, **body: object) -> Receipt | Refusal:
    return tell(play, "work_order_answered", Role.DEPARTMENT, "purchasing", **body)


def test_the_named_date_takes_the_place_of_the_three_days_and_a_hold_puts_it_off() -> None:
    play = with_a_work_order()
    assert due_at(play, LimitName.WORK_ORDER) == beijing("2026-11-27 00:00")
    hold(play, DAY)
    passes(play, DAY)  # before a date is named a hold has nothing to put off
    assert isinstance(answers(play, expected_at=(MONDAY + 10 * DAY).isoformat()), Receipt)
    assert due_at(play, LimitName.WORK_ORDER) == MONDAY + 10 * DAY
    hold(play, 2 * DAY)
    assert due_at(play, LimitName.WORK_ORDER) == MONDAY + 12 * DAY


def test_a_date_is_named_once_also_after_a_rejected_plan() -> None:
    play = with_a_work_order()
    later = (MONDAY + 10 * DAY).isoformat()
    assert isinstance(answers(play, expected_at=later), Receipt)
    assert isinstance(answers(play, cause="?", responsible="?", plan="?"), Receipt)
    hears(play, "work_order_plan_decided", Role.BUYER, "b-lihua", decision="reject", text="不")
    answer = answers(play, expected_at=later)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.rule) == (Code.ALREADY_DONE, "R2.6")


def test_a_date_named_after_the_breach_undoes_nothing() -> None:
    play = with_a_work_order()
    passes(play, 4 * DAY)
    missed = due_at(play, LimitName.WORK_ORDER)
    assert isinstance(answers(play, expected_at=(play.now + 5 * DAY).isoformat()), Receipt)
    assert due_at(play, LimitName.WORK_ORDER) == missed
    assert broken(play.case) == ()


def test_a_plan_in_time_keeps_the_promise_to_tell_the_buyer_something() -> None:
    play = with_a_work_order()
    assert due_at(play, LimitName.PLAN_TOLD) == beijing("2026-12-01 00:00")
    answers(play, cause="?", responsible="?", plan="?")
    assert [one.how for one in play.case.ended if one.name is LimitName.PLAN_TOLD] == ["met"]


def test_an_agreement_that_fails_later_does_not_open_the_question_again() -> None:
    play = on_stage(BY_NAME["the_seller_does_not_send_again_and_the_handler_takes_over"], 3)
    passes(play, 25 * HOUR)
    assert play.case.phase is Phase.INTERVENTION
    assert LimitName.PLAN_TOLD not in {one.name for one in deadlines(play.case)}
    assert broken(play.case) == ()


def test_a_counter_offer_of_the_seller_keeps_it_as_well() -> None:
    play = on_stage(WOOL, 1)
    hears(play, "seller_answered", Role.SELLER, "shop-qinghe", answer="counter", remedy="none")
    assert [one.how for one in play.case.ended if one.name is LimitName.PLAN_TOLD] == ["met"]


def rejected_twice() -> Play:
    play = with_a_work_order()
    for plan in ("补偿优惠券", "退一半货款"):
        answers(play, cause="供应商以次充好", responsible="采购二组", plan=plan)
        hears(play, "work_order_plan_decided", Role.BUYER, "b-lihua", decision="reject", text=f"不要{plan}")
    return play


def test_the_general_manager_decides_by_a_due_time_and_with_the_history() -> None:
    play = rejected_twice()
    assert due_at(play, LimitName.PLAN_DECISION) == beijing("2026-11-27 00:00")
    row = next(row for row in view_of(play.case).waiting_on if row.actor is Role.GENERAL_MANAGER)
    assert (row.action, row.rule, row.mandatory) == ("work_order_plan_decided", "R2.6", True)
    told = next(step.reason or "" for step in play.case.timeline if step.event == "plan_put_to_manager")
    assert all(
        words in told for words in ("供应商以次充好", "采购二组", "补偿优惠券", "不要补偿优惠券", "不要退一半货款")
    )
    hears(play, "work_order_plan_decided", Role.GENERAL_MANAGER, "g-1", decision="accept", text="照此执行")
    assert [one.how for one in play.case.ended if one.name is LimitName.PLAN_DECISION] == ["met"]


def test_a_complaint_whose_policy_knows_no_such_limit_goes_on_without() -> None:
    play = rejected_twice()
    limits = {name: limit for name, limit in play.case.policy.limits.items() if name is not LimitName.PLAN_DECISION}
    play.case = play.case.but(policy=play.case.policy.but(limits=limits))
    assert LimitName.PLAN_DECISION not in {one.name for one in deadlines(play.case)}


def test_the_date_is_told_to_buyer_and_handler() -> None:
    play = with_a_work_order()
    answers(play, expected_at=(MONDAY + 10 * DAY).isoformat())
    assert {"date_named buyer", "date_named agent"} <= {*play.told}
    assert play.case.timeline[-1].reason == "Thursday 2026-12-03 10:00"


def test_a_work_order_of_the_first_edition_runs_on_beside_fulfilment() -> None:
    play = with_a_work_order()
    play.case = play.case.but(edition=1)
    hears(play, "seller_answered", Role.SELLER, "shop-qinghe", answer="agree")
    assert running(play.case, LimitName.WORK_ORDER)


# -- who must prove (R4.4) --------------------------------------------------------------------------------------------


def disputing(problem: Problem, **order: object) -> Case:
    case = opened(CHAIRS, MONDAY).case
    assert case.order is not None
    return case.but(filing=case.filing.but(problem=problem), order=case.order.but(**order))


def came_back(case: Case, condition: str) -> Case:
    leg = Leg(leg="return", by=Role.BUYER, since=MONDAY).but(condition=condition)
    return case.but(goods=(leg,))


UNSHIPPED = {"shipped_at": None, "delivered_at": None}


@pytest.mark.parametrize(
    ("case", "provers", "proof"),
    [
        (disputing(Problem.NOT_RECEIVED, **UNSHIPPED), ("seller",), "ships at once"),
        (disputing(Problem.NOT_RECEIVED), ("seller",), "tracking number"),
        (disputing(Problem.QUALITY), ("buyer", "seller"), "photos or video"),
        (disputing(Problem.NOT_AS_DESCRIBED), ("buyer", "seller"), "photos or video"),
        (disputing(Problem.DAMAGED_IN_TRANSIT), ("buyer", "seller"), "photos or video"),
        (came_back(disputing(Problem.QUALITY), "damaged"), ("seller",), "logistics and receipt"),
        (came_back(disputing(Problem.QUALITY), "not_received"), ("buyer",), "proof of delivery"),
        (came_back(disputing(Problem.NO_REASON_RETURN), "damaged"), ("seller",), "on opening"),
        (came_back(disputing(Problem.NO_REASON_RETURN), "not_received"), ("buyer",), "proof of delivery"),
        (came_back(disputing(Problem.QUALITY), "intact"), ("buyer", "seller"), "photos or video"),
        (disputing(Problem.PROMISE_NOT_KEPT), ("seller",), "chat record"),
        (disputing(Problem.PAYMENT_METHOD_REFUSED), ("seller",), "chat record"),
        (disputing(Problem.SERVICE_ATTITUDE), ("buyer",), "chat record"),
        (disputing(Problem.COUNTERFEIT), ("seller",), "purchase proof"),
        (disputing(Problem.NO_REASON_RETURN), ("seller",), "on opening"),
    ],
)
def test_the_burden_table_says_who_must_prove(case: Case, provers: tuple[str, ...], proof: str) -> None:
    row = burden(case)
    assert row is not None
    assert row.provers == provers
    assert proof in row.proof


def in_a_category(play: Play) -> Play:
    row = packaged().policy.burden[0].but(problems=(Problem.NOT_AS_DESCRIBED,), returned=None, proof="a lab report")
    fresh = Category(evidence=Length.parse("1d"), burden=(row,))
    order = play.case.order
    assert isinstance(order, OrderLine)
    policy = play.case.policy.but(categories={"fresh_food": fresh})
    play.case = play.case.but(policy=policy, order=order.but(category="fresh_food"))
    return play


def test_a_category_of_items_has_its_own_time_and_burden() -> None:
    play = in_a_category(asked())
    row = burden(play.case)
    assert row is not None
    assert row.proof == "a lab report"
    proof_is_asked(play, "seller")
    assert due_at(play, LimitName.EVIDENCE) == MONDAY + DAY
    passes(play, DAY)
    assert play.case.timeline[-1].event == "evidence_silence"
    told = next(one for one in explained(play.case) if one.name is LimitName.EVIDENCE)
    assert told.explanation.due_at == MONDAY + DAY
    assert not view_of(play.case).clock.paused  # the stop was as short


# -- goodwill (R3.6) --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_up", "most"), [(0, 2990), (1, 5980), (2, 8970), (3, 8970)], ids=["first", "second", "third", "never above"]
)
def test_goodwill_is_bound_by_its_rung_of_what_was_paid(given_up: int, most: int) -> None:
    play = on_stage(BY_NAME["goodwill_rises_from_rung_to_rung_and_never_above"], 2)
    for number in range(1, given_up + 1):
        goodwill(play, 100)
        hears(play, "offer_rejected", Role.BUYER, "b-lihua", offer=number)
    answer = tell(play, "offer_made", Role.AGENT, "a-1", remedy="coupon", amount=_fen(most + 1), text="券")
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.rule) == (Code.ABOVE_LIMIT, "R3.6")
    goodwill(play, most)


def goodwill(play: Play, fen: int) -> None:
    hears(play, "offer_made", Role.AGENT, "a-1", remedy="coupon", amount=_fen(fen), text="券")


def _fen(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "CNY"}


def test_goodwill_that_was_replaced_opens_no_rung() -> None:
    play = on_stage(BY_NAME["goodwill_rises_from_rung_to_rung_and_never_above"], 2)
    goodwill(play, 100)
    goodwill(play, 200)
    answer = refused(play, "offer_made", Role.AGENT, "a-1", remedy="coupon", amount=_fen(2991), text="券")
    assert answer.rule == "R3.6"


def test_the_parties_own_offers_are_bound_by_the_price_alone() -> None:
    play = on_stage(BY_NAME["goodwill_rises_from_rung_to_rung_and_never_above"], 2)
    hears(play, "offer_made", Role.SELLER, "shop-qinghe", remedy="compensation", amount=_fen(29900), text="补偿")


# -- points (R8.4) and the second failure (R6.6) ----------------------------------------------------------------------


def test_points_are_owed_once_for_a_kind() -> None:
    silent = opened(WOOL, MONDAY)
    act(silent, 0)
    case = expire(silent.case, MONDAY + 3 * DAY)
    assert case.points_owed == ("seller_silent",)
    silent.case, silent.now = case, MONDAY + 3 * DAY
    ruling = {"liability": "seller", "remedy": "refund", "freight": "seller", "reason": "seller_silent", "text": "?"}
    hears(silent, "ruled", Role.AGENT, "a-1", amount=_fen(29900), **ruling)
    hears(silent, "ruling_confirmed", Role.SELLER, "shop-qinghe", ruling=1)
    hears(silent, "ruling_confirmed", Role.BUYER, "b-lihua", ruling=1)
    assert silent.case.points_owed == ("seller_silent",)


def test_a_seller_who_declines_what_it_promised_owes_points() -> None:
    play = on_stage(BY_NAME["the_seller_does_not_send_again_and_the_handler_takes_over"], 2)
    hears(play, "fulfilment_declined", Role.SELLER, "shop-tianshan", reason="out_of_stock")
    assert play.case.phase is Phase.INTERVENTION
    assert play.case.points_owed == ("fulfilment_not_done",)


@pytest.mark.parametrize(("condition", "severity"), [("damaged", "major"), ("not_received", "general")])
def test_only_a_repair_that_failed_makes_it_major(condition: str, severity: str) -> None:
    story = BY_NAME["the_repaired_goods_fail_again_and_it_is_major"]
    play = on_stage(story, len(story.acts) - 3)
    hears(play, "goods_received", Role.BUYER, "b-zhaojie", leg="repaired", condition=condition)
    assert play.case.severity == severity
