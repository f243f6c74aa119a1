"""What the responsible department is asked, by when it answers, and what becomes of it (R2.6, R10.2)."""

import pytest

from tests.stories import BY_NAME
from tests.workflows.complaint.laws import broken
from tests.workflows.complaint.playing import Play
from tests.workflows.complaint.saying import (
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
    refused,
    tell,
)
from workflows.answers import Code, Receipt, Refusal
from workflows.complaint.rules.deadlines import deadlines
from workflows.complaint.rules.work_orders import responsible_department
from workflows.complaint.views.view import view_of
from workflows.policy.model import LimitName
from workflows.vocabulary import Phase, Problem, Role
from workflows.words.sentences import sentence


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
    told = next(sentence(step) or "" for step in play.case.timeline if step.event == "plan_put_to_manager")
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
    assert sentence(play.case.timeline[-1]) == "Thursday 2026-12-03 10:00"


def in_the_second_cycle() -> Play:
    play = on_stage(BY_NAME["discontent_twice_ends_with_a_letter"], 3)
    hears(play, "survey_answered", Role.BUYER, "b-lihua", score=2)
    return play


def test_a_second_cycle_asks_the_responsible_department_and_staff_may_ask_another() -> None:
    play = in_the_second_cycle()
    assert [(one.department, one.state) for one in play.case.work_orders] == [("operations", "open")]
    hears(play, "work_order_opened", Role.SUPERVISOR, "s-1", department="purchasing", question="?")
    assert [(one.department, one.state) for one in play.case.work_orders] == [
        ("operations", "superseded"),
        ("purchasing", "open"),
    ]
    ended = [notice for notice in play.notices if notice.event == "work_order_superseded"]
    assert [notice.to.id for notice in ended] == ["operations"]
    body = {"department": "order", "question": "?"}
    assert refused(play, "work_order_opened", Role.SUPERVISOR, "s-1", **body).code is Code.NOT_NOW
    assert broken(play.case) == ()


@pytest.mark.parametrize(
    ("problem", "department"),
    [(Problem.DELAYED, "order"), (Problem.QUALITY, "purchasing"), (Problem.PROMISE_NOT_KEPT, "operations")],
)
def test_each_problem_has_a_department_that_answers_for_it(problem: Problem, department: str) -> None:
    assert responsible_department(problem) == department
