"""Stories of the tour that buyer and seller settle themselves: agreed, countered, withdrawn, paid again (R3, R6.10)."""

from starter.demo.stories.shared import (
    ACCEPTED,
    AGREED,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    FULFILMENT,
    NEGOTIATION,
    PAID_AND_CONTENT,
    REFUNDED,
    TEA_SET,
    TO_NEGOTIATION,
    TO_THE_END,
)
from starter.demo.stories.story import (
    Complaint,
    Ending,
    Paid,
    Reaches,
    Story,
    agent,
    buyer,
    refund,
    seller,
    yuan,
)
from workflows.vocabulary import MoneyState, Outcome, Problem, Purpose, Remedy

BROKEN_CUP = Complaint(
    problem=Problem.DAMAGED_IN_TRANSIT,
    description="收到时茶壶壶嘴已经断裂，两个杯子有裂纹，外箱有明显挤压。",
    remedy=Remedy.REFUND,
    amount=yuan("168.00"),
    name="王敏",
)

AGREED_AT_ONCE = Story(
    name="the_seller_agrees_at_once",
    zh="商家爽快退款",
    en="The seller agrees at once",
    rules=("R1.1", "R1.2", "R1.5", "R2.1", "R2.5", "R3.1", "R3.5", "R6.1", "R6.10", "R10.1", "R10.2", "R10.3", "R10.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(ACCEPTED, seller("seller_answered", answer="agree"), *PAID_AND_CONTENT),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=(
            "filed R1.2",
            "assigned R2.5",
            "reviewed R2.1",
            "seller_answered R3.1",
            "payment_decided R6.1",
            "payment_requested R6.10",
            "payment_settled R6.1",
            "follow_up_started R10.1",
            "survey_answered R10.1",
            "closed R10.2",
        ),
        money=REFUNDED,
        told=("filed buyer", "filed seller", "accepted seller", "closed buyer", "closed seller", "closed agent"),
    ),
)

COUNTER_OFFER_CONFIRMED = Story(
    name="a_counter_offer_is_confirmed",
    zh="商家还价，买家接受部分退款",
    en="The seller counters, the buyer takes it",
    rules=("R3.1", "R3.2", "R3.5", "R6.2"),
    goods=TEA_SET,
    complaint=BROKEN_CUP,
    acts=(
        ACCEPTED,
        seller("seller_answered", answer="counter", remedy="compensation", amount=yuan("60.00")),
        buyer("offer_confirmed", offer=1),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("seller_answered R3.1", "offer_confirmed R3.2", "payment_decided R6.2", "payment_settled R6.2"),
        money=(Paid(Purpose.COMPENSATION, yuan("60.00")),),
        told=("seller_answered buyer", "payment_settled buyer"),
    ),
)

RETRIED = agent("payment_retried", movement="{complaint}:refund:1", reason="买家已更换收款账户，重新付款。")

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

WITHDRAWN = buyer("withdrawn", reason="商家已私下补偿，不再投诉。")

WITHDRAWN_AMONG_THEMSELVES = Story(
    name="withdrawn_during_negotiation",
    zh="协商阶段买家撤诉",
    en="The buyer withdraws during negotiation",
    rules=("R3.5", "R10.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(ACCEPTED, Reaches(NEGOTIATION), WITHDRAWN, Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_NEGOTIATION, CLOSED),
        outcome=Outcome.WITHDRAWN,
        steps=("withdrawn R3.5", "closed R3.5"),
        told=("closed seller",),
    ),
)
