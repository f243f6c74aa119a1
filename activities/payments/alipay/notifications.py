"""Alipay's notifications: signature verified, then decoded to `payment_reported` (R6.10)."""

import json
from typing import Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, ValidationError

from activities.errors import ActivitiesError
from activities.payments.alipay.codes import key_of, reason_of
from activities.payments.alipay.signing import AlipayKey, canonical
from workflows.complaint.domain.messages import PaymentReported
from workflows.parties import Party
from workflows.vocabulary import Role

SENDER = Party(role=Role.PAYMENT, id="alipay")

BIGGEST = 64 * 1024
"""Bytes; a notification is about 2 kB."""

_TRANSFER_CHANGED = "alipay.fund.trans.order.changed"

_Result = Literal["settled", "failed", "reversed"]
_TRANSFERS: dict[str, _Result] = {"SUCCESS": "settled", "FAIL": "failed", "CLOSED": "failed", "REFUND": "reversed"}


class NotificationRefused(ActivitiesError, ValueError):  # noqa: N818 - an outcome
    """A notification that is not from Alipay, not for us, or malformed; the text never quotes it.

    Answer it with anything but `success`: Alipay sends its own notifications again.
    """


class _Transfer(BaseModel):
    model_config = ConfigDict(strict=True)

    out_biz_no: str
    status: str
    order_id: str = ""
    error_code: str = ""
    fail_reason: str = ""


class Notifications:
    """Verifies and decodes notifications to one application; `account`: our own at Alipay, if it is checked."""

    def __init__(self, app_id: str, alipay: AlipayKey, account: str = "") -> None:
        self._app_id, self._alipay, self._account = app_id, alipay, account

    def read(self, body: bytes) -> PaymentReported | None:
        """Return the report in a notification; None if it is not about a movement of ours. Raises NotificationRefused.

        `body` is the form as received. Repeated notifications give the same message id (idempotency key).
        """
        fields = self._verified(body)
        if fields.get("msg_method") == _TRANSFER_CHANGED:
            return _of_a_transfer(fields.get("biz_content", ""))
        return _of_a_trade(fields)

    def _verified(self, body: bytes) -> dict[str, str]:
        fields = _form(body)
        if fields.get("sign_type") != "RSA2" or fields.get("charset", "utf-8").lower() != "utf-8":
            raise NotificationRefused("it is not signed with RSA2 over UTF-8: set both for the application at Alipay")
        signed = {name: value for name, value in fields.items() if name != "sign_type"}
        if not self._alipay.signed(canonical(signed), fields.get("sign", "")):
            raise NotificationRefused("its signature is not Alipay's")
        if fields.get("app_id") != self._app_id:
            raise NotificationRefused("it is for another application")
        if self._account and fields.get("seller_id", self._account) != self._account:
            raise NotificationRefused("it is about a trade of another account")
        return fields


def _form(body: bytes) -> dict[str, str]:
    if len(body) > BIGGEST:
        raise NotificationRefused(f"it has more than {BIGGEST} bytes")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=200
        )
    except ValueError:
        raise NotificationRefused("it is no form in UTF-8") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        # With duplicate names one value could be verified and the other one used.
        raise NotificationRefused("it names a field twice")
    return fields


def _of_a_trade(fields: dict[str, str]) -> PaymentReported | None:
    """Only refunds of a trade concern us; `out_biz_no` is then the refund's request number."""
    if not fields.get("gmt_refund") or fields.get("notify_type") != "trade_status_sync":
        return None
    return _reported(fields.get("out_biz_no", ""), "settled", fields.get("trade_no", ""), "")


def _of_a_transfer(content: str) -> PaymentReported | None:
    try:
        transfer = _Transfer.model_validate(json.loads(content))
    except (ValueError, RecursionError):
        raise NotificationRefused("its content cannot be read") from None
    result = _TRANSFERS.get(transfer.status)
    if result is None:
        return None
    why = "" if result == "settled" else reason_of(transfer.error_code or transfer.status, transfer.fail_reason)
    return _reported(transfer.out_biz_no, result, transfer.order_id, why)


def _reported(number: str, result: _Result, reference: str, reason: str) -> PaymentReported | None:
    movement = key_of(number)
    if movement is None:
        return None
    try:
        return PaymentReported(
            kind="payment_reported",
            message_id=f"alipay-{number}-{result}",
            sender=SENDER,
            movement=movement,
            result=result,
            provider_reference=reference or number,
            reason=reason or None,
        )
    except ValidationError:
        raise NotificationRefused("its content cannot be read") from None
