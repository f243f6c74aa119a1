"""Stories of what the platform asks and gives of its own: work orders to departments, goodwill (R2.6, R3.6)."""

from datetime import timedelta

from starter.demo.stories.shared import (
    ACCEPTED,
    CLOSED,
    COAT,
    COAT_NOT_AS_DESCRIBED,
    INTERVENTION,
    NEGOTIATION,
    PAID_AND_CONTENT,
    REFUNDED,
    REFUSED_BY_SELLER,
    TO_INTERVENTION,
    TO_NEGOTIATION,
    TO_THE_END,
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
    department,
    general_manager,
    passes,
    seller,
    supervisor,
    yuan,
)
from workflows.answers import Code
from workflows.vocabulary import Outcome, Purpose

_AGREES = seller("seller_answered", answer="agree")
_OPENED = agent("work_order_opened", department="purchasing", question="请核实该批次大衣的羊毛含量。")
_DATE = department("work_order_answered", by="purchasing", expected_at=timedelta(days=4))


def _plan(text: str) -> Tell:
    return department(
        "work_order_answered", by="purchasing", cause="供应商以次充好", responsible="采购二组 周敏", plan=text
    )


def _decided(decision: str, text: str) -> Tell:
    return buyer("work_order_plan_decided", decision=decision, text=text)


TWO_REJECTIONS: tuple[Act, ...] = (
    *TO_THE_PLATFORM,
    _OPENED,
    _plan("下架该批次，补偿优惠券。"),
    _decided("reject", "只给优惠券不能接受。"),
    _plan("下架该批次，退一半货款。"),
)

A_DATE_THEN_A_PLAN = Story(
    name="the_department_names_a_date_and_its_second_plan_is_accepted",
    zh="责任部门先约定日期，第二次方案获买家认可",
    en="The department names a date, which the buyer refuses; its second plan is accepted",
    rules=("R2.6", "R2.4"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        _OPENED,
        _OPENED.refused(Code.NOT_NOW),
        department("work_order_answered", by="order", expected_at=timedelta(days=4)).refused(Code.WRONG_SENDER),
        _DATE,
        _DATE.refused(Code.ALREADY_DONE),
        _decided("reject", "等不了那么久。"),
        _decided("accept", "还是等吧。").refused(Code.NOT_NOW),
        _plan("下架该批次，补偿优惠券。"),
        _decided("reject", "只给优惠券不能接受。"),
        _plan("下架该批次，全额退款。"),
        supervisor("work_order_plan_decided", decision="accept", text="买家来电表示同意。"),
        _AGREES,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=(
            "work_order_opened R2.6",
            "refused R2.6",
            "work_order_answered R2.6",
            "date_named R2.6",
            "refused R2.6",
            "became_major R2.6",
            "plan_put_to_buyer R2.6",
            "plan_put_to_buyer R2.6",
            "work_order_plan_decided R2.6",
        ),
        money=REFUNDED,
        told=(
            "work_order_opened department",
            "date_named buyer",
            "date_named agent",
            "grave_step general_manager",
            "plan_put_to_buyer buyer",
        ),
    ),
)

TWICE_REJECTED = Story(
    name="the_buyer_rejects_the_plan_twice_and_the_general_manager_decides",
    zh="方案两次被拒，总经理定夺",
    en="The buyer rejects the plan twice, and the general manager decides",
    rules=("R2.6",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TWO_REJECTIONS,
        _decided("reject", "退一半也不接受。"),
        general_manager("work_order_plan_decided", decision="reject", text="方案不足，按买家诉求处理。"),
        _OPENED,
        Reaches(INTERVENTION),
        _AGREES,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("plan_put_to_buyer R2.6", "plan_put_to_manager R2.6", "work_order_plan_decided R2.6"),
        money=REFUNDED,
        told=("plan_put_to_buyer buyer", "plan_put_to_manager general_manager"),
    ),
)

A_DATE_THE_BUYER_WAITS_FOR = Story(
    name="the_buyer_waits_for_the_date_and_accepts_the_plan",
    zh="买家同意等待，方案获认可",
    en="The buyer agrees to the date, and to the plan that comes by then",
    rules=("R2.6",),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TO_THE_PLATFORM,
        _OPENED,
        _DATE,
        _decided("accept", "可以等。"),
        passes(days=2),
        _plan("下架该批次，全额退款。"),
        _decided("accept", "同意。"),
        _AGREES,
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=("work_order_opened R2.6", "work_order_answered R2.6", "plan_put_to_buyer R2.6"),
        money=REFUNDED,
    ),
)

