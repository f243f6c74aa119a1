"""What the stories of advances have in common, beside those of the tour: lamps that are kept, a seller short."""

from dataclasses import replace

from starter.demo.stories.returns import FROZEN, LAMPS, ordered, ruled
from starter.demo.stories.shared import (
    CONFIRMATION,
    FULFILMENT,
    INTERVENTION,
    TO_CONFIRMATION,
    TO_THE_END,
    TO_THE_PLATFORM,
)
from starter.demo.stories.story import Act, Complaint, buyer, seller, yuan
from workflows.vocabulary import Problem, Remedy

SELLER_IS_SHORT = replace(LAMPS, held=yuan("200.00"))
"""Most of the line's money is gone already, and the seller has no deposit."""

FLICKER = Complaint(
    problem=Problem.NOT_AS_DESCRIBED,
    description="灯光频闪，与详情页“无频闪”描述不符，要求退款。",
    remedy=Remedy.REFUND,
    amount=yuan("600.00"),
    name="苏青",
)

KEEPS_IT: tuple[Act, ...] = (*TO_THE_PLATFORM, ruled(Remedy.REFUND), ordered("600.00"), FROZEN)
"""Ruled that the buyer is refunded and keeps the lamps; the fund advances it all."""

RULED_ANEW = (*TO_CONFIRMATION, FULFILMENT, INTERVENTION, CONFIRMATION, *TO_THE_END)


def confirmed(ruling: int) -> tuple[Act, ...]:
    """Both parties confirm a ruling."""
    return buyer("ruling_confirmed", ruling=ruling), seller("ruling_confirmed", ruling=ruling)
