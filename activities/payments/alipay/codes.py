"""Mapping to Alipay's formats: request numbers, amounts in yuan, and refusal codes that prove that no money moved."""

import re

from workflows.money.amount import Money
from workflows.money.movement import PaymentAnswer

_KEY = re.compile(r"(C[0-9]{8})-([0-9A-Z]{10}):([a-z]+(?:_[a-z]+)*):([1-9][0-9]{0,3})")
_NUMBER = re.compile(r"(C[0-9]{8})_([0-9A-Z]{10})_([a-z]+(?:_[a-z]+)*)_([1-9][0-9]{0,3})")


class Unwritable(ValueError):  # noqa: N818 - named for what it says
    """A name or an amount that has no form at Alipay, or came from there in none of ours; the text says which."""


def request_number(key: str) -> str:
    """Return a movement's key as Alipay takes it: letters, digits and underscores, at most 64 characters.

    One to one, and the same on every call: Alipay carries out a request number once, whatever is sent and how often.
    """
    parts = _KEY.fullmatch(key)
    if parts is None:
        raise Unwritable(f"the movement {key} has no request number at Alipay, which takes keys of complaints only")
    return "_".join(parts.groups())


def key_of(number: str) -> str | None:
    """Return the key of the movement behind a request number; None for a number that is none of ours."""
    parts = _NUMBER.fullmatch(number)
    return None if parts is None else f"{parts[1]}-{parts[2]}:{parts[3]}:{parts[4]}"


def yuan(money: Money) -> str:
    """Return an amount as Alipay takes it: yuan with two decimals, exactly."""
    return str(money)


def money(text: str) -> Money:
    """Read an amount in yuan as Alipay gives it: `88.88`, `88.8` or `88`; raises Unwritable."""
    try:
        if not text.isascii():
            raise ValueError
        return Money.parse(text)
    except ValueError:
        raise Unwritable("an amount that is no amount in yuan") from None


REFUND = frozenset({
    "ACQ.BUYER_ENABLE_STATUS_FORBID", "ACQ.BUYER_ERROR", "ACQ.BUYER_NOT_EXIST", "ACQ.CUSTOMER_VALIDATE_ERROR",
    "ACQ.NOT_ALLOW_PARTIAL_REFUND", "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND", "ACQ.REASON_TRADE_BEEN_FREEZEN",
    "ACQ.REASON_TRADE_REFUND_FEE_ERR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    "ACQ.REFUND_FEE_ERROR", "ACQ.SELLER_BALANCE_NOT_ENOUGH", "ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_HAS_FINISHED",
    "ACQ.TRADE_NOT_ALLOW_REFUND", "ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_STATUS_ERROR",
})  # fmt: skip
"""Of `alipay.trade.refund`. Not among them: ACQ.DISCORDANT_REPEAT_REQUEST, which says that money *has* moved."""

TRANSFER = frozenset({
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
"""Of `alipay.fund.trans.uni.transfer`: the payee cannot receive, a limit is reached, or our account is short.

Alipay's spelling. Not among them: faults of our own agreement or request, which a person mends and a retry then passes,
and PAYMENT_INFO_INCONSISTENCY, which says that the number already stands for another transfer.
"""

NO_REFUND_KNOWN = frozenset({"ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST"})
"""Of `alipay.trade.fastpay.refund.query`: no such trade, so no refund of it."""

NO_TRANSFER_KNOWN = frozenset({"ORDER_NOT_EXIST"})
"""Of `alipay.fund.trans.common.query`."""

NO_TRADE_KNOWN = frozenset({"ACQ.TRADE_NOT_EXIST"})
"""Of `alipay.trade.query`."""


def refused(code: str, text: str) -> PaymentAnswer:
    """Return a proven refusal with Alipay's code and words for a reason, as far as they can be written down."""
    return PaymentAnswer(result="refused", reason=reason_of(code, text))


def reason_of(code: str, text: str) -> str:
    """Return Alipay's code and words as one line of at most 200 characters that every system can store."""
    said = f"{code}: {text}" if text else code
    return "".join(sign if sign.isprintable() else " " for sign in said)[:200]
