"""Advances where stories are too coarse: who may be advanced what, one winner within one instant, what fails (R9)."""

from dataclasses import replace
from itertools import permutations

import pytest

from starter.demo.stories.story import ProviderAnswer
from tests.stories import BY_NAME
from tests.workflows.complaint.laws import broken
from tests.workflows.complaint.playing import Play
from tests.workflows.complaint.rules.test_dispatch import message
from tests.workflows.complaint.saying import DAY, HOUR, due_at, hears, hold, on_stage, passes, refused, released
from workflows.answers import Code, Receipt
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import Message
from workflows.complaint.domain.view import AdvanceView
from workflows.complaint.rules.advances.entitlement import against_an_advance, most_to_be_advanced
from workflows.complaint.rules.deadlines import deadlines
from workflows.complaint.rules.dispatch import allowed, hear, paid
from workflows.complaint.rules.money.orders import decided_for_the_buyer
from workflows.complaint.rules.money.settlement import owed, requested
from workflows.complaint.views.details import current_details
from workflows.complaint.views.view import view_of
from workflows.money.amount import Money
from workflows.money.movement import PaymentAnswer
from workflows.policy.model import LimitName
from workflows.vocabulary import MoneyState, Outcome, Phase, Purpose, Role

KEEPS_IT = BY_NAME["an_advance_goes_back_when_the_ruling_is_overturned"]
RETURNS_IT = BY_NAME["an_advance_is_unfrozen_when_the_return_is_intact"]
UNCOVERED = BY_NAME["the_handler_orders_an_advance_where_the_sellers_money_does_not_cover"]
OWES = BY_NAME["what_cannot_be_recovered_is_a_debt_of_the_seller"]
WHOLE = Money(amount=60000)
_said = iter(range(10_000))


def ruled() -> Play:
    """Ruled for the buyer, liable is the seller, nobody has confirmed."""
    play = on_stage(KEEPS_IT, 4)
    assert play.case.phase is Phase.CONFIRMATION
    return play


def frozen() -> Play:
    """The whole is advanced, the ruling not final."""
    play = on_stage(KEEPS_IT, 6)
    assert advance(play.case).state == "frozen"
    return play


def awaiting() -> Play:
    """The whole is advanced, the ruling final, the return awaited."""
    play = on_stage(RETURNS_IT, 9)
    assert play.case.phase is Phase.FULFILMENT
    return play


def uncovered() -> Play:
    """The ruling is final, and the seller's money does not cover the refund."""
    return on_stage(UNCOVERED, 7)


def advance(case: Case) -> AdvanceView:
    shown = view_of(case).advance
    assert shown is not None
    return shown


def orders(play: Play, fen: int) -> None:
    amount = {"amount": fen, "currency": "CNY"}
    hears(play, "advance_ordered", Role.AGENT, "a-1", amount=amount, reason="垫付")


def refused_advance(play: Play, fen: int = 60000) -> tuple[Code, str]:
    amount = {"amount": fen, "currency": "CNY"}
    answer = refused(play, "advance_ordered", Role.AGENT, "a-1", amount=amount, reason="垫付")
    return answer.code, answer.rule


def reported(play: Play, purpose: str, result: str, number: int = 1) -> None:
    body = {"movement": f"{play.case.complaint}:{purpose}:{number}", "result": result, "provider_reference": "p-1"}
    hears(play, "payment_reported", Role.PAYMENT, "provider", **body)


def retries(play: Play, purpose: str, number: int = 1) -> None:
    key = f"{play.case.complaint}:{purpose}:{number}"
    hears(play, "payment_retried", Role.AGENT, "a-1", movement=key, reason="重试")


def states(case: Case, purpose: Purpose) -> list[MoneyState]:
    return [one.movement.state for one in case.money if one.movement.purpose is purpose]


def answering(play: Play, *answers: ProviderAnswer) -> Play:
    """Let the provider answer the next movements so."""
    yes: ProviderAnswer = "settled"
    play.story = replace(play.story, provider=(*[yes] * play.asked, *answers))
    return play


# -- who may be advanced what (R9.1) -------------------------------------------------------------------------------


def test_before_a_ruling_and_once_the_seller_has_confirmed_nothing_is_advanced() -> None:
    play = ruled()
    hears(play, "ruling_confirmed", Role.SELLER, "shop-guanghe", ruling=1)
    assert refused_advance(play) == (Code.NOT_NOW, "R9.1")


