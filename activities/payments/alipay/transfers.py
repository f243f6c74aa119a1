"""Transfers: from the platform's account to a buyer's or a seller's (`alipay.fund.trans.uni.transfer`, R6.12, R9.2)."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from activities.payments.alipay.gateway import Gateway, Refusal
from activities.payments.alipay.names import request_number, yuan
from activities.payments.alipay.orders import Payee, payer_of, same_amount
from activities.payments.alipay.refusals import NO_TRANSFER_KNOWN, TRANSFER, refused
from workflows.money.movement import Movement, PaymentAnswer
from workflows.values import Id
from workflows.vocabulary import MoneyState, Role

_SEND, _LOOK_UP = "alipay.fund.trans.uni.transfer", "alipay.fund.trans.common.query"
_PRODUCT = {"product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}

_RESULTS: Mapping[str, Literal["settled", "pending", "refused"]] = {
    "SUCCESS": "settled", "DEALING": "pending", "WAIT_PAY": "pending", "FAIL": "refused", "CLOSED": "refused",
    "REFUND": "refused",
}  # fmt: skip
"""REFUND: it came back from where it was sent, so the payee does not have it."""


class _Order(BaseModel):
    model_config = ConfigDict(strict=True)

    out_biz_no: str = ""
    order_id: Id | None = None
    status: str = ""
    trans_amount: str = ""
    error_code: str = ""
    fail_reason: str = ""


class Transfers:
    """A way of paying: one transfer per movement, to the account that paid the order or to the seller's."""

    def __init__(self, gateway: Gateway, sellers: Mapping[str, str], scene: str = "") -> None:
        self._gateway, self._sellers, self._scene = gateway, sellers, scene

    async def look_up(self, movement: Movement) -> PaymentAnswer | None:
        """Return the transfer Alipay has under the movement's number; None if it knows of none."""
        number = request_number(movement.key)
        order = await self._gateway.ask(_LOOK_UP, {**_PRODUCT, "out_biz_no": number}, _Order)
        if isinstance(order, Refusal):
            if order.code in NO_TRANSFER_KNOWN:
                return None
            raise self._gateway.unlisted(_LOOK_UP, order)
        return self._understood(order, movement)

    async def send(self, movement: Movement) -> PaymentAnswer:
        """Transfer; a number that was carried out before gives the transfer of then."""
        payee = await self._payee(movement)
        if payee is None:
            return PaymentAnswer(result="refused", reason="Alipay knows no trade of this order, so no account to pay")
        done = await self._gateway.ask(_SEND, self._content(movement, payee), _Order)
        if isinstance(done, Refusal):
            if done.code in TRANSFER:
                return refused(done.code, done.text)
            raise self._gateway.unlisted(_SEND, done)
        return self._understood(done, movement)

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
            return await payer_of(self._gateway, movement)
        account = self._sellers.get(movement.payee.id)
        if account is None:
            raise self._gateway.partner.confused(
                f"cannot be told whom to pay: name the account of the seller {movement.payee.id} in the sellers' file"
            )
        return {"identity": account, "identity_type": "ALIPAY_USER_ID"}

    def _understood(self, order: _Order, movement: Movement) -> PaymentAnswer:
        number, partner = request_number(movement.key), self._gateway.partner
        if order.out_biz_no != number or (order.trans_amount and not same_amount(order.trans_amount, movement)):
            raise partner.confused(f"holds another transfer under the number {number}")
        result = _RESULTS.get(order.status)
        if order.status == "REFUND" and movement.state is MoneyState.REVERSED:
            result = "settled"  # that it came back is on record: what is asked is what it was before
        if result is None or (result == "settled" and order.order_id is None):
            raise partner.confused(f"says of the transfer {number} what we do not know: {order.status[:40]!r}")
        if result == "refused":
            return refused(order.error_code or order.status, order.fail_reason).but(provider_reference=order.order_id)
        return PaymentAnswer(result=result, provider_reference=order.order_id)
