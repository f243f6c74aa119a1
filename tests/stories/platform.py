"""Stories in which the platform steps in: asked or by itself, ruled, confirmed (R4, R5.1-R5.3)."""

from starter.demo.stories.ruling import BOTH_SILENT, CONTESTED_FOR_THE_BUYER, RULED_FOR_SELLER, SILENT_SELLER
from starter.demo.stories.shared import (
    COAT,
    COAT_NOT_AS_DESCRIBED,
    INTERVENTION,
    PAID_AND_CONTENT,
    REFUNDED,
    TO_INTERVENTION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import Ending, Paid, Reaches, Story, agent, buyer, seller, yuan
from workflows.answers import Code
from workflows.vocabulary import Outcome, Purpose

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
