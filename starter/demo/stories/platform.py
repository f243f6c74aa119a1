"""Stories in which the platform steps in: asked or by itself, ruled, confirmed (R4, R5.1-R5.3)."""

from starter.demo.stories.negotiating import COAT_NOT_AS_DESCRIBED
from starter.demo.stories.shared import (
    ACCEPTED,
    BUYER_CONFIRMS,
    CLOSED,
    COAT,
    INTERVENTION,
    PAID_AND_CONTENT,
    REFUNDED,
    RULED_FOR_THE_BUYER,
    RULED_FOR_THE_SELLER,
    SELLER_CONFIRMS,
    TO_CONFIRMATION,
    TO_INTERVENTION,
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
    passes,
    seller,
    yuan,
)
from workflows.answers import Code
from workflows.vocabulary import Outcome, Purpose

CONTESTED_FOR_THE_BUYER = Story(
    name="contested_and_ruled_for_the_buyer",
    zh="双方各执一词，平台判定支持买家",
    en="Contested, ruled for the buyer, confirmed by both",
    rules=("R3.4", "R4.1", "R4.2", "R4.6", "R5.1", "R5.3"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        agent("buyer_contacted", result="reached", text="已电话核实买家诉求和照片。"),
        RULED_FOR_THE_BUYER,
        BUYER_CONFIRMS,
        BUYER_CONFIRMS.refused(Code.ALREADY_DONE),
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=(
            "seller_answered R3.1",
            "intervention_requested R3.4",
            "intervention_started R3.4",
            "buyer_contacted R4.1",
            "ruled R4.6",
            "ruling_sent R4.6",
            "ruling_confirmed R5.1",
            "refused R5.1",
            "ruling_confirmed R5.1",
            "ruling_final R5.3",
            "payment_settled R6.1",
            "closed R10.2",
        ),
        money=REFUNDED,
        told=("intervention_started seller", "ruling_sent buyer", "ruling_sent seller", "ruling_final seller"),
    ),
)

SILENT_SELLER = Story(
    name="the_seller_is_silent_and_the_platform_steps_in",
    zh="商家沉默，平台主动介入",
    en="The seller is silent; the platform steps in and rules",
    rules=("R3.3", "R4.1", "R4.5", "R4.6", "R5.1", "R5.3"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        ACCEPTED,
        passes(hours=49),
        Reaches(INTERVENTION),
        agent("noted", text="商家四十八小时内未回应，已电话催促无人接听。"),
        agent(
            "ruled",
            liability="seller",
            remedy="refund",
            amount=yuan("299.00"),
            freight="seller",
            reason="seller_silent",
            text="商家逾期未答复，按买家诉求退款。",
        ),
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("intervention_started R3.3", "noted R4.1", "ruled R4.6", "ruling_final R5.3", "closed R10.2"),
        money=REFUNDED,
        told=("intervention_started seller",),
    ),
)

BOTH_SILENT = Story(
    name="both_are_silent_on_the_ruling",
    zh="双方沉默，视为同意判定",
    en="Both stay silent on the ruling: silence is consent",
    rules=("R5.2", "R5.3", "R10.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(*TO_THE_PLATFORM, RULED_FOR_THE_BUYER, passes(hours=49), *PAID_AND_CONTENT),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("ruling_sent R4.6", "consent_by_silence R5.2", "consent_by_silence R5.2", "ruling_final R5.3"),
        money=REFUNDED,
    ),
)

RULED_FOR_SELLER = Story(
    name="contested_and_ruled_for_the_seller",
    zh="证据不支持买家，判定商家无责",
    en="Contested, ruled for the seller: nothing is owed",
    rules=("R4.6", "R5.1", "R6.11"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        agent("ruled", **{**RULED_FOR_THE_SELLER.body, "reason": "seller_silent"}).refused(Code.INCONSISTENT),
        RULED_FOR_THE_SELLER,
        SELLER_CONFIRMS,
        passes(hours=49),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, CLOSED),
        outcome=Outcome.UNFOUNDED,
        steps=("refused R4.5", "ruled R4.6", "ruling_confirmed R5.1", "consent_by_silence R5.2", "closed R6.11"),
        told=("closed buyer", "closed seller"),
    ),
)

SELLER_GIVES_IN = Story(
    name="the_seller_gives_in_once_the_platform_is_there",
    zh="平台介入后商家同意退款",
    en="Once the platform has stepped in, the seller agrees",
    rules=("R3.4", "R3.5"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        seller("seller_answered", answer="refuse", reason="other").refused(Code.NOT_NOW),
        seller("seller_answered", answer="agree"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("refused R3.4", "seller_answered R3.5", "payment_settled R6.1"),
        money=REFUNDED,
    ),
)

AGENT_MEDIATES = Story(
    name="an_agents_offer_needs_both_parties",
    zh="客服调解，双方同意补偿",
    en="The agent mediates: an offer both must confirm",
    rules=("R3.2", "R3.6", "R4.1", "R4.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        agent("offer_made", remedy="compensation", amount=yuan("29.00"), text="平台补偿二十九元，衣服留下，可以吗？"),
        buyer("offer_confirmed", offer=1),
        Reaches(INTERVENTION),
        seller("offer_confirmed", offer=1),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("offer_made R3.2", "offer_confirmed R3.2", "offer_confirmed R3.2", "payment_settled R6.2"),
        money=(Paid(Purpose.COMPENSATION, yuan("29.00")),),
        told=("offer_made buyer", "offer_made seller"),
    ),
)

PLATFORM = (
    CONTESTED_FOR_THE_BUYER,
    SILENT_SELLER,
    BOTH_SILENT,
    RULED_FOR_SELLER,
    SELLER_GIVES_IN,
    AGENT_MEDIATES,
)