def test_a_buyer_of_bad_standing_is_advanced_nothing_and_told_by_which_rule() -> None:
    play = ruled()
    play.case = play.case.but(unfounded_before=2)
    assert against_an_advance(play.case) is None
    play.case = play.case.but(unfounded_before=3)
    assert refused_advance(play) == (Code.INCONSISTENT, "R9.1")
    assert "advance_ordered" not in allowed(play.case)


def test_no_more_is_advanced_than_the_ruling_gives_and_not_nothing() -> None:
    play = ruled()
    assert most_to_be_advanced(play.case) == WHOLE
    assert refused_advance(play, 60001) == (Code.ABOVE_LIMIT, "R9.1")
    assert refused_advance(play, 0) == (Code.ABOVE_LIMIT, "R9.1")


def test_one_advance_at_a_time() -> None:
    play = ruled()
    orders(play, 10000)
    assert refused_advance(play, 10000) == (Code.ALREADY_DONE, "R9.1")


@pytest.mark.parametrize("liability", ["carrier", "platform", "both", "nobody"])
def test_only_where_the_seller_alone_is_liable(liability: str) -> None:
    play = ruled()
    ruling = play.case.rulings[-1].but(liability=liability)
    play.case = play.case.but(rulings=(ruling,))
    assert refused_advance(play) == (Code.INCONSISTENT, "R9.1")


def test_a_pending_ruling_and_one_sent_back_do_not_stand() -> None:
    play = ruled()
    for state in ("pending", "replaced"):
        play.case = play.case.but(rulings=(play.case.rulings[-1].but(state=state),))
        assert refused_advance(play) == (Code.NOT_NOW, "R9.1")


def test_what_is_advanced_counts_against_the_line_for_other_complaints_too() -> None:
    assert decided_for_the_buyer(frozen().case) == WHOLE


# -- one winner within one instant (R7.4, R9.6) --------------------------------------------------------------------


def said(kind: str, role: Role, who: str, **body: object) -> Message:
    return message(kind, role, who, message_id=f"n-{next(_said)}", **body)


def pending() -> Case:
    """An advance is asked for, and the provider has not said yes or no."""
    play = answering(ruled(), "pending")
    orders(play, 60000)
    assert states(play.case, Purpose.ADVANCE) == [MoneyState.REQUESTED]
    return play.case


def settled(case: Case) -> Case:
    """Let the provider settle whatever is owed."""
    while movement := owed(case):
        case = paid(requested(case, movement.key, case.now), movement.key, PaymentAnswer(result="settled"), case.now)
    return case


REPORT = {"movement": "C20261123-7K3M9Q0VWX:advance:1", "provider_reference": "p-1"}


@pytest.mark.parametrize("result", ["settled", "failed"])
def test_withdrawal_and_the_providers_word_in_one_task_end_alike_whichever_comes_first(result: str) -> None:
    ends = set()
    for order in permutations(("withdrawn", "reported")):
        case = pending()
        for one in order:
            word = said("payment_reported", Role.PAYMENT, "provider", result=result, **REPORT)
            withdrawal = said("withdrawn", Role.BUYER, "b-suqing", reason="和解")
            case, answer = hear(case, withdrawal if one == "withdrawn" else word, case.now)
            assert isinstance(answer, Receipt)
            assert broken(case) == ()
        case = settled(case)
        ends.add((case.outcome, tuple(one.movement.key + one.movement.state for one in case.money)))
        assert broken(case) == ()
    ((outcome, movements),) = ends
    assert outcome is Outcome.WITHDRAWN
    assert len(movements) == (2 if result == "settled" else 1)


def test_ordered_and_withdrawn_in_one_task_nobody_is_asked_for_anything() -> None:
    case = ruled().case
    amount = {"amount": 60000, "currency": "CNY"}
    case, _ = hear(case, said("advance_ordered", Role.AGENT, "a-1", amount=amount, reason="垫付"), case.now)
    case, _ = hear(case, said("withdrawn", Role.BUYER, "b-suqing", reason="和解"), case.now)
    assert (case.outcome, owed(case), states(case, Purpose.ADVANCE)) == (Outcome.WITHDRAWN, None, [MoneyState.FAILED])
    assert view_of(case).advance is None


