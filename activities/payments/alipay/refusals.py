"""The refusals that prove that nothing has moved, by Alipay's own codes: a closed list, everything else is unknown."""

from workflows.money.movement import PaymentAnswer

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
