"""Stories of what the platform leaves lying: each duty that is missed climbs, and its act still ends it (R7.2)."""

from starter.demo.stories.agreeing import RETRIED
from starter.demo.stories.second_looks import (
    BUYER_APPEALS,
    PHONE_DEAD,
    PHONE_RULING,
    SELLER_APPEALS,
    TO_THE_SECOND_SCORE,
)
from starter.demo.stories.shared import (
    ACCEPTED,
    AGREED,
    APPEAL,
    ASKED,
    BUYER_CONFIRMS,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    CONFIRMATION,
    FOLLOW_UP,
    FULFILMENT,
    INTERVENTION,
    PAID_AND_CONTENT,
    PHONE,
    REFUNDED,
    RULED_FOR_THE_BUYER,
    RULED_FOR_THE_SELLER,
    SELLER_CONFIRMS,
    TO_APPEAL,
    TO_CONFIRMATION,
    TO_INTERVENTION,
    TO_NEGOTIATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import (
    Ending,
    Paid,
    Reaches,
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
from tests.stories.appealing import SENT_BACK, UPHELD
from tests.stories.replacing import UNDELIVERED
from tests.stories.shared import asks, refuses
from workflows.vocabulary import MoneyState, Outcome, Problem, Purpose, Remedy

_FORTNIGHT = passes(days=16)
"""Longer than any holiday with the two working days around it: whatever is owed is missed and has climbed."""
_CLIMBED = ("duty_warned R7.2", "duty_missed R7.2", "escalated_to_supervisor R7.2")
_TOLD = ("escalated_to_supervisor supervisor", "expected_time_told buyer")

COUNTERSIGN_LATE = Story(
    name="a_countersign_left_lying_climbs",
    zh="会签逾期，逐级督办",
    en="A ruling waits for its countersign too long, and the duty climbs",
    rules=("R4.6", "R7.2"),
    goods=PHONE,
    complaint=PHONE_DEAD,
    acts=(
        *TO_THE_PLATFORM,
        PHONE_RULING,
        _FORTNIGHT,
        Reaches(INTERVENTION),
        supervisor("ruling_countersigned", ruling=1, decision="approve", text="同意，抱歉迟复。"),
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("countersign_awaited R4.6", *_CLIMBED, "ruling_countersigned R4.6", "ruling_sent R4.6"),
        money=(refund("6888.00"),),
        told=_TOLD,
    ),
)

APPEAL_LATE = Story(
    name="an_appeal_is_left_lying_and_upheld_late",
    zh="申诉裁决逾期，最终维持",
    en="An appeal is left lying: the duty climbs, and it is upheld too late",
    rules=("R5.4", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        RULED_FOR_THE_BUYER,
        SELLER_APPEALS,
        _FORTNIGHT,
        Reaches(APPEAL),
        UPHELD,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_APPEAL, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("ruling_appealed R5.4", *_CLIMBED, "appeal_decided R5.4", "ruling_final R5.3"),
        money=REFUNDED,
        told=_TOLD,
    ),
)

SENT_BACK_LATE = Story(
    name="a_ruling_sent_back_is_made_anew_too_late",
    zh="退回重判逾期",
    en="Sent back on appeal, it is ruled anew too late",
    rules=("R5.4", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        RULED_FOR_THE_SELLER,
        BUYER_APPEALS,
        SENT_BACK,
        _FORTNIGHT,
        Reaches(APPEAL),
        RULED_FOR_THE_BUYER,
        buyer("ruling_confirmed", ruling=2),
        seller("ruling_confirmed", ruling=2),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_APPEAL, CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("appeal_decided R5.4", *_CLIMBED, "ruled R4.6", "ruling_final R5.3"),
        money=REFUNDED,
        told=_TOLD,
    ),
)

PAYMENT_LEFT = Story(
    name="a_failed_payment_is_left_lying_and_climbs",
    zh="付款失败无人跟进，逐级督办",
    en="A payment has failed and nobody sees to it: the duty climbs",
    rules=("R6.10", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    provider=("declined",),
    acts=(*AGREED, Reaches(FULFILMENT, MoneyState.FAILED), _FORTNIGHT, Reaches(FULFILMENT), RETRIED, *PAID_AND_CONTENT),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("payment_failed R6.10", *_CLIMBED, "payment_retried R6.10", "payment_settled R6.1"),
        money=(refund("299.00", MoneyState.FAILED), *REFUNDED),
        told=_TOLD,
    ),
)

LETTER_LATE = Story(
    name="the_letter_is_written_too_late",
    zh="致歉信逾期",
    en="The operations manager's letter is written too late",
    rules=("R10.2", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(*TO_THE_SECOND_SCORE, _FORTNIGHT, Reaches(FOLLOW_UP), manager("letter_sent", text="……"), Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, FOLLOW_UP, INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("second_cycle_started R10.2", *_CLIMBED, "letter_sent R10.2", "closed R10.2"),
        money=(*REFUNDED, Paid(Purpose.COUPON, yuan("20.00"))),
        told=_TOLD,
        cycle=2,
    ),
)

DELAYED_IN_TIME = Story(
    name="on_a_delayed_parcel_the_handler_offers_within_a_day",
    zh="延误投诉，客服一日内提出补偿",
    en="On a delayed parcel the handler makes an offer within 24 hours",
    rules=("R4.3", "R3.6", "R6.2"),
    goods=UNDELIVERED,
    complaint=asks(Problem.DELAYED, Remedy.COMPENSATION, "比承诺晚了三天仍未送达。", "60.00"),
    acts=(
        ACCEPTED,
        refuses("other"),
        ASKED,
        passes(hours=10),
        agent("offer_made", remedy="compensation", amount=yuan("50.00"), text="平台先行补偿五十元。"),
        buyer("offer_confirmed", offer=1),
        seller("offer_confirmed", offer=1),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("intervention_started R3.4", "offer_made R3.2", "offer_confirmed R3.2", "payment_settled R6.2"),
        money=(Paid(Purpose.COMPENSATION, yuan("50.00")),),
    ),
)

LATE = (COUNTERSIGN_LATE, APPEAL_LATE, SENT_BACK_LATE, PAYMENT_LEFT, LETTER_LATE, DELAYED_IN_TIME)
