"""Stories of rulings overturned later, by a second cycle or a court: the platform pays the seller back (R5.6, R8.4)."""

from starter.demo.stories.second_looks import DISCONTENT
from starter.demo.stories.shared import (
    BUYER_CONFIRMS,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    CONFIRMATION,
    CONTENT,
    FOLLOW_UP,
    FULFILMENT,
    INTERVENTION,
    RULED_FOR_THE_BUYER,
    SELLER_CONFIRMS,
    TO_CONFIRMATION,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import (
    Act,
    Ending,
    Paid,
    Reaches,
    Story,
    Tell,
    agent,
    buyer,
    refund,
    seller,
    supervisor,
    yuan,
)
from workflows.vocabulary import MoneyState, Outcome, Purpose

RULED_AND_PAID: tuple[Act, ...] = (
    *TO_THE_PLATFORM,
    RULED_FOR_THE_BUYER,
    BUYER_CONFIRMS,
    SELLER_CONFIRMS,
    Reaches(FOLLOW_UP, MoneyState.SETTLED),
)
GIVEN_BACK = (refund("299.00"), Paid(Purpose.RESTITUTION, yuan("299.00")))


def overturned(reference: str) -> Tell:
    """The handler notes that a court has overturned the ruling."""
    return agent("external_recourse_noted", forum="court", reference=reference, result="overturned")


BY_A_NEW_CYCLE = Story(
    name="the_second_cycle_finds_the_seller_not_liable_and_the_platform_pays_it_back",
    zh="二次处理认定商家无责，平台退还商家款项",
    en="The second cycle finds the seller not liable: its points are reversed, and the platform pays it back",
    rules=("R5.6", "R8.4", "R10.2", "R6.11"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *RULED_AND_PAID,
        DISCONTENT,
        Reaches(INTERVENTION),
        supervisor(
            "ruled",
            liability="nobody",
            remedy="none",
            freight="platform",
            reason="other",
            text="复核检测报告，羊毛含量与页面一致，商家无责。",
        ),
        buyer("ruling_confirmed", ruling=2),
        seller("ruling_confirmed", ruling=2),
        Reaches(CLOSED, MoneyState.SETTLED),
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, FULFILMENT, FOLLOW_UP, INTERVENTION, CONFIRMATION, FULFILMENT, CLOSED),
        outcome=Outcome.UNFOUNDED,
        cycle=2,
        steps=(
            "points_owed R8.4",
            "second_cycle_started R10.2",
            "ruling_overturned R5.6",
            "points_reversed R8.4",
            "payment_decided R5.6",
            "closing R6.11",
            "payment_settled R5.6",
            "closed R6.11",
        ),
        money=GIVEN_BACK,
        told=("ruling_overturned seller", "restitution_paid seller", "closed seller"),
    ),
)

BY_A_COURT = Story(
    name="a_court_overturns_the_ruling_after_it_was_fulfilled",
    zh="法院推翻判定，平台退还商家，不向买家追款",
    en="A court overturns the ruling after it was fulfilled: the buyer keeps the refund, the platform pays the seller",
    rules=("R5.5", "R5.6", "R8.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *RULED_AND_PAID,
        overturned("（2026）浙0106民初1024号"),
        Reaches(FOLLOW_UP, MoneyState.SETTLED),
        CONTENT,
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, FULFILMENT, FOLLOW_UP, CLOSED),
        outcome=Outcome.FULFILLED,
        steps=(
            "points_owed R8.4",
            "external_recourse_noted R5.5",
            "ruling_overturned R5.6",
            "points_reversed R8.4",
            "payment_decided R5.6",
            "payment_settled R5.6",
            "survey_answered R10.1",
            "closed R10.2",
        ),
        money=GIVEN_BACK,
        told=("ruling_overturned seller", "restitution_paid seller"),
    ),
)

OVERTURNING = (BY_A_NEW_CYCLE, BY_A_COURT)
