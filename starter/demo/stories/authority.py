"""Stories of the platform's own duties: a late ruling climbs, a large one is countersigned (R4.6, R4.7, R7.2)."""

from starter.demo.stories.negotiating import COAT_NOT_AS_DESCRIBED
from starter.demo.stories.shared import (
    BUYER_CONFIRMS,
    COAT,
    CONFIRMATION,
    INTERVENTION,
    PAID_AND_CONTENT,
    PHONE,
    REFUNDED,
    RULED_FOR_THE_BUYER,
    SELLER_CONFIRMS,
    TO_CONFIRMATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import (
    Complaint,
    Ending,
    Reaches,
    Story,
    agent,
    buyer,
    passes,
    refund,
    seller,
    supervisor,
    yuan,
)
from workflows.answers import Code
from workflows.vocabulary import Outcome, Problem, Remedy

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

PLATFORM_OVERDUE = Story(
    name="an_overdue_ruling_climbs_but_is_never_made_by_the_system",
    zh="平台超时未判，逐级上报",
    en="The platform is late: it climbs the ladder and never rules by itself",
    rules=("R4.2", "R4.7", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        agent("noted", text="已介入，等待核实。"),
        passes(days=20),
        Reaches(INTERVENTION),
        RULED_FOR_THE_BUYER,
        BUYER_CONFIRMS,
        SELLER_CONFIRMS,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=(
            "noted R4.1",
            "duty_warned R7.2",
            "duty_missed R7.2",
            "escalated_to_supervisor R7.2",
            "escalated_to_operations_manager R7.2",
            "ruled R4.6",
            "closed R10.2",
        ),
        money=REFUNDED,
        told=(
            "duty_warned agent",
            "escalated_to_supervisor supervisor",
            "expected_time_told buyer",
            "escalated_to_operations_manager operations_manager",
        ),
    ),
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


AUTHORITY = (PLATFORM_OVERDUE, COUNTERSIGNED)
