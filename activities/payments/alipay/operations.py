"""Refunds and transfers over Alipay: look up by request number, send once, decode the answer (R6.1, R6.12, R9.2)."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from activities.payments.alipay.codes import (
    NO_REFUND_KNOWN,
    NO_TRADE_KNOWN,
    NO_TRANSFER_KNOWN,
    REFUND_REFUSALS,
    TRANSFER_REFUSALS,
    NotRepresentable,
    money,
    refused,
    request_number,
    yuan,
)
from activities.payments.alipay.gateway import Gateway, Refusal
from workflows.money.movement import Movement, PaymentAnswer
from workflows.values import Id
from workflows.vocabulary import MoneyState, Role

_TRADE_QUERY = "alipay.trade.query"
_LONGEST = 64

Payee = dict[str, str]
"""An account at Alipay: `identity` and `identity_type`."""


class _Trade(BaseModel):
    model_config = ConfigDict(strict=True)

    out_trade_no: str
    buyer_user_id: str = ""
    buyer_open_id: str = ""


def order_number(movement: Movement) -> str:
    """Return the order number, which is the trade's `out_trade_no`; raises NotRepresentable without one."""
    if movement.line is None:
        raise NotRepresentable(f"the movement {movement.key} names no order line, and Alipay pays by the order's trade")
    if len(movement.line.order_id) > _LONGEST:
        raise NotRepresentable(
            f"the order number {movement.line.order_id} is longer than Alipay's {_LONGEST} characters"
        )
    return movement.line.order_id


def same_amount(text: str, movement: Movement) -> bool:
    """Tell whether an amount in yuan equals the movement's."""
    try:
        return money(text) == movement.amount
    except NotRepresentable:
        return False


async def trade_payer(gateway: Gateway, movement: Movement) -> Payee | None:
    """Return the account that paid the movement's order; None if there is no such trade."""
    order = order_number(movement)
    trade = await gateway.call(_TRADE_QUERY, {"out_trade_no": order}, _Trade)
    if isinstance(trade, Refusal):
        if trade.code in NO_TRADE_KNOWN:
            return None
        raise gateway.unknown_refusal(_TRADE_QUERY, trade)
    if trade.out_trade_no != order:
        raise gateway.partner.protocol_error(f"answered for another order than {order}")
    if trade.buyer_open_id:
        return {"identity": trade.buyer_open_id, "identity_type": "ALIPAY_OPEN_ID"}
    if trade.buyer_user_id:
        return {"identity": trade.buyer_user_id, "identity_type": "ALIPAY_USER_ID"}
    raise gateway.partner.protocol_error(f"does not say whose account paid the order {order}")


_REFUND, _REFUND_QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"


class _Refunded(BaseModel):
    model_config = ConfigDict(strict=True)

    trade_no: Id
    out_trade_no: str
    fund_change: str = ""


class _Known(BaseModel):
    """Only the code is present when Alipay knows no such refund."""

    model_config = ConfigDict(strict=True)

    trade_no: Id | None = None
    out_trade_no: str = ""
    out_request_no: str = ""
    refund_amount: str = ""
    refund_status: str = ""


class Refunds:
    """Method of payment: one refund of the order's trade per movement."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return the refund under the movement's request number; None if there is none."""
        number, order = request_number(movement.key), order_number(movement)
        known = await self._gateway.call(_REFUND_QUERY, {"out_trade_no": order, "out_request_no": number}, _Known)
        if isinstance(known, Refusal):
            if known.code in NO_REFUND_KNOWN:
                return None
            raise self._gateway.unknown_refusal(_REFUND_QUERY, known)
        # Code 10000 only says that the query was answered; the status says whether the refund was carried out.
        if not known.refund_status:
            return None
        same = (known.out_trade_no, known.out_request_no) == (order, number)
        if not same or not same_amount(known.refund_amount, movement):
            raise self._gateway.partner.protocol_error(f"holds another refund under the number {number}")
        if known.refund_status != "REFUND_SUCCESS":
            text = f"says of the refund {number} that it is {known.refund_status[:40]!r}, which is no end"
            raise self._gateway.partner.unreachable(text)
        return PaymentAnswer(result="settled", provider_reference=known.trade_no)

    async def send(self, movement: Movement) -> PaymentAnswer:
        """Refund; idempotent. Raises PartnerUnreachable while it is unknown whether money moved."""
        order = order_number(movement)
        content = {
            "out_trade_no": order,
            "out_request_no": request_number(movement.key),
            "refund_amount": yuan(movement.amount),
            "refund_reason": movement.remark or movement.purpose.value,
        }
        done = await self._gateway.call(_REFUND, content, _Refunded)
        if isinstance(done, Refusal):
            if done.code in REFUND_REFUSALS:
                return refused(done.code, done.text)
            raise self._gateway.unknown_refusal(_REFUND, done)
        if done.out_trade_no != order:
            raise self._gateway.partner.protocol_error(f"answered for another order than {order}")
        if done.fund_change == "Y":
            return PaymentAnswer(result="settled", provider_reference=done.trade_no)
        # fund_change N: carried out before, or failed; the look-up tells which.
        known = await self.look_up(movement)
        if known is None:
            raise self._gateway.partner.unreachable(f"took the refund {movement.key} without moving money yet")
        return known


