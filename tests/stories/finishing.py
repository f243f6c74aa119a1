"""Stories of the end: payments that fail or dawdle, surveys, calls, a second cycle (R6.10, R10)."""

from starter.demo.stories.agreeing import PAYMENT_REFUSED, RETRIED
from starter.demo.stories.second_looks import DISCONTENT, REFUND_ARRIVES, SECOND_CYCLE, TWO_CYCLES
from starter.demo.stories.shared import (
    ACCEPTED,
    AGREED,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    FOLLOW_UP,
    FULFILMENT,
    INTERVENTION,
    PAID_AND_CONTENT,
    REFUNDED,
    TO_NEGOTIATION,
    TO_THE_END,
)
from starter.demo.stories.story import (
    Ending,
    Reaches,
    Reports,
    Story,
    agent,
    buyer,
    passes,
    refund,
    seller,
    yuan,
)
from workflows.answers import Code
from workflows.vocabulary import MoneyState, Outcome

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
