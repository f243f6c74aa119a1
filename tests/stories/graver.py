"""Stories of the platform's tighter limits: quality, shipments, major complaints; a repair that fails (R4.3, R6.6)."""

from starter.demo.stories.returns import CHAIRS
from starter.demo.stories.shared import (
    ACCEPTED,
    ASKED,
    BUYER_CONFIRMS,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    FULFILMENT,
    INTERVENTION,
    PAID_AND_CONTENT,
    REFUNDED,
    RULED_FOR_THE_BUYER,
    SELLER_CONFIRMS,
    TO_CONFIRMATION,
    TO_INTERVENTION,
    TO_NEGOTIATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import (
    Act,
    Complaint,
    Ending,
    Reaches,
    Story,
    agent,
    buyer,
    carrier,
    passes,
    refund,
    seller,
    supervisor,
    yuan,
)
from tests.stories.replacing import REPAIR, RETURNED, RICE_COOKER, UNDELIVERED
from workflows.vocabulary import Outcome, Problem, Remedy

_GIVES_IN = seller("seller_answered", answer="agree")

_QUALITY = Complaint(
    problem=Problem.QUALITY,
    description="椅腿榫头开裂，坐下即摇晃，存在安全隐患，要求退款。",
    remedy=Remedy.REFUND,
    amount=yuan("458.00"),
    name="陈宇",
)
_UNSHIPPED = Complaint(
    problem=Problem.NOT_SHIPPED,
    description="承诺三天前发货，至今没有任何物流信息，要求退款。",
    remedy=Remedy.REFUND,
    amount=yuan("520.00"),
    name="孙丽",
)

QUALITY_LATE = Story(
    name="on_quality_the_handler_moves_only_after_72_hours",
    zh="质量投诉，客服七十二小时未出方案",
    en="On quality the handler lets 72 hours pass without an offer or a ruling, and the supervisor is told",
    rules=("R4.3", "R7.2"),
    goods=CHAIRS,
    complaint=_QUALITY,
    acts=(
        *TO_THE_PLATFORM,
        agent("noted", text="已联系双方，正在核实质检情况。"),
        passes(days=3, hours=14),
        Reaches(INTERVENTION),
        _GIVES_IN,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=(
            "intervention_started R3.4",
            "noted R4.1",
            "duty_warned R7.2",
            "duty_missed R7.2",
            "escalated_to_supervisor R7.2",
            "seller_answered R3.5",
        ),
        money=(refund("458.00"),),
        told=("duty_warned agent", "escalated_to_supervisor supervisor", "expected_time_told buyer"),
    ),
)

SHIPMENT_LATE = Story(
    name="on_a_shipment_the_handler_moves_only_after_24_hours",
    zh="物流投诉，客服二十四小时未出方案",
    en="On a shipment the handler lets 24 hours pass, and offers a refund only then",
    rules=("R4.3", "R7.2", "R3.2"),
    goods=UNDELIVERED,
    complaint=_UNSHIPPED,
    acts=(
        ACCEPTED,
        seller("seller_answered", answer="refuse", reason="other"),
        ASKED,
        passes(hours=38),
        agent("offer_made", remedy="refund", amount=yuan("520.00"), text="商家仍无发货凭证，建议全额退款。"),
        buyer("offer_confirmed", offer=1),
        seller("offer_confirmed", offer=1),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("duty_warned R7.2", "duty_missed R7.2", "escalated_to_supervisor R7.2", "offer_made R3.2"),
        money=(refund("520.00"),),
    ),
)

_MAJOR: tuple[Act, ...] = (
    agent("reviewed", decision="accept", severity="major", text="到货即无法使用，按重大投诉处理。"),
    supervisor("intervention_requested", text="重大投诉，平台直接介入。"),
)

MAJOR_IN_TIME = Story(
    name="a_major_complaint_is_called_in_a_day_and_resolved_in_two",
    zh="重大投诉，一日内回访、两日内解决",
    en="A major complaint: the buyer is called within a day, and it is resolved within two",
    rules=("R2.4", "R4.3"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *_MAJOR,
        passes(hours=2),
        agent("buyer_contacted", result="reached", text="已致电买家，了解使用情况。"),
        passes(hours=20),
        _GIVES_IN,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("intervention_started R3.4", "buyer_contacted R4.1", "seller_answered R3.5"),
        money=REFUNDED,
        told=("grave_step general_manager", "closed buyer"),
    ),
)

MAJOR_TOO_LATE = Story(
    name="a_major_complaint_is_left_lying_and_climbs_by_night",
    zh="重大投诉无人跟进，连夜升级",
    en="A major complaint is left lying: its duties climb, by night as well",
    rules=("R2.4", "R4.3", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(*_MAJOR, passes(hours=48, minutes=1), Reaches(INTERVENTION)),
    ends=Ending(
        phases=TO_INTERVENTION,
        outcome=None,
        steps=(
            "duty_warned R7.2",
            "duty_missed R7.2",
            "escalated_to_supervisor R7.2",
            "duty_warned R7.2",
            "duty_missed R7.2",
            "escalated_to_supervisor R7.2",
        ),
        told=("escalated_to_supervisor supervisor", "grave_step general_manager"),
        level=1,
    ),
)

MAJOR_FOR_WEEKS = Story(
    name="a_major_complaint_left_for_weeks_climbs_once_and_misses_both_limits",
    zh="重大投诉数周未结，只升级一次，两项时限均记为逾期",
    en="A major complaint is left for weeks: one ladder climbs, and both limits of the duty are marked missed",
    rules=("R4.3", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *_MAJOR,
        agent("buyer_contacted", result="reached", text="已致电买家，正在核实。"),
        passes(days=24),
        Reaches(INTERVENTION),
        _GIVES_IN,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=(
            "duty_warned R7.2",
            "duty_missed R7.2",
            "escalated_to_supervisor R7.2",
            "escalated_to_operations_manager R7.2",
            "limit_missed R4.3",
            "duty_reminded R7.2",
            "seller_answered R3.5",
        ),
        money=REFUNDED,
        told=("escalated_to_supervisor supervisor", "escalated_to_operations_manager operations_manager"),
    ),
)

FAILS_AGAIN = Story(
    name="the_repaired_goods_fail_again_and_it_is_major",
    zh="维修后同一故障再现，升为重大投诉",
    en="The repaired goods fail again: the complaint becomes major and the general manager is told",
    rules=("R6.6", "R2.4", "R6.7"),
    goods=RICE_COOKER,
    complaint=REPAIR,
    acts=(
        *RETURNED,
        seller("goods_sent", leg="repaired", carrier="sf", tracking="SF3103"),
        carrier("delivered", "SF3103"),
        buyer("goods_received", leg="repaired", condition="damaged"),
        Reaches(INTERVENTION),
        agent("buyer_contacted", result="reached", text="同一故障再次出现，买家要求退款。"),
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, INTERVENTION),
        outcome=None,
        steps=(
            "goods_received R6.7",
            "became_major R6.6",
            "intervention_started R6.3",
            "buyer_contacted R4.1",
        ),
        told=("grave_step general_manager",),
    ),
)

_CALLED = agent("buyer_contacted", result="reached", text="已致电买家，核实情况。")
_CONFIRMED_AND_PAID: tuple[Act, ...] = (BUYER_CONFIRMS, SELLER_CONFIRMS, *PAID_AND_CONTENT)

MAJOR_RULED_IN_TIME = Story(
    name="a_major_complaint_is_ruled_within_two_days",
    zh="重大投诉，两日内判定",
    en="A major complaint is ruled within two days",
    rules=("R2.4", "R4.3"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(*_MAJOR, _CALLED, passes(hours=20), RULED_FOR_THE_BUYER, *_CONFIRMED_AND_PAID),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("intervention_started R3.4", "buyer_contacted R4.1", "ruled R4.6", "ruling_final R5.3"),
        money=REFUNDED,
        told=("grave_step general_manager",),
    ),
)

MAJOR_RULED_TOO_LATE = Story(
    name="a_major_complaint_is_called_and_ruled_too_late",
    zh="重大投诉，回访与判定均逾期",
    en="A major complaint is called and ruled too late: both duties are missed, and done all the same",
    rules=("R4.3", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(*_MAJOR, passes(days=3), _CALLED, RULED_FOR_THE_BUYER, *_CONFIRMED_AND_PAID),
    ends=Ending(
        phases=(*TO_CONFIRMATION, *TO_THE_END),
        outcome=Outcome.FULFILLED,
        steps=("duty_missed R7.2", "escalated_to_supervisor R7.2", "buyer_contacted R4.1", "ruled R4.6"),
        money=REFUNDED,
    ),
)

GRAVER = (
    QUALITY_LATE,
    SHIPMENT_LATE,
    MAJOR_IN_TIME,
    MAJOR_TOO_LATE,
    MAJOR_FOR_WEEKS,
    MAJOR_RULED_IN_TIME,
    MAJOR_RULED_TOO_LATE,
    FAILS_AGAIN,
)
