"""Mapping to Alipay's formats: request numbers, amounts in yuan, and refusal codes that prove that no money moved."""

import re

from activities.errors import ActivitiesError
from workflows.money.amount import Money
from workflows.money.movement import PaymentAnswer

_KEY = re.compile(r"(C[0-9]{8})-([0-9A-Z]{10}):([a-z]+(?:_[a-z]+)*):([1-9][0-9]{0,3})")
_NUMBER = re.compile(r"(C[0-9]{8})_([0-9A-Z]{10})_([a-z]+(?:_[a-z]+)*)_([1-9][0-9]{0,3})")


class NotRepresentable(ActivitiesError, ValueError):  # noqa: N818 - a fault of the data
    """A key or an amount without a representation at Alipay, or one from there that cannot be decoded."""


def request_number(key: str) -> str:
    """Return the request number of a movement's key: letters, digits, underscores, at most 64 characters.

    One to one; Alipay's idempotency key: each number is carried out once.
    """
    parts = _KEY.fullmatch(key)
    if parts is None:
        raise NotRepresentable(
            f"the movement {key} has no request number at Alipay, which takes keys of complaints only"
        )
    return "_".join(parts.groups())


def key_of(number: str) -> str | None:
    """Return the key of a request number; None for a number that is not ours."""
    parts = _NUMBER.fullmatch(number)
    return None if parts is None else f"{parts[1]}-{parts[2]}:{parts[3]}:{parts[4]}"


def yuan(money: Money) -> str:
    """Return an amount in Alipay's format: yuan with two decimals."""
    return str(money)


def money(text: str) -> Money:
    """Decode an amount in yuan: `88.88`, `88.8` or `88`; raises NotRepresentable."""
    try:
        if not text.isascii():
            raise ValueError
        return Money.parse(text)
    except ValueError:
        raise NotRepresentable("an amount that is no amount in yuan") from None


REFUND_REFUSALS = frozenset({
    "ACQ.BUYER_ENABLE_STATUS_FORBID", "ACQ.BUYER_ERROR", "ACQ.BUYER_NOT_EXIST", "ACQ.CUSTOMER_VALIDATE_ERROR",
    "ACQ.NOT_ALLOW_PARTIAL_REFUND", "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND", "ACQ.REASON_TRADE_BEEN_FREEZEN",
    "ACQ.REASON_TRADE_REFUND_FEE_ERR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    "ACQ.REFUND_FEE_ERROR", "ACQ.SELLER_BALANCE_NOT_ENOUGH", "ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_HAS_FINISHED",
    "ACQ.TRADE_NOT_ALLOW_REFUND", "ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_STATUS_ERROR",
})  # fmt: skip
"""Codes of `alipay.trade.refund` that prove that nothing moved. ACQ.DISCORDANT_REPEAT_REQUEST is no such code: it says
that money *has* moved."""

TRANSFER_REFUSALS = frozenset({
    "BALANCE_IS_NOT_ENOUGH", "BLOCK_USER_FORBBIDEN_RECIEVE", "EXCEED_LIMIT_DC_RECEIVED", "EXCEED_LIMIT_DM_AMOUNT",
    "EXCEED_LIMIT_DM_MAX_AMOUNT", "EXCEED_LIMIT_ENT_SM_AMOUNT", "EXCEED_LIMIT_MM_AMOUNT", "EXCEED_LIMIT_MM_MAX_AMOUNT",
    "EXCEED_LIMIT_PERSONAL_SM_AMOUNT", "EXCEED_LIMIT_SM_AMOUNT", "EXCEED_LIMIT_SM_MIN_AMOUNT",
    "EXCEED_LIMIT_UNRN_DM_AMOUNT", "NO_ACCOUNT_RECEIVE_PERMISSION", "NO_ACCOUNT_USER_FORBBIDEN_RECIEVE",
    "PAYEE_ACCOUNT_NOT_EXSIT", "PAYEE_ACCOUNT_STATUS_ERROR", "PAYEE_ACC_OCUPIED", "PAYEE_NOT_EXIST",
    "PAYEE_NOT_RELNAME_CERTIFY", "PAYEE_TRUSTEESHIP_ACC_OVER_LIMIT", "PAYEE_USERINFO_STATUS_ERROR",
    "PAYEE_USER_TYPE_ERROR", "PAYER_BALANCE_NOT_ENOUGH", "PAYER_PAYEE_CANNOT_SAME", "PERMIT_CHECK_RECEIVE_LIMIT",
    "PERMIT_LIMIT_PAYEE", "PERMIT_NON_BANK_LIMIT_PAYEE", "PERM_AML_NOT_REALNAME_REV",
    "RELEASE_USER_FORBBIDEN_RECIEVE", "TRUSTEESHIP_RECIEVE_QUOTA_LIMIT",
})  # fmt: skip
"""Codes of `alipay.fund.trans.uni.transfer` that prove that nothing moved: the payee cannot receive, a limit is
reached, our account is short. Alipay's spelling.

Excluded: faults of our agreement or request, which operators fix and a retry then passes, and
PAYMENT_INFO_INCONSISTENCY, which says that the number belongs to another transfer.
"""

NO_REFUND_KNOWN = frozenset({"ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST"})
"""Of `alipay.trade.fastpay.refund.query`: no such trade, so no refund of it."""

NO_TRANSFER_KNOWN = frozenset({"ORDER_NOT_EXIST"})
"""Of `alipay.fund.trans.common.query`."""

NO_TRADE_KNOWN = frozenset({"ACQ.TRADE_NOT_EXIST"})
"""Of `alipay.trade.query`."""


def refused(code: str, text: str) -> PaymentAnswer:
    """Return a proven refusal with Alipay's code and text as its reason."""
    return PaymentAnswer(result="refused", reason=reason_of(code, text))


def reason_of(code: str, text: str) -> str:
    """Return code and text as one printable line of at most 200 characters."""
    line = f"{code}: {text}" if text else code
    return "".join(sign if sign.isprintable() else " " for sign in line)[:200]
