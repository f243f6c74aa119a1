"""Refunds: what was paid for the order goes back the way it came (`alipay.trade.refund`, R6.1)."""

from pydantic import BaseModel, ConfigDict

from activities.payments.alipay.gateway import Gateway, Refusal
from activities.payments.alipay.names import request_number, yuan
from activities.payments.alipay.orders import order_of, same_amount
from activities.payments.alipay.refusals import NO_REFUND_KNOWN, REFUND, refused
from workflows.money.movement import Movement, PaymentAnswer
from workflows.values import Id

_SEND, _LOOK_UP = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"


class _Refunded(BaseModel):
    model_config = ConfigDict(strict=True)

    trade_no: Id
    out_trade_no: str
    fund_change: str = ""


class _Known(BaseModel):
    """Empty but for its code when Alipay knows of no such refund."""

    model_config = ConfigDict(strict=True)

    trade_no: Id | None = None
    out_trade_no: str = ""
    out_request_no: str = ""
    refund_amount: str = ""
    refund_status: str = ""


class Refunds:
    """A way of paying: one refund of the order's trade per movement."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return the refund Alipay has under the movement's number; None if it has carried out none."""
        number, order = request_number(movement.key), order_of(movement)
        known = await self._gateway.ask(_LOOK_UP, {"out_trade_no": order, "out_request_no": number}, _Known)
        if isinstance(known, Refusal):
            if known.code in NO_REFUND_KNOWN:
                return None
            raise self._gateway.unlisted(_LOOK_UP, known)
        # Code 10000 says that the question was answered; only the status says that the money went back.
        if not known.refund_status:
            return None
        same = (known.out_trade_no, known.out_request_no) == (order, number)
        if not same or not same_amount(known.refund_amount, movement):
            raise self._gateway.partner.confused(f"holds another refund under the number {number}")
        if known.refund_status != "REFUND_SUCCESS":
            text = f"says of the refund {number} that it is {known.refund_status[:40]!r}, which is no end"
            raise self._gateway.partner.unreachable(text)
        return PaymentAnswer(result="settled", provider_reference=known.trade_no)

    async def send(self, movement: Movement) -> PaymentAnswer:
        """Refund, or find that it was refunded; raises PartnerUnreachable where nobody says that money moved."""
        order = order_of(movement)
        content = {
            "out_trade_no": order,
            "out_request_no": request_number(movement.key),
            "refund_amount": yuan(movement.amount),
            "refund_reason": movement.remark or movement.purpose.value,
        }
        done = await self._gateway.ask(_SEND, content, _Refunded)
        if isinstance(done, Refusal):
            if done.code in REFUND:
                return refused(done.code, done.text)
            raise self._gateway.unlisted(_SEND, done)
        if done.out_trade_no != order:
            raise self._gateway.partner.confused(f"answered for another order than {order}")
        if done.fund_change == "Y":
            return PaymentAnswer(result="settled", provider_reference=done.trade_no)
        # A number that was carried out before changes nothing now, and one that failed changes nothing either.
        known = await self.look_up(movement)
        if known is None:
            raise self._gateway.partner.unreachable(f"took the refund {movement.key} without moving money yet")
        return known
