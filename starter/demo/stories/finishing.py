"""Stories of the end: payments that fail or dawdle, surveys, calls, a second cycle (R6.10, R10)."""

from starter.demo.stories.negotiating import COAT_NOT_AS_DESCRIBED
from starter.demo.stories.shared import (
    ACCEPTED,
    CLOSED,
    COAT,
    FOLLOW_UP,
    FULFILMENT,
    INTERVENTION,
    PAID_AND_CONTENT,
    REFUNDED,
    TO_NEGOTIATION,
    TO_THE_END,
)
from starter.demo.stories.story import (
    Act,
    Ending,
    Paid,
    Reaches,
    Reports,
    Story,
    agent,
    buyer,
    manager,
    passes,
    refund,
    seller,
    supervisor,
    yuan,
)
from workflows.answers import Code
from workflows.vocabulary import MoneyState, Outcome, Purpose

AGREED: tuple[Act, ...] = (ACCEPTED, seller("seller_answered", answer="agree"))
REFUND_ARRIVES: tuple[Act, ...] = (*AGREED, Reaches(FOLLOW_UP, MoneyState.SETTLED))
RETRIED = agent("payment_retried", movement="{complaint}:refund:1", reason="买家已更换收款账户，重新付款。")
DISCONTENT = buyer("survey_answered", score=2, comment="退款太慢，还要自己跟进。")
SECOND_CYCLE = (INTERVENTION, FULFILMENT, FOLLOW_UP)

PAYMENT_REFUSED = Story(
    name="the_provider_declines_and_the_payment_is_retried",
    zh="支付被拒，重新付款",
    en="The provider declines; the handler orders the payment anew",
    rules=("R6.10",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    provider=("declined",),
    acts=(*AGREED, Reaches(FULFILMENT, MoneyState.FAILED), RETRIED, *PAID_AND_CONTENT),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("payment_failed R6.10", "payment_retried R6.10", "payment_decided R6.1", "payment_settled R6.1"),
        money=(refund("299.00", MoneyState.FAILED), *REFUNDED),
        told=("payment_failed agent", "payment_settled buyer"),
    ),
)

