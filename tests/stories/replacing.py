"""Stories of goods that go to the buyer: exchanged, repaired, sent again; and of apologies (R6.5-R6.7, R6.9)."""

from datetime import timedelta

from starter.demo.stories.returns import CHAIRS, SETTLED, TO_FULFILMENT
from starter.demo.stories.shared import (
    CLOSED,
    CONTENT,
    FOLLOW_UP,
    FULFILMENT,
    INTERVENTION,
    PAID_AND_CONTENT,
    TO_NEGOTIATION,
)
from starter.demo.stories.story import (
    Act,
    Complaint,
    Ending,
    Goods,
    Reaches,
    Story,
    buyer,
    carrier,
    passes,
    refund,
    seller,
    yuan,
)
from workflows.vocabulary import Outcome, Problem, Remedy

RICE_COOKER = Goods(title="电饭煲", spec="4L", paid=yuan("399.00"), buyer="b-zhaojie", seller="shop-meijia")
UNDELIVERED = Goods(
    title="新疆长绒棉被",
    paid=yuan("520.00"),
    delivered=None,
    promised=timedelta(days=3),
    buyer="b-sunli",
    seller="shop-tianshan",
)


def _asks(problem: Problem, remedy: Remedy, description: str, name: str) -> Complaint:
    return Complaint(problem=problem, description=description, remedy=remedy, name=name)


EXCHANGE = _asks(Problem.QUALITY, Remedy.EXCHANGE, "椅面有一道裂纹，希望换一把新的。", "陈宇")
REPAIR = _asks(Problem.QUALITY, Remedy.REPAIR, "煮饭时频繁跳闸，希望维修。", "赵洁")
RESHIP = _asks(Problem.NOT_RECEIVED, Remedy.RESHIP, "物流停滞多日，一直没有收到，请补发。", "孙丽")
APOLOGY = _asks(Problem.SERVICE_ATTITUDE, Remedy.APOLOGY, "客服辱骂顾客，要求正式道歉。", "陈宇")

RETURNED: tuple[Act, ...] = (
    *TO_FULFILMENT,
    buyer("goods_sent", leg="return", carrier="sf", tracking="SF3001"),
    carrier("delivered", "SF3001"),
)
INSPECTED: tuple[Act, ...] = (*RETURNED, seller("goods_received", leg="return", condition="intact"))
DONE: tuple[Act, ...] = (Reaches(FOLLOW_UP), CONTENT, Reaches(CLOSED))

EXCHANGED = Story(
    name="the_goods_are_exchanged",
    zh="换货成功",
    en="The goods are exchanged",
    rules=("R6.5", "R6.7"),
    goods=CHAIRS,
    complaint=EXCHANGE,
    acts=(
        *INSPECTED,
        seller("goods_sent", leg="replacement", carrier="sf", tracking="SF3002"),
        carrier("delivered", "SF3002"),
        buyer("goods_received", leg="replacement", condition="intact"),
        *DONE,
    ),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("goods_received R6.3", "goods_sent R6.3", "goods_received R6.7", "follow_up_started R10.1"),
    ),
)

OUT_OF_STOCK = Story(
    name="the_exchange_is_out_of_stock_and_becomes_a_refund",
    zh="缺货无法换，改为退款",
    en="Out of stock: the exchange becomes a refund",
    rules=("R6.5", "R6.9"),
    goods=CHAIRS,
    complaint=EXCHANGE,
    acts=(*INSPECTED, seller("fulfilment_declined", reason="out_of_stock"), *PAID_AND_CONTENT),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("fulfilment_declined R6.9", "became_a_refund R6.9", "payment_settled R6.1"),
        money=(refund("458.00"),),
    ),
)

NO_REPLACEMENT = Story(
    name="no_replacement_comes_and_the_exchange_becomes_a_refund",
    zh="商家逾期未换货，改为退款",
    en="No replacement is sent in time: the exchange becomes a refund",
    rules=("R6.5", "R6.9"),
    goods=CHAIRS,
    complaint=EXCHANGE,
    acts=(*INSPECTED, passes(days=35), Reaches(CLOSED)),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("goods_received R6.3", "became_a_refund R6.9", "payment_settled R6.1", "closed R10.2"),
        money=(refund("458.00"),),
    ),
)