def test_a_final_ruling_and_the_providers_word_in_one_task_end_alike_whichever_comes_first() -> None:
    ends = set()
    for order in permutations(("final", "reported")):
        case = pending()
        for one in order:
            if one == "reported":
                case, _ = hear(case, said("payment_reported", Role.PAYMENT, "p", result="settled", **REPORT), case.now)
                continue
            for role, who in ((Role.BUYER, "b-suqing"), (Role.SELLER, "shop-guanghe")):
                case, _ = hear(case, said("ruling_confirmed", role, who, ruling=1), case.now)
        case = settled(case)
        assert broken(case) == ()
        ends.add((case.phase, tuple(one.movement.key for one in case.money), advance(case)))
    assert len(ends) == 1
    assert next(iter(ends))[2].recovery == "recovered"


def test_after_a_withdrawal_nothing_else_is_heard_that_could_move_money() -> None:
    case, _ = hear(frozen().case, said("withdrawn", Role.BUYER, "b-suqing", reason="和解"), frozen().now)
    assert case.closing is not None
    assert not {"advance_ordered", "ruled", "ruling_confirmed", "ruling_appealed", "withdrawn"} & {*allowed(case)}
    assert {one.name for one in deadlines(case)} == {LimitName.PAYMENT}
    assert "closes as **withdrawn**" in current_details(case)


# -- what fails has an owner, or is a debt (R6.10, R9.5) -----------------------------------------------------------


def test_an_advance_that_fails_is_the_handlers_until_it_is_ordered_again() -> None:
    play = answering(ruled(), "declined")
    orders(play, 60000)
    assert due_at(play, LimitName.PAYMENT_OWNED) > play.now
    retries(play, "advance")
    assert states(play.case, Purpose.ADVANCE) == [MoneyState.FAILED, MoneyState.SETTLED]
    assert advance(play.case).frozen == WHOLE


def test_an_advance_that_fails_is_forgotten_once_the_ruling_is_final_and_the_refund_is_paid() -> None:
    play = answering(ruled(), "declined")
    orders(play, 60000)
    hears(play, "ruling_confirmed", Role.BUYER, "b-suqing", ruling=1)
    passes(play, 2 * DAY + HOUR)
    assert states(play.case, Purpose.REFUND) == [MoneyState.SETTLED]
    assert play.case.phase is Phase.FOLLOW_UP


def test_an_advance_that_fails_while_it_stands_for_the_refund_gives_way_to_the_refund() -> None:
    case = pending()
    for role, who in ((Role.BUYER, "b-suqing"), (Role.SELLER, "shop-guanghe")):
        case, _ = hear(case, said("ruling_confirmed", role, who, ruling=1), case.now)
    assert owed(case) is None
    case, _ = hear(case, said("payment_reported", Role.PAYMENT, "p", result="failed", **REPORT), case.now)
    case = settled(case)
    assert states(case, Purpose.REFUND) == [MoneyState.SETTLED]
    assert case.phase is Phase.FOLLOW_UP


@pytest.mark.parametrize("purpose", ["unfreeze", "claw_back"])
def test_what_leaves_the_frozen_account_and_fails_is_tried_again_as_it_was(purpose: str) -> None:
    play = answering(on_stage(RETURNS_IT, 11), "declined")
    if purpose == "unfreeze":
        body = {"leg": "return", "condition": "short", "quantity": 1}
        hears(play, "goods_received", Role.SELLER, "shop-guanghe", **body)
    else:
        hears(play, "goods_received", Role.SELLER, "shop-guanghe", leg="return", condition="not_received")
        hears(play, "buyer_contacted", Role.AGENT, "a-1", result="confirmed")
    assert not play.case.closed
    assert due_at(play, LimitName.PAYMENT_OWNED) > play.now
    assert advance(play.case).frozen == WHOLE
    retries(play, purpose)
    first, second = (one.movement for one in play.case.money if one.movement.purpose == purpose)
    assert (first.amount, first.rest, first.payee) == (second.amount, second.rest, second.payee)
    assert not advance(play.case).frozen
    assert play.case.phase in {Phase.FOLLOW_UP, Phase.CLOSED}


def test_a_debt_keeps_nothing_open_and_can_be_tried_again_by_hand() -> None:
    play = on_stage(OWES, 9)
    assert play.case.phase is Phase.FOLLOW_UP
    assert (advance(play.case).recovery, advance(play.case).unfrozen) == ("debt", WHOLE)
    assert "the seller owes **400.00**" in current_details(play.case)
    play.held = Money(amount=50000)
    retries_the_debt(play)
    assert advance(play.case).recovery == "recovered"
    assert play.case.phase is Phase.FOLLOW_UP


def retries_the_debt(play: Play) -> None:
    retries(play, "recovery")  # the one that failed for want of cover; a part of it came back since


