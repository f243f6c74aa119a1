"""Stories of the tour in which more than one looks: left at a review, countersigned, appealed, twice discontent."""

from starter.demo.stories.shared import (
    AGREED,
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
    RULED_FOR_THE_SELLER,
    TO_APPEAL,
    TO_CONFIRMATION,
    TO_NEGOTIATION,
    TO_REVIEW,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import (
    Act,
    Complaint,
    Ending,
    Paid,
    Reaches,
    Story,
    Tell,
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
from workflows.vocabulary import MoneyState, Outcome, Problem, Purpose, Remedy

UNFOUNDED = agent("reviewed", decision="unfounded", text="页面写明混纺比例，与吊牌一致，投诉不成立。")

UNFOUNDED_SILENT = Story(
    name="found_unfounded_and_left_at_that",
    zh="投诉不成立，买家未申诉",
    en="Found unfounded; the buyer leaves it at that",
    rules=("R2.1", "R2.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(UNFOUNDED, Reaches(CONFIRMATION), passes(hours=49), Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_REVIEW, CONFIRMATION, CLOSED),
        outcome=Outcome.UNFOUNDED,
        steps=("reviewed R2.1", "ruling_sent R4.6", "consent_by_silence R2.2", "ruling_final R5.3", "closed R2.2"),
        told=("ruling_sent buyer", "closed buyer"),
    ),
)

PHONE_DEAD = Complaint(
    problem=Problem.QUALITY,
    description="手机到手三天内屏幕折痕处出现黑线，无法正常显示。",
    remedy=Remedy.REFUND,
    amount=yuan("6888.00"),
    name="张磊",
)
PHONE_RULING = agent(
    "ruled",
    liability="seller",
    remedy="refund",
    amount=yuan("6888.00"),
    freight="seller",
    reason="quality_defect",
    text="检测报告确认为屏幕质量问题，支持全额退款。",
)

COUNTERSIGNED = Story(
    name="a_ruling_above_the_limit_is_returned_and_then_approved",
    zh="大额判定须主管会签",
    en="A ruling above 5,000 yuan needs a supervisor: returned once, then approved",
    rules=("R4.6",),
    goods=PHONE,
    complaint=PHONE_DEAD,
    acts=(
        *TO_THE_PLATFORM,
        PHONE_RULING,
        PHONE_RULING.refused(Code.NOT_NOW),
        buyer("ruling_confirmed", ruling=1).refused(Code.NOT_NOW),
        Reaches(INTERVENTION),
        supervisor("ruling_countersigned", ruling=1, decision="return", text="请补充检测报告编号。"),
        PHONE_RULING,
        supervisor("ruling_countersigned", ruling=1, decision="approve").refused(Code.STALE_NUMBER),
        supervisor("ruling_countersigned", ruling=2, decision="approve", text="同意。"),
        Reaches(CONFIRMATION),
        buyer("ruling_confirmed", ruling=2),
        seller("ruling_confirmed", ruling=2),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=(
            "ruled R4.6",
            "countersign_awaited R4.6",
            "refused R4.6",
            "ruling_countersigned R4.6",
            "ruled R4.6",
            "countersign_awaited R4.6",
            "ruling_countersigned R4.6",
            "ruling_sent R4.6",
            "ruling_final R5.3",
        ),
        money=(refund("6888.00"),),
        told=("countersign_awaited supervisor", "ruling_sent buyer"),
    ),
)

BUYER_APPEALS = buyer("ruling_appealed", ruling=1, grounds="有第三方检测报告，请重新核实。")
SELLER_APPEALS = seller("ruling_appealed", ruling=1, grounds="有入库质检录像，商品与描述一致。")


def changed(remedy: str, amount: str, liability: str = "seller", by: str = "s-1") -> Tell:
    """A supervisor changes the ruling on appeal."""
    return supervisor(
        "appeal_decided",
        by=by,
        decision="change",
        text="检测报告成立，改判。",
        liability=liability,
        remedy=remedy,
        amount=yuan(amount),
        freight="seller",
        reason="not_as_described",
    )


RULING_CHANGED = Story(
    name="both_appeal_and_the_supervisor_changes_the_ruling",
    zh="双方均申诉，主管改判部分退款",
    en="Both appeal, the supervisor changes the ruling",
    rules=("R5.3", "R5.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        RULED_FOR_THE_SELLER,
        BUYER_APPEALS,
        SELLER_APPEALS,
        changed("refund", "120.00", liability="both"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_APPEAL, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("ruling_appealed R5.4", "ruling_appealed R5.4", "appeal_decided R5.4", "ruling_final R5.3"),
        money=(refund("120.00"),),
    ),
)

REFUND_ARRIVES: tuple[Act, ...] = (*AGREED, Reaches(FOLLOW_UP, MoneyState.SETTLED))
DISCONTENT = buyer("survey_answered", score=2, comment="退款太慢，还要自己跟进。")
SECOND_CYCLE = (INTERVENTION, FULFILMENT, FOLLOW_UP)

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
