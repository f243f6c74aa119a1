"""What the platform asks, of whom, and what it gives: proof, goodwill, points (R3.6, R4.4, R8.4)."""

import pytest

from tests.stories import BY_NAME
from tests.workflows.complaint.playing import Play, act, opened
from tests.workflows.complaint.saying import (
    CHAIRS,
    DAY,
    MONDAY,
    WOOL,
    asked,
    due_at,
    hears,
    on_stage,
    passes,
    proof_is_asked,
    refused,
    tell,
)
from workflows.answers import Code, Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.filing import OrderLine
from workflows.complaint.domain.parts import Leg
from workflows.complaint.rules.burden import burden
from workflows.complaint.rules.dispatch import expire
from workflows.complaint.views.view import view_of
from workflows.complaint.views.why_due import explained
from workflows.policy.loading import packaged
from workflows.policy.model import Category, LimitName
from workflows.time.limits import Length
from workflows.vocabulary import Phase, Problem, Role

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
