"""What the stories of advances have in common: lamps that flicker, a fund that advances, what is awaited of it."""

from starter.demo.stories.shared import (
    BUYER_CONFIRMS,
    CLOSED,
    CONFIRMATION,
    FULFILMENT,
    INTERVENTION,
    TO_CONFIRMATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import (
    Act,
    Complaint,
    Goods,
    Paid,
    Reaches,
    Tell,
    agent,
    buyer,
    carrier,
    passes,
    seller,
    yuan,
)
from workflows.vocabulary import MoneyState, Problem, Purpose, Remedy

LAMPS = Goods(
    title="黄铜落地灯",
    spec="暖光 2 盏",
    quantity=2,
    paid=yuan("600.00"),
    shipping=yuan("20.00"),
    buyer="b-suqing",
    seller="shop-guanghe",
)
SELLER_IS_SHORT = Goods(
    title="黄铜落地灯",
    spec="暖光 2 盏",
    quantity=2,
    paid=yuan("600.00"),
    shipping=yuan("20.00"),
    buyer="b-suqing",
    seller="shop-guanghe",
    held=yuan("200.00"),
)
"""Most of the line's money is gone already, and the seller has no deposit."""

FLICKER = Complaint(
    problem=Problem.NOT_AS_DESCRIBED,
    description="灯光频闪，与详情页“无频闪”描述不符，要求退款。",
    remedy=Remedy.REFUND,
    amount=yuan("600.00"),
    name="苏青",
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
KEEPS_IT: tuple[Act, ...] = (*TO_THE_PLATFORM, ruled(Remedy.REFUND), ordered("600.00"), FROZEN)
"""Ruled that the buyer is refunded and keeps the lamps; the fund advances it all."""

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
RULED_ANEW = (*TO_CONFIRMATION, FULFILMENT, INTERVENTION, CONFIRMATION, *TO_THE_END)


def confirmed(ruling: int) -> tuple[Act, ...]:
    """Both parties confirm a ruling."""
    return buyer("ruling_confirmed", ruling=ruling), seller("ruling_confirmed", ruling=ruling)