NO_ANSWER = Story(
    name="the_department_does_not_answer_and_the_buyer_is_told",
    zh="责任部门逾期未答复，主管督办并告知买家",
    en="The department does not answer in time: the supervisor and the buyer are told",
    rules=("R2.6", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(*TO_THE_PLATFORM, _OPENED, passes(days=15), Reaches(INTERVENTION), _AGREES, *PAID_AND_CONTENT),
    ends=Ending(
        phases=(*TO_INTERVENTION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=(
            "work_order_opened R2.6",
            "duty_warned R7.2",
            "duty_missed R7.2",
            "escalated_to_supervisor R7.2",
            "work_order_superseded R2.6",
        ),
        money=REFUNDED,
        told=("escalated_to_supervisor supervisor", "expected_time_told buyer", "work_order_superseded department"),
    ),
)

THE_MANAGER_IS_LATE = Story(
    name="the_general_manager_is_late_to_decide_on_a_plan_rejected_twice",
    zh="方案两次被拒，总经理逾期未决",
    en="The plan was rejected twice and the general manager is late to decide; the buyer withdraws",
    rules=("R2.6", "R7.1", "R7.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        *TWO_REJECTIONS,
        _decided("reject", "退一半也不接受。"),
        agent("noted", text="已转总经理。"),
        passes(days=15),
        Reaches(INTERVENTION),
        buyer("withdrawn", reason="不想再等了。"),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=(*TO_INTERVENTION, CLOSED),
        outcome=Outcome.WITHDRAWN,
        steps=(
            "plan_put_to_manager R2.6",
            "duty_missed R7.2",
            "withdrawn R3.5",
            "work_order_superseded R2.6",
            "closed R3.5",
        ),
        told=("plan_put_to_manager general_manager", "work_order_superseded department"),
    ),
)


def _goodwill(amount: str) -> Tell:
    return agent("offer_made", remedy="compensation", amount=yuan(amount), text=f"平台补偿 {amount} 元，聊表歉意。")


GOODWILL = Story(
    name="goodwill_rises_from_rung_to_rung_and_never_above",
    zh="平台补偿逐级提高，最高三成",
    en="Goodwill rises from rung to rung, 10, 20, 30 %, and never above",
    rules=("R3.6", "R3.2", "R6.2"),
    goods=COAT,
    complaint=COAT_NOT_AS_DESCRIBED,
    acts=(
        ACCEPTED,
        REFUSED_BY_SELLER,
        _goodwill("29.91").refused(Code.ABOVE_LIMIT),
        _goodwill("29.90"),
        _goodwill("59.80").refused(Code.ABOVE_LIMIT),
        buyer("offer_rejected", offer=1),
        _goodwill("59.80"),
        buyer("offer_rejected", offer=2),
        _goodwill("89.71").refused(Code.ABOVE_LIMIT),
        _goodwill("89.70"),
        passes(hours=49),
        Reaches(NEGOTIATION),
        _goodwill("89.71").refused(Code.ABOVE_LIMIT),
        _goodwill("89.70"),
        buyer("offer_confirmed", offer=4),
        seller("offer_confirmed", offer=4),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=(*TO_NEGOTIATION, *TO_THE_END),
        outcome=Outcome.SETTLED,
        steps=(
            "refused R3.6",
            "offer_made R3.2",
            "refused R3.6",
            "offer_rejected R3.2",
            "offer_made R3.2",
            "offer_rejected R3.2",
            "refused R3.6",
            "offer_lapsed R3.2",
            "refused R3.6",
            "offer_confirmed R3.2",
            "payment_settled R6.2",
        ),
        money=(Paid(Purpose.COMPENSATION, yuan("89.70")),),
    ),
)

ASKING = (
    A_DATE_THEN_A_PLAN,
    A_DATE_THE_BUYER_WAITS_FOR,
    TWICE_REJECTED,
    THE_MANAGER_IS_LATE,
    NO_ANSWER,
    GOODWILL,
)