def test_a_complaint_waits_for_a_debt_that_is_tried_again_before_it_closes() -> None:
    play = answering(on_stage(OWES, 9), "pending")
    play.held = WHOLE
    retries_the_debt(play)
    hears(play, "survey_answered", Role.BUYER, "b-suqing", score=5)
    assert not play.case.closed
    reported(play, "recovery", "settled", 3)
    assert play.case.outcome is Outcome.FULFILLED


def test_a_recovery_that_the_provider_takes_back_is_a_debt_and_stops_nothing() -> None:
    play = on_stage(BY_NAME["an_advance_is_unfrozen_when_the_ruling_is_final"], 11)
    assert advance(play.case).recovery == "recovered"
    reported(play, "recovery", "reversed")
    assert advance(play.case).recovery == "debt"
    assert play.case.phase is Phase.FOLLOW_UP


def test_held_money_is_paid_out_as_far_as_the_provider_has_it() -> None:
    play = on_stage(BY_NAME["nothing_is_returned_and_the_advance_goes_back"], 10)
    play.held = Money(amount=12345)
    hears(play, "buyer_contacted", Role.AGENT, "a-1", result="confirmed")
    payouts = [one.movement for one in play.case.money if one.movement.purpose is Purpose.PAYOUT]
    assert [(str(one.amount), one.state) for one in payouts] == [("620.00", "failed"), ("123.45", "settled")]
    assert play.case.outcome is Outcome.LAPSED


# -- what the provider takes back (R9.6) ---------------------------------------------------------------------------


def test_a_frozen_advance_that_the_provider_takes_back_was_never_made_and_has_an_owner() -> None:
    play = frozen()
    reported(play, "advance", "reversed")
    assert (advance(play.case).state, broken(play.case)) == ("ordered", ())
    assert due_at(play, LimitName.PAYMENT_OWNED) > play.now
    retries(play, "advance")
    assert advance(play.case).frozen == WHOLE


def test_an_advance_taken_back_and_made_again_leaves_the_question_to_the_buyer_open() -> None:
    play = awaiting()
    passes(play, 7 * DAY + HOUR)
    asked = due_at(play, LimitName.ADVANCE_CONTACT)
    reported(play, "advance", "reversed")
    retries(play, "advance")
    assert due_at(play, LimitName.ADVANCE_CONTACT) == asked
    hears(play, "buyer_contacted", Role.AGENT, "a-1", result="confirmed")
    assert (play.case.outcome, advance(play.case).state) == (Outcome.LAPSED, "clawed_back")


def test_an_advance_that_has_left_the_frozen_account_cannot_be_taken_back() -> None:
    play = on_stage(BY_NAME["an_advance_is_unfrozen_when_the_ruling_is_final"], 11)
    body = {"movement": f"{play.case.complaint}:advance:1", "result": "reversed", "provider_reference": "p-1"}
    answer = refused(play, "payment_reported", Role.PAYMENT, "provider", **body)
    assert (answer.code, answer.rule) == (Code.ALREADY_DONE, "R9.6")
    assert broken(play.case) == ()


def test_an_unfreezing_that_the_provider_takes_back_is_frozen_again_until_it_is_retried() -> None:
    play = on_stage(BY_NAME["an_advance_is_unfrozen_when_the_ruling_is_final"], 11)
    reported(play, "unfreeze", "reversed")
    assert (advance(play.case).state, play.case.phase) == ("frozen", Phase.FULFILMENT)
    retries(play, "unfreeze")
    assert (advance(play.case).state, play.case.phase) == ("unfrozen", Phase.FOLLOW_UP)


# -- holds, send backs, shortage -----------------------------------------------------------------------------------


def test_under_a_hold_an_advance_is_decided_and_nobody_is_asked_for_it() -> None:
    play = ruled()
    hold(play, 5 * DAY)
    orders(play, 60000)
    assert states(play.case, Purpose.ADVANCE) == [MoneyState.DECIDED]
    assert advance(play.case).state == "ordered"
    released(play)
    assert advance(play.case).state == "frozen"


