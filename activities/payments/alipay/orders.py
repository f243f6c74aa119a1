"""The order behind a movement: its trade at Alipay, and the buyer's account that paid it."""

from pydantic import BaseModel, ConfigDict

from activities.payments.alipay.gateway import Gateway, Refusal
from activities.payments.alipay.names import Unwritable, money
from activities.payments.alipay.refusals import NO_TRADE_KNOWN
from workflows.money.movement import Movement

_QUERY = "alipay.trade.query"
_LONGEST = 64

Payee = dict[str, str]
"""An account at Alipay, as a transfer names it: `identity` and `identity_type`."""


class _Trade(BaseModel):
    model_config = ConfigDict(strict=True)

    out_trade_no: str
    buyer_user_id: str = ""
    buyer_open_id: str = ""


def order_of(movement: Movement) -> str:
    """Return the order's number, which is the merchant's number of its trade; raises Unwritable where none is named."""
    if movement.line is None:
        raise Unwritable(f"the movement {movement.key} names no order line, and Alipay pays by the order's trade")
    if len(movement.line.order_id) > _LONGEST:
        raise Unwritable(f"the order number {movement.line.order_id} is longer than Alipay's {_LONGEST} characters")
    return movement.line.order_id


def same_amount(text: str, movement: Movement) -> bool:
    """Tell whether Alipay's yuan are the movement's fen."""
    try:
        return money(text) == movement.amount
    except Unwritable:
        return False


async def payer_of(gateway: Gateway, movement: Movement) -> Payee | None:
    """Return the account that paid the movement's order; None if Alipay says there is no such trade."""
    order = order_of(movement)
    trade = await gateway.ask(_QUERY, {"out_trade_no": order}, _Trade)
    if isinstance(trade, Refusal):
        if trade.code in NO_TRADE_KNOWN:
            return None
        raise gateway.unlisted(_QUERY, trade)
    if trade.out_trade_no != order:
        raise gateway.partner.confused(f"answered for another order than {order}")
    if trade.buyer_open_id:
        return {"identity": trade.buyer_open_id, "identity_type": "ALIPAY_OPEN_ID"}
    if trade.buyer_user_id:
        return {"identity": trade.buyer_user_id, "identity_type": "ALIPAY_USER_ID"}
    raise gateway.partner.confused(f"does not say whose account paid the order {order}")