_TRANSFER, _TRANSFER_QUERY = "alipay.fund.trans.uni.transfer", "alipay.fund.trans.common.query"
_PRODUCT = {"product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}

_RESULTS: Mapping[str, Literal["settled", "pending", "refused"]] = {
    "SUCCESS": "settled", "DEALING": "pending", "WAIT_PAY": "pending", "FAIL": "refused", "CLOSED": "refused",
    "REFUND": "refused",
}  # fmt: skip
"""REFUND: the transfer was returned, so the payee does not have the money."""


class _TransferOrder(BaseModel):
    model_config = ConfigDict(strict=True)

    out_biz_no: str = ""
    order_id: Id | None = None
    status: str = ""
    trans_amount: str = ""
    error_code: str = ""
    fail_reason: str = ""


class Transfers:
    """Method of payment: one transfer per movement, to the account that paid the order or to the seller's."""

    def __init__(self, gateway: Gateway, sellers: Mapping[str, str], scene: str = "") -> None:
        self._gateway, self._sellers, self._scene = gateway, sellers, scene

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return the transfer under the movement's request number; None if there is none."""
        number = request_number(movement.key)
        order = await self._gateway.call(_TRANSFER_QUERY, {**_PRODUCT, "out_biz_no": number}, _TransferOrder)
        if isinstance(order, Refusal):
            if order.code in NO_TRANSFER_KNOWN:
                return None
            raise self._gateway.unknown_refusal(_TRANSFER_QUERY, order)
        return self._decode(order, movement)

    async def send(self, movement: Movement) -> PaymentAnswer:
        """Transfer; idempotent: a number carried out before returns the earlier transfer."""
        payee = await self._payee(movement)
        if payee is None:
            return PaymentAnswer(result="refused", reason="Alipay knows no trade of this order, so no account to pay")
        done = await self._gateway.call(_TRANSFER, self._content(movement, payee), _TransferOrder)
        if isinstance(done, Refusal):
            if done.code in TRANSFER_REFUSALS:
                return refused(done.code, done.text)
            raise self._gateway.unknown_refusal(_TRANSFER, done)
        return self._decode(done, movement)

    def _content(self, movement: Movement, payee: Payee) -> dict[str, object]:
        content: dict[str, object] = {
            **_PRODUCT,
            "out_biz_no": request_number(movement.key),
            "trans_amount": yuan(movement.amount),
            "order_title": movement.key.split(":", maxsplit=1)[0],
            "payee_info": payee,
            "remark": movement.remark or movement.purpose.value,
        }
        return content | ({"transfer_scene_name": self._scene} if self._scene else {})

    async def _payee(self, movement: Movement) -> Payee | None:
        if movement.payee.role is not Role.SELLER:
            return await trade_payer(self._gateway, movement)
        account = self._sellers.get(movement.payee.id)
        if account is None:
            raise self._gateway.partner.protocol_error(
                f"cannot be told whom to pay: name the account of the seller {movement.payee.id} in the sellers' file"
            )
        return {"identity": account, "identity_type": "ALIPAY_USER_ID"}

    def _decode(self, order: _TransferOrder, movement: Movement) -> PaymentAnswer:
        number, partner = request_number(movement.key), self._gateway.partner
        if order.out_biz_no != number or (order.trans_amount and not same_amount(order.trans_amount, movement)):
            raise partner.protocol_error(f"holds another transfer under the number {number}")
        result = _RESULTS.get(order.status)
        if order.status == "REFUND" and movement.state is MoneyState.REVERSED:
            result = "settled"  # the reversal is on record already; the payment itself had settled
        if result is None or (result == "settled" and order.order_id is None):
            raise partner.protocol_error(f"says of the transfer {number} what we do not know: {order.status[:40]!r}")
        if result == "refused":
            return refused(order.error_code or order.status, order.fail_reason).but(provider_reference=order.order_id)
        return PaymentAnswer(result=result, provider_reference=order.order_id)