def test_sent_back_on_appeal_it_stays_frozen_until_the_next_ruling_is_final() -> None:
    play = frozen()
    hears(play, "ruling_appealed", Role.SELLER, "shop-guanghe", ruling=1, grounds="新证据")
    hears(play, "appeal_decided", Role.SUPERVISOR, "s-1", decision="send_back", text="重新核实")
    assert refused_advance(play)[0] is Code.ALREADY_DONE
    body = {"liability": "seller", "remedy": "refund", "amount": {"amount": 40000, "currency": "CNY"}}
    told = {"freight": "seller", "reason": "not_as_described", "text": "维持部分"}
    hears(play, "ruled", Role.AGENT, "a-1", **body, **told)
    assert advance(play.case).frozen == WHOLE
    hears(play, "ruling_confirmed", Role.BUYER, "b-suqing", ruling=2)
    hears(play, "ruling_confirmed", Role.SELLER, "shop-guanghe", ruling=2)
    shown = advance(play.case)
    assert (str(shown.unfrozen), str(shown.clawed_back), str(shown.frozen)) == ("400.00", "200.00", "0.00")


def test_reduced_on_appeal_while_the_goods_have_to_go_back_the_excess_goes_at_once() -> None:
    play = on_stage(RETURNS_IT, 6)
    hears(play, "ruling_appealed", Role.SELLER, "shop-guanghe", ruling=1, grounds="新证据")
    changed = {"liability": "seller", "remedy": "return_refund", "amount": {"amount": 45000, "currency": "CNY"}}
    told = {"freight": "seller", "reason": "not_as_described", "text": "改判"}
    hears(play, "appeal_decided", Role.SUPERVISOR, "s-1", decision="change", **changed, **told)
    shown = advance(play.case)
    assert (shown.state, str(shown.frozen), str(shown.clawed_back)) == ("frozen", "450.00", "150.00")


def test_the_seller_gives_in_and_the_advance_is_what_it_has_agreed_to() -> None:
    play = frozen()
    hears(play, "seller_answered", Role.SELLER, "shop-guanghe", answer="agree")
    shown = advance(play.case)
    assert (shown.state, play.case.phase) == ("unfrozen", Phase.FOLLOW_UP)


def test_a_retry_ends_the_duty_to_order_an_advance() -> None:
    play = uncovered()
    assert due_at(play, LimitName.ADVANCE_ORDER) == play.now + DAY
    play.held = WHOLE
    retries(play, "refund")
    assert states(play.case, Purpose.REFUND) == [MoneyState.FAILED, MoneyState.SETTLED]
    assert play.case.phase is Phase.FOLLOW_UP


def test_an_advance_pays_a_refund_that_failed_and_nobody_pays_it_twice() -> None:
    play = answering(ruled(), "declined")
    hears(play, "ruling_confirmed", Role.BUYER, "b-suqing", ruling=1)
    passes(play, 2 * DAY + HOUR)
    assert states(play.case, Purpose.REFUND) == [MoneyState.FAILED]
    orders(play, 60000)
    assert "payment_retried" not in allowed(play.case)
    assert (advance(play.case).state, play.case.phase) == ("unfrozen", Phase.FOLLOW_UP)


def test_an_advance_of_a_part_asks_the_seller_for_the_rest() -> None:
    play = uncovered()
    orders(play, 45000)
    refunds = [one.movement for one in play.case.money if one.movement.purpose is Purpose.REFUND]
    assert [(str(one.amount), one.state) for one in refunds] == [("600.00", "failed"), ("150.00", "settled")]
    assert str(advance(play.case).unfrozen) == "450.00"
    assert play.case.phase is Phase.FOLLOW_UP


def test_freight_that_the_seller_cannot_repay_is_advanced_by_itself() -> None:
    play = awaiting()
    play.held = Money(amount=0)
    freight = {"amount": 3800, "currency": "CNY"}
    hears(play, "goods_sent", Role.BUYER, "b-suqing", leg="return", carrier="sf", tracking="SF1", freight=freight)
    hears(play, "goods_received", Role.SELLER, "shop-guanghe", leg="return", condition="intact")
    assert str(most_to_be_advanced(play.case)) == "38.00"
    orders(play, 3800)
    assert play.case.phase is Phase.FOLLOW_UP
    assert [one.for_freight for one in play.case.advances] == [False, True]
    assert broken(play.case) == ()


def test_a_buyer_of_bad_standing_leaves_an_uncovered_payment_to_its_owner() -> None:
    play = on_stage(UNCOVERED, 5)
    play.case = play.case.but(unfounded_before=3)
    hears(play, "ruling_confirmed", Role.SELLER, "shop-guanghe", ruling=1)
    assert due_at(play, LimitName.PAYMENT_OWNED) > play.now
    assert LimitName.ADVANCE_ORDER not in {one.name for one in deadlines(play.case)}
