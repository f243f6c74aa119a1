"""Stories of buyer and seller among themselves: agreed, countered, refused, let lie, withdrawn (R3)."""

from starter.demo.stories.agreeing import AGREED_AT_ONCE, BROKEN_CUP, COUNTER_OFFER_CONFIRMED
from starter.demo.stories.shared import (
    ACCEPTED,
    ASKED,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    PAID_AND_CONTENT,
    REFUNDED,
    REFUSED_BY_SELLER,
    TEA_SET,
    TO_NEGOTIATION,
    TO_THE_END,
)
from starter.demo.stories.story import Complaint, Ending, Paid, Reaches, Story, buyer, passes, seller, yuan
from workflows.answers import Code
from workflows.vocabulary import Outcome, Problem, Purpose, Remedy

STALE_OFFER_REFUSED = Story(
    name="a_replaced_offer_can_no_longer_be_confirmed",
    zh="旧方案已被替换，不能再确认",
    en="A replaced offer can no longer be confirmed",
    rules=("R3.2",),
    goods=TEA_SET,
    complaint=BROKEN_CUP,
    acts=(
        ACCEPTED,
        seller("seller_answered", answer="counter", remedy="compensation", amount=yuan("30.00")),
        seller("offer_made", remedy="compensation", amount=yuan("80.00"), text="再加五十元，请您谅解。"),
        buyer("offer_confirmed", offer=1).refused(Code.STALE_NUMBER),
        buyer("offer_confirmed", offer=2),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("offer_made R3.2", "refused R3.2", "offer_confirmed R3.2"),
        money=(Paid(Purpose.COMPENSATION, yuan("80.00")),),
        told=("offer_made buyer",),
    ),
)

OFFER_REJECTED_THEN_SETTLED_BY_BUYER = Story(
    name="the_buyers_own_proposal_is_accepted",
    zh="买家拒绝还价并提出自己的方案",
    en="The buyer rejects the counter offer and names another sum",
    rules=("R3.2",),
    goods=TEA_SET,
    complaint=BROKEN_CUP,
    acts=(
        ACCEPTED,
        seller("seller_answered", answer="counter", remedy="compensation", amount=yuan("20.00")),
        buyer("offer_rejected", offer=1),
        buyer("offer_made", remedy="compensation", amount=yuan("90.00"), text="赔九十元我就不退货了。"),
        buyer("offer_confirmed", offer=2).refused(Code.ALREADY_DONE),
        seller("offer_confirmed", offer=2),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("offer_rejected R3.2", "offer_made R3.2", "refused R3.2", "offer_confirmed R3.2"),
        money=(Paid(Purpose.COMPENSATION, yuan("90.00")),),
    ),
)

OFFER_LAPSES = Story(
    name="an_offer_lapses_and_then_the_complaint",
    zh="无人回应，方案与投诉先后失效",
    en="An offer lapses, and then the complaint",
    rules=("R3.2", "R3.4", "R10.4"),
    goods=TEA_SET,
    complaint=BROKEN_CUP,
    acts=(
        ACCEPTED,
        seller("seller_answered", answer="counter", remedy="coupon", amount=yuan("15.00")),
        passes(hours=49),
        buyer("offer_confirmed", offer=1).refused(Code.NOT_NOW),
        passes(days=7),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, CLOSED),
        outcome=Outcome.LAPSED,
        steps=("offer_lapsed R3.2", "refused R3.2", "closed R3.4"),
        told=("offer_lapsed buyer", "offer_lapsed seller", "closed seller"),
    ),
)

LET_LIE = Story(
    name="the_buyer_lets_the_refusal_stand",
    zh="商家拒绝后买家未再坚持",
    en="The seller refuses and the buyer lets it lie",
    rules=("R3.1", "R3.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        ACCEPTED,
        ASKED.refused(Code.NOT_NOW),
        REFUSED_BY_SELLER,
        passes(days=8),
        Reaches(CLOSED),
        ASKED.refused(Code.CLOSED),
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, CLOSED),
        outcome=Outcome.LAPSED,
        steps=("refused R3.4", "seller_answered R3.1", "closed R3.4", "late_message R10.4"),
    ),
)

SECOND_THOUGHTS = Story(
    name="the_seller_agrees_after_having_refused",
    zh="商家先拒绝后同意",
    en="The seller refuses, thinks again and agrees",
    rules=("R3.1", "R3.5"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        ACCEPTED,
        REFUSED_BY_SELLER,
        REFUSED_BY_SELLER.refused(Code.ALREADY_DONE),
        passes(hours=20),
        seller("seller_answered", answer="agree"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("seller_answered R3.1", "refused R3.1", "seller_answered R3.1", "payment_settled R6.1"),
        money=REFUNDED,
    ),
)

NOTHING_TO_DO = Story(
    name="an_apology_is_all_that_is_asked",
    zh="买家只求一个说法",
    en="The buyer asks for nothing but to be heard",
    rules=("R3.5", "R10.1"),
    goods=COAT,
    complaint=Complaint(
        problem=Problem.SERVICE_ATTITUDE,
        description="客服态度恶劣，希望商家知悉并改正，不要求赔偿。",
        remedy=Remedy.NONE,
    ),
    acts=(ACCEPTED, seller("seller_answered", answer="agree"), *PAID_AND_CONTENT[1:]),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("seller_answered R3.1", "follow_up_started R10.1", "closed R10.2"),
    ),
)

NEGOTIATING = (
    AGREED_AT_ONCE,
    COUNTER_OFFER_CONFIRMED,
    STALE_OFFER_REFUSED,
    OFFER_REJECTED_THEN_SETTLED_BY_BUYER,
    OFFER_LAPSES,
    LET_LIE,
    SECOND_THOUGHTS,
    NOTHING_TO_DO,
)