REPAIRED = Story(
    name="the_repaired_goods_come_back_and_silence_is_content",
    zh="维修寄回，逾期未反馈视为完好",
    en="Repaired and sent back; silence counts as intact",
    rules=("R6.6", "R6.7"),
    goods=RICE_COOKER,
    complaint=REPAIR,
    acts=(
        *RETURNED,
        seller("goods_sent", leg="repaired", carrier="sf", tracking="SF3003"),
        carrier("delivered", "SF3003"),
        passes(days=7, hours=1),
        *DONE,
    ),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("goods_sent R6.3", "parcel_reported R6.4", "goods_sent R6.3", "intact_by_silence R6.7"),
    ),
)

SENT_AGAIN = Story(
    name="what_never_arrived_is_sent_again",
    zh="包裹丢失，商家补发",
    en="What never arrived is sent again",
    rules=("R6.7", "R1.7"),
    goods=UNDELIVERED,
    complaint=RESHIP,
    acts=(
        *TO_FULFILMENT,
        seller("goods_sent", leg="original", carrier="sf", tracking="SF3004"),
        carrier("delivered", "SF3004"),
        buyer("goods_received", leg="original", condition="intact"),
        *DONE,
    ),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("goods_sent R6.3", "parcel_reported R6.4", "goods_received R6.7", "closed R10.2"),
    ),
)

NOT_SENT_AGAIN = Story(
    name="the_seller_does_not_send_again_and_the_handler_takes_over",
    zh="商家承诺补发却未发货",
    en="The seller promises to send again and does not: back to the handler",
    rules=("R6.7", "R6.9"),
    goods=UNDELIVERED,
    complaint=RESHIP,
    acts=(*TO_FULFILMENT, passes(hours=25), Reaches(INTERVENTION)),
    ends=Ending(
        phases=(*TO_NEGOTIATION, FULFILMENT, INTERVENTION),
        outcome=None,
        steps=("seller_answered R3.1", "intervention_started R6.3"),
    ),
)

APOLOGISED = Story(
    name="the_seller_apologises",
    zh="商家道歉，买家接受",
    en="The seller apologises",
    rules=("R6.7",),
    goods=CHAIRS,
    complaint=APOLOGY,
    acts=(*TO_FULFILMENT, seller("apology_made", text="对客服的不当言论，我们郑重道歉。"), *DONE),
    ends=Ending(phases=SETTLED, outcome=Outcome.SETTLED, steps=("apology_made R6.7", "follow_up_started R10.1")),
)

PLATFORM_APOLOGISES = Story(
    name="the_platform_apologises_for_a_silent_seller",
    zh="商家未道歉，平台代为致歉",
    en="The seller stays silent: the platform apologises",
    rules=("R6.7",),
    goods=CHAIRS,
    complaint=APOLOGY,
    acts=(*TO_FULFILMENT, passes(hours=25), *DONE),
    ends=Ending(phases=SETTLED, outcome=Outcome.SETTLED, steps=("apology_by_the_platform R6.7", "closed R10.2")),
)

NOTHING_REPAIRED = Story(
    name="nothing_repaired_comes_back_and_it_becomes_a_refund",
    zh="商家逾期未维修，改为退款",
    en="The repaired item is not sent in time: the repair becomes a refund",
    rules=("R6.6", "R6.9", "R8.4"),
    goods=RICE_COOKER,
    complaint=REPAIR,
    acts=(*RETURNED, passes(days=35), Reaches(CLOSED)),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("parcel_reported R6.4", "became_a_refund R6.9", "payment_settled R6.1", "closed R10.2"),
        money=(refund("399.00"),),
        told=("became_a_refund buyer", "became_a_refund seller"),
    ),
)

CANNOT_REPAIR = Story(
    name="the_seller_cannot_repair_and_refunds",
    zh="无法维修，改为退款",
    en="The seller cannot repair it: the repair becomes a refund",
    rules=("R6.6", "R6.9"),
    goods=RICE_COOKER,
    complaint=REPAIR,
    acts=(*RETURNED, seller("fulfilment_declined", reason="cannot_repair"), *PAID_AND_CONTENT),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=("fulfilment_declined R6.9", "became_a_refund R6.9", "payment_settled R6.1"),
        money=(refund("399.00"),),
    ),
)

REPLACING = (
    NOTHING_REPAIRED,
    CANNOT_REPAIR,
    EXCHANGED,
    OUT_OF_STOCK,
    NO_REPLACEMENT,
    REPAIRED,
    SENT_AGAIN,
    NOT_SENT_AGAIN,
    APOLOGISED,
    PLATFORM_APOLOGISES,
)
