"""Stories of the first days: filed, answered, reviewed, turned down, or not taken up at all (R1, R2)."""

from datetime import timedelta

from starter.demo.stories.second_looks import UNFOUNDED_SILENT
from starter.demo.stories.shared import (
    ACCEPTED,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    PAID_AND_CONTENT,
    REFUNDED,
    REGISTRATION,
    REVIEW,
    TO_NEGOTIATION,
    TO_REVIEW,
    TO_THE_END,
)
from starter.demo.stories.story import (
    Complaint,
    Ending,
    Goods,
    Reaches,
    Story,
    agent,
    buyer,
    passes,
    seller,
    yuan,
)
from workflows.answers import Code
from workflows.parties import Party
from workflows.vocabulary import Channel, Outcome, Problem, Remedy, Role

NEED_MATERIAL = agent("reviewed", decision="need_material", text="请补充吊牌照片。")
MATERIAL = buyer("material_supplied", text="吊牌照片已上传。")

MATERIAL_ANSWERED = Story(
    name="material_is_asked_for_twice_at_most",
    zh="补充材料，至多两次",
    en="Material is asked for, twice at most, and supplied",
    rules=("R2.1",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        NEED_MATERIAL,
        passes(hours=20),
        MATERIAL,
        MATERIAL.refused(Code.NOT_NOW),
        NEED_MATERIAL,
        MATERIAL,
        NEED_MATERIAL.refused(Code.ALREADY_DONE),
        ACCEPTED,
        seller("seller_answered", answer="agree"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("reviewed R2.1", "material_supplied R2.1", "refused R2.1", "reviewed R2.1", "refused R2.1"),
        money=REFUNDED,
        told=("material_asked buyer", "material_supplied agent"),
    ),
)

MATERIAL_NEVER_COMES = Story(
    name="no_material_comes_and_the_complaint_is_abandoned",
    zh="买家未补充材料，视为放弃",
    en="No material comes: abandoned, not unfounded",
    rules=("R2.1", "R10.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(NEED_MATERIAL, passes(days=12), Reaches(CLOSED)),
    ends=Ending(
        phases=(*TO_REVIEW, CLOSED),
        outcome=Outcome.ABANDONED,
        steps=("reviewed R2.1", "closed R2.1"),
        told=("material_asked buyer", "closed buyer"),
    ),
)

NOT_APPLICABLE = Story(
    name="the_agent_finds_it_not_applicable",
    zh="不属于受理范围",
    en="The agent finds it not applicable",
    rules=("R2.1", "R10.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(agent("reviewed", decision="not_applicable", text="该订单已由商家线下换货，不再受理。"), Reaches(CLOSED)),
    ends=Ending(phases=(*TO_REVIEW, CLOSED), outcome=Outcome.NOT_APPLICABLE, steps=("reviewed R2.1", "closed R2.1")),
)

FIRST_RESPONSE_MISSED = Story(
    name="nobody_responds_within_half_an_hour",
    zh="首次响应超时",
    en="Nobody responds within 30 service minutes",
    rules=("R1.6",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(passes(hours=11), Reaches(REVIEW), ACCEPTED, seller("seller_answered", answer="agree"), *PAID_AND_CONTENT),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("first_response_missed R1.6", "reviewed R2.1"),
        money=REFUNDED,
        told=("first_response_missed supervisor",),
    ),
)

REVIEW_OVERDUE = Story(
    name="an_overdue_review_climbs_to_the_operations_manager",
    zh="审核超时，上报至运营经理",
    en="An overdue review climbs to the operations manager",
    rules=("R2.1", "R7.1", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(passes(days=13), Reaches(REVIEW)),
    ends=Ending(
        phases=TO_REVIEW,
        outcome=None,
        steps=(
            "duty_warned R7.2",
            "duty_missed R7.2",
            "escalated_to_supervisor R7.2",
            "escalated_to_operations_manager R7.2",
        ),
        told=("escalated_to_supervisor supervisor", "escalated_to_operations_manager operations_manager"),
        level=2,
    ),
)

HANDED_OVER = Story(
    name="the_handler_hands_over_at_the_end_of_the_shift",
    zh="交接班转交处理人",
    en="The handler hands the complaint over at the end of the shift",
    rules=("R2.5",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        agent("handed_over", to="nobody-1", open_points="").refused(Code.UNKNOWN_REFERENCE),
        agent("handed_over", to="s-2", open_points="等待商家答复，请明早跟进。"),
        ACCEPTED,
        seller("seller_answered", answer="agree"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("refused R2.5", "handed_over R2.5", "reviewed R2.1"),
        money=REFUNDED,
        told=("assigned supervisor",),
    ),
)


def _not_taken_up(name: str, zh: str, en: str, rule: str, **story: object) -> Story:
    told = ("filing_refused buyer",)
    ends = Ending(
        phases=(REGISTRATION, CLOSED),
        outcome=Outcome.REFUSED,
        steps=("filed R1.2", f"filing_refused {rule}", f"closed {rule}"),
        told=told,
    )
    given = {"goods": COAT, "complaint": COAT_NOT_AS_DESCRIBED, **story}
    return Story(name=name, zh=zh, en=en, rules=(rule,), acts=(Reaches(CLOSED),), ends=ends, **given)  # type: ignore[arg-type]  # the callers below


ORDER_UNKNOWN = _not_taken_up("the_order_is_unknown", "订单不存在", "The order is unknown", "R1.2", goods=None)
NOT_THE_BUYER = _not_taken_up(
    "somebody_else_complains",
    "非订单买家投诉",
    "Somebody else than the buyer complains",
    "R1.3",
    complaint=Complaint(
        problem=Problem.NOT_AS_DESCRIBED,
        description="帮朋友投诉。",
        remedy=Remedy.REFUND,
        amount=yuan("299.00"),
        filed_by=Party(role=Role.BUYER, id="b-stranger"),
    ),
)
ALREADY_OPEN = _not_taken_up(
    "a_second_complaint_on_the_same_line_is_refused",
    "同一问题重复投诉",
    "A second complaint on the same line and problem",
    "R1.4",
    another_is_open=True,
)
ABOVE_WHAT_WAS_PAID = _not_taken_up(
    "more_is_asked_for_than_was_paid",
    "索退金额超过实付",
    "More is asked for than was paid",
    "R1.8",
    complaint=Complaint(
        problem=Problem.NOT_AS_DESCRIBED,
        description="要求退三百一十元。",
        remedy=Remedy.REFUND,
        amount=yuan("309.01"),
    ),
)

OUTSIDE_THE_WINDOW = Story(
    name="filed_too_late_and_explained_by_phone",
    zh="超过受理时限，电话说明",
    en="Filed after the window: not applicable, explained by phone",
    rules=("R1.7",),
    goods=Goods(title="羊毛双面呢大衣", paid=yuan("299.00"), delivered=timedelta(days=31)),
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(Reaches(CLOSED),),
    ends=Ending(
        phases=(REGISTRATION, CLOSED),
        outcome=Outcome.NOT_APPLICABLE,
        steps=("filed R1.2", "assigned R2.5", "courtesy_call_given R1.7", "closed R1.7"),
        told=("not_applicable buyer", "courtesy_call_given agent"),
    ),
)

FILED_BY_STAFF = Story(
    name="an_agent_files_for_a_buyer_on_the_phone",
    zh="热线代客登记",
    en="An agent files for a buyer who called the hotline",
    rules=("R1.1", "R1.3"),
    goods=COAT,
    complaint=Complaint(
        problem=Problem.NOT_AS_DESCRIBED,
        description="买家来电：大衣含毛量与页面不符，要求退款。",
        remedy=Remedy.REFUND,
        amount=yuan("299.00"),
        channel=Channel.HOTLINE,
        filed_by=Party(role=Role.AGENT, id="a-2"),
    ),
    acts=(ACCEPTED, seller("seller_answered", answer="agree"), *PAID_AND_CONTENT),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("filed R1.2", "assigned R2.5"),
        money=REFUNDED,
        told=("filed buyer",),
    ),
)

REVIEWING = (
    UNFOUNDED_SILENT,
    MATERIAL_ANSWERED,
    MATERIAL_NEVER_COMES,
    NOT_APPLICABLE,
    FIRST_RESPONSE_MISSED,
    REVIEW_OVERDUE,
    HANDED_OVER,
    ORDER_UNKNOWN,
    NOT_THE_BUYER,
    ALREADY_OPEN,
    ABOVE_WHAT_WAS_PAID,
    OUTSIDE_THE_WINDOW,
    FILED_BY_STAFF,
)
