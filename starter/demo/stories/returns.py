"""Stories of the tour in which goods go back: refunded once they came, or advanced by the fund before (R6.3, R9)."""

from starter.demo.stories.shared import (
    ACCEPTED,
    BUYER_CONFIRMS,
    CLOSED,
    CONFIRMATION,
    FULFILMENT,
    PAID_AND_CONTENT,
    TO_CONFIRMATION,
    TO_NEGOTIATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import (
    Act,
    Complaint,
    Ending,
    Goods,
    Paid,
    Reaches,
    Story,
    Tell,
    agent,
    buyer,
    carrier,
    passes,
    refund,
    seller,
    yuan,
)
from workflows.answers import Code
from workflows.vocabulary import MoneyState, Outcome, Problem, Purpose, Remedy

CHAIRS = Goods(
    title="实木餐椅", spec="胡桃色 2 把", quantity=2, paid=yuan("458.00"), buyer="b-chenyu", seller="shop-mujing"
)
CHAIRS_WOBBLE = Complaint(
    problem=Problem.QUALITY,
    description="两把椅子椅腿高低不平，坐上去摇晃，要求退货退款。",
    remedy=Remedy.RETURN_REFUND,
    amount=yuan("458.00"),
    name="陈宇",
)
SENT_BACK = buyer("goods_sent", leg="return", carrier="sf", tracking="SF2001", freight=yuan("38.00"))
TO_FULFILMENT: tuple[Act, ...] = (ACCEPTED, seller("seller_answered", answer="agree"), Reaches(FULFILMENT))
FREIGHT = Paid(Purpose.RETURN_FREIGHT, yuan("38.00"))
SETTLED = (*TO_NEGOTIATION, *TO_THE_END)

RETURNED_INTACT = Story(
    name="the_goods_come_back_intact_and_are_refunded",
    zh="退货完好，退款并补运费",
    en="The goods come back intact: refunded, and the freight repaid",
    rules=("R6.3", "R6.8"),
    goods=CHAIRS,
    complaint=CHAIRS_WOBBLE,
    acts=(
        *TO_FULFILMENT,
        buyer("goods_sent", leg="return", carrier="turtle", tracking="T1").refused(Code.UNKNOWN_REFERENCE),
        SENT_BACK,
        carrier("in_transit", "SF2001"),
        carrier("picked_up", "SF2001"),
        carrier("delivered", "SF2001"),
        seller("goods_received", leg="return", condition="intact"),
        *PAID_AND_CONTENT,
    ),
    ends=Ending(
        phases=SETTLED,
        outcome=Outcome.SETTLED,
        steps=(
            "refused R6.3",
            "goods_sent R6.3",
            "parcel_reported R6.4",
            "goods_received R6.3",
            "payment_settled R6.1",
        ),
        money=(FREIGHT, refund("458.00")),
    ),
)

LAMPS = Goods(
    title="黄铜落地灯",
    spec="暖光 2 盏",
    quantity=2,
    paid=yuan("600.00"),
    shipping=yuan("20.00"),
    buyer="b-suqing",
    seller="shop-guanghe",
)
FLICKER_RETURNED = Complaint(
    problem=Problem.NOT_AS_DESCRIBED,
    description="灯光频闪，与详情页“无频闪”描述不符，要求退货退款。",
    remedy=Remedy.RETURN_REFUND,
    amount=yuan("600.00"),
    name="苏青",
)


def ruled(remedy: Remedy, amount: str = "600.00") -> Tell:
    """The handler rules for the buyer, the seller is liable."""
    return agent(
        "ruled",
        liability="seller",
        remedy=remedy,
        amount=yuan(amount),
        freight="seller",
        reason="not_as_described",
        text="检测视频显示频闪明显，支持买家诉求。",
    )


def ordered(amount: str) -> Tell:
    """The handler orders an advance."""
    return agent("advance_ordered", amount=yuan(amount), reason="卖家迟迟不予配合，平台先行垫付。")


def advanced(amount: str, state: MoneyState = MoneyState.SETTLED) -> Paid:
    """An advance as it must stand in the end."""
    return Paid(Purpose.ADVANCE, yuan(amount), state)


def unfrozen(amount: str) -> Paid:
    """What of an advance became the buyer's."""
    return Paid(Purpose.UNFREEZE, yuan(amount))


def clawed_back(amount: str) -> Paid:
    """What of an advance went back to the fund."""
    return Paid(Purpose.CLAW_BACK, yuan(amount))


def recovered(amount: str, state: MoneyState = MoneyState.SETTLED) -> Paid:
    """What the fund was repaid."""
    return Paid(Purpose.RECOVERY, yuan(amount), state)


def paid_out(amount: str) -> Paid:
    """Held money as it was paid to the seller."""
    return Paid(Purpose.PAYOUT, yuan(amount))


FROZEN = Reaches(CONFIRMATION, MoneyState.SETTLED)
SELLER_SILENT = passes(days=2, hours=1)

TO_RETURN: tuple[Act, ...] = (
    *TO_THE_PLATFORM,
    ruled(Remedy.RETURN_REFUND),
    ordered("600.00"),
    FROZEN,
    BUYER_CONFIRMS,
    SELLER_SILENT,
    Reaches(FULFILMENT),
)
"""Ruled that the lamps go back; the seller is silent, the advance is frozen, the return is awaited."""

SENT = buyer("goods_sent", leg="return", carrier="sf", tracking="SF6001")
DELIVERED: tuple[Act, ...] = (*TO_RETURN, SENT, carrier("delivered", "SF6001"))
FULFILLED = (*TO_CONFIRMATION, *TO_THE_END)
LAPSED = (*TO_CONFIRMATION, FULFILMENT, CLOSED)

INTACT = Story(
    name="an_advance_is_unfrozen_when_the_return_is_intact",
    zh="垫付冻结期间退货完好，解冻并追偿",
    en="The lamps come back intact: unfrozen, and the fund is repaid",
    rules=("R9.2", "R9.7"),
    goods=LAMPS,
    complaint=FLICKER_RETURNED,
    acts=(*DELIVERED, seller("goods_received", leg="return", condition="intact"), *PAID_AND_CONTENT),
    ends=Ending(
        phases=FULFILLED,
        outcome=Outcome.FULFILLED,
        steps=("payment_settled R9.2", "goods_received R6.3", "payment_settled R9.7", "payment_settled R9.5"),
        money=(advanced("600.00"), unfrozen("600.00"), recovered("600.00")),
    ),
)

NEVER_SENT = Story(
    name="nothing_is_returned_and_the_advance_goes_back",
    zh="买家未寄回并承认，垫付退回基金，货款付给卖家",
    en="Nothing was returned: the advance goes back, the seller is paid",
    rules=("R9.4", "R9.7", "R6.12"),
    goods=LAMPS,
    complaint=FLICKER_RETURNED,
    acts=(
        *TO_RETURN,
        passes(days=7, hours=1),
        agent("buyer_contacted", result="reached", text="买家称还在考虑。"),
        agent("buyer_contacted", result="confirmed", text="买家承认没有寄回。"),
        Reaches(CLOSED),
    ),
    ends=Ending(
        phases=LAPSED,
        outcome=Outcome.LAPSED,
        steps=(
            "buyer_to_be_asked R9.4",
            "buyer_contacted R9.4",
            "closing R9.4",
            "payment_settled R9.4",
            "payment_settled R6.12",
            "closed R9.4",
        ),
        money=(advanced("600.00"), clawed_back("600.00"), paid_out("620.00")),
        told=("buyer_to_be_asked agent", "advance_clawed_back buyer", "held_money_paid_out seller", "closed buyer"),
    ),
)