PAYMENT_PENDING = Story(
    name="a_pending_payment_settles_later",
    zh="支付处理中，稍后到账",
    en="The payment is pending and settles later",
    rules=("R6.10",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    provider=("pending",),
    acts=(
        *AGREED,
        Reaches(FULFILMENT, MoneyState.REQUESTED),
        RETRIED.refused(Code.NOT_NOW),
        Reports("settled"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("payment_requested R6.10", "refused R6.10", "payment_reported R6.10", "payment_settled R6.1"),
        money=REFUNDED,
    ),
)

PAYMENT_OVERDUE = Story(
    name="a_payment_that_takes_too_long_gets_an_owner",
    zh="付款超时，由处理人跟进",
    en="A payment that takes too long gets an owner",
    rules=("R6.1", "R6.10"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    provider=("pending",),
    acts=(
        *AGREED,
        Reaches(FULFILMENT, MoneyState.REQUESTED),
        passes(hours=25),
        Reports("failed"),
        Reaches(FULFILMENT, MoneyState.FAILED),
        RETRIED,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("payment_overdue R6.10", "payment_failed R6.10", "payment_retried R6.10", "payment_settled R6.1"),
        money=(refund("299.00", MoneyState.FAILED), *REFUNDED),
        told=("payment_overdue agent",),
    ),
)

SETTLED_AFTER_ALL = Story(
    name="a_payment_reported_as_failed_has_settled_after_all",
    zh="支付先报失败，后又到账",
    en="A payment is reported as failed, and has settled after all",
    rules=("R6.10",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    provider=("pending",),
    acts=(
        *AGREED,
        Reaches(FULFILMENT, MoneyState.REQUESTED),
        Reports("failed"),
        Reaches(FULFILMENT, MoneyState.FAILED),
        Reports("settled"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("payment_failed R6.10", "payment_reported R6.10", "payment_settled R6.1", "follow_up_started R10.1"),
        money=REFUNDED,
        told=("payment_failed agent", "payment_settled buyer"),
    ),
)

FAILED_AFTER_ALL = Story(
    name="a_payment_reported_as_settled_has_failed_after_all",
    zh="支付先报到账，后又失败",
    en="A payment is reported as settled, and has failed after all: it is paid anew",
    rules=("R6.10",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    provider=("pending",),
    acts=(
        *AGREED,
        Reaches(FULFILMENT, MoneyState.REQUESTED),
        Reports("settled"),
        Reaches(FOLLOW_UP, MoneyState.SETTLED),
        Reports("failed"),
        Reaches(FULFILMENT, MoneyState.REVERSED),
        RETRIED,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, FOLLOW_UP, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("payment_settled R6.1", "payment_reversed R6.10", "payment_retried R6.10", "payment_settled R6.1"),
        money=(refund("299.00", MoneyState.REVERSED), *REFUNDED),
        told=("payment_settled buyer", "payment_failed agent", "payment_settled buyer"),
    ),
)

CALLED_BACK = Story(
    name="a_silent_buyer_is_called_back",
    zh="买家未评价，客服电话回访",
    en="A silent buyer is reminded, then called back",
    rules=("R10.1", "R10.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *REFUND_ARRIVES,
        passes(hours=50),
        agent("callback_made", result="unreachable", text="无人接听。"),
        agent("callback_made", result="reached", score=4, text="买家表示满意。"),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=(
            "survey_reminded R10.1",
            "callback_task_given R10.1",
            "callback_made R10.1",
            "callback_made R10.1",
            "closed R10.2",
        ),
        money=REFUNDED,
        told=("survey_reminded buyer", "callback_task_given agent"),
    ),
)

SILENT_TO_THE_END = Story(
    name="silence_to_the_end_closes_the_complaint",
    zh="回访期内无回应，结案",
    en="Silence to the end of the follow-up closes it",
    rules=("R10.2", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(*REFUND_ARRIVES, passes(days=16), Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("survey_reminded R10.1", "callback_task_given R10.1", "duty_missed R7.2", "closed R10.2"),
        money=REFUNDED,
        told=("duty_missed agent", "closed buyer"),
    ),
)

TO_THE_SECOND_SCORE: tuple[Act, ...] = (
    *REFUND_ARRIVES,
    DISCONTENT,
    Reaches(INTERVENTION),
    supervisor("noted", text="第二轮由主管跟进。"),
    agent("offer_made", remedy="coupon", amount=yuan("20.00"), text="送上二十元无门槛券致歉。"),
    buyer("offer_confirmed", offer=1),
    seller("offer_confirmed", offer=1),
    Reaches(FOLLOW_UP, MoneyState.SETTLED),
    buyer("survey_answered", score=1, comment="券没什么用。"),
    Reaches(FOLLOW_UP),
)
"""A second cycle, and the buyer is not content with it either."""

TWO_CYCLES = Story(
    name="discontent_twice_ends_with_a_letter",
    zh="两轮仍不满意，运营经理致函",
    en="Discontent twice: a second cycle, then a letter",
    rules=("R10.2", "R10.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_SECOND_SCORE,
        buyer("survey_answered", score=5, comment="改成五分。").refused(Code.NOT_NOW),
        manager("letter_sent", text="尊敬的顾客：对本次体验深表歉意……"),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, FOLLOW_UP, *SECOND_CYCLE, CLOSED),
        outcome=Outcome.SETTLED,
        steps=(
            "survey_answered R10.1",
            "second_cycle_started R10.2",
            "intervention_started R10.2",
            "work_order_opened R10.2",
            "offer_confirmed R3.2",
            "work_order_superseded R2.6",
            "payment_settled R6.2",
            "follow_up_started R10.1",
            "survey_answered R10.1",
            "letter_sent R10.2",
            "closed R10.2",
        ),
        money=(*REFUNDED, Paid(Purpose.COUPON, yuan("20.00"))),
        told=("second_cycle_started supervisor", "work_order_opened department", "work_order_superseded department"),
        cycle=2,
    ),
)

CUT_TO_WHAT_IS_LEFT = Story(
    name="what_was_refunded_already_is_cut_from_what_is_agreed_anew",
    zh="第二轮全额退款，扣除已退部分",
    en="In the second cycle the seller agrees to the whole: what was refunded already is cut from it",
    rules=("R1.8", "R3.5", "R10.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        ACCEPTED,
        seller("seller_answered", answer="counter", remedy="refund", amount=yuan("200.00")),
        buyer("offer_confirmed", offer=1),
        Reaches(FOLLOW_UP, MoneyState.SETTLED),
        DISCONTENT,
        Reaches(INTERVENTION),
        seller("seller_answered", answer="agree"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, FOLLOW_UP, *SECOND_CYCLE, CLOSED),
        outcome=Outcome.SETTLED,
        steps=("second_cycle_started R10.2", "seller_answered R3.5", "amount_cut R1.8", "payment_settled R6.1"),
        money=(refund("200.00"), refund("109.00")),
        told=("amount_cut supervisor",),
        cycle=2,
    ),
)

FINISHING = (
    PAYMENT_REFUSED,
    PAYMENT_PENDING,
    PAYMENT_OVERDUE,
    SETTLED_AFTER_ALL,
    FAILED_AFTER_ALL,
    CALLED_BACK,
    SILENT_TO_THE_END,
    TWO_CYCLES,
    CUT_TO_WHAT_IS_LEFT,
)
