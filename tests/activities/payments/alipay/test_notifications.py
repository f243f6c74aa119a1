"""Alipay's notifications: believed only when signed for us, told to the complaint once, whatever is sent."""

import json
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from activities.payments.alipay.notifications import BIGGEST, NotificationRefused, Notifications
from tests.activities.payments.alipay.gateway import APP_ID, sdk
from tests.activities.payments.alipay.keys import a_strangers, alipays
from tests.activities.payments.alipay.paying import a_movement, number_of
from workflows.complaint.domain.messages import KINDS
from workflows.vocabulary import Purpose, Role

MOVEMENT = a_movement()
UNFREEZE = a_movement(Purpose.UNFREEZE)
ACCOUNT = "2088000000000001"

REFUNDED = {
    "notify_time": "2026-11-22 18:04:06", "notify_type": "trade_status_sync", "notify_id": "ac05099524730693",
    "app_id": APP_ID, "charset": "utf-8", "version": "1.0", "trade_no": "2026112222001004930000000001",
    "out_trade_no": "o-1", "out_biz_no": number_of(MOVEMENT), "seller_id": ACCOUNT, "trade_status": "TRADE_SUCCESS",
    "total_amount": "309.00", "refund_fee": "299.00", "subject": "青瓷茶具 & 六件套",
    "gmt_refund": "2026-11-22 18:04:05.123", "passback_params": "",
}  # fmt: skip
TRANSFERRED = {
    "out_biz_no": number_of(UNFREEZE), "order_id": "20261122110075000006530000014566", "status": "SUCCESS",
    "action_type": "FINISH", "trans_amount": "299.00", "product_code": "TRANS_ACCOUNT_NO_PWD",
    "biz_scene": "DIRECT_TRANSFER", "origin_interface": "alipay.fund.trans.uni.transfer",
}  # fmt: skip


@pytest.fixture(scope="module")
def ours() -> Notifications:
    return Notifications(APP_ID, alipays().tells, ACCOUNT)


def sent(fields: dict[str, str], *, private: str | None = None, **also: str) -> bytes:
    """A notification as Alipay sends it: a form, signed without `sign_type`."""
    said = {name: value for name, value in fields.items() if value}
    signature = sdk(private)._sign("&".join(f"{name}={value}" for name, value in sorted(said.items())))
    return urlencode({**fields, "sign": signature, "sign_type": "RSA2", **also}).encode()


def a_transfer(**changes: str | None) -> dict[str, str]:
    return {
        "charset": "utf-8", "biz_content": json.dumps(TRANSFERRED | changes), "version": "1.1", "app_id": APP_ID,
        "msg_method": "alipay.fund.trans.order.changed", "utc_timestamp": "1795341846752", "notify_id": "d275fec564e62",
    }  # fmt: skip


def test_a_refund_that_was_made_is_told_to_the_complaint(ours: Notifications) -> None:
    said = ours.read(sent(REFUNDED))
    assert said is not None
    assert (said.movement, said.result, said.provider_reference) == (MOVEMENT.key, "settled", REFUNDED["trade_no"])
    assert (said.sender.role, said.sender.id) == (Role.PAYMENT, "alipay")
    assert said.reason is None


def test_the_message_is_one_that_a_complaint_understands(ours: Notifications) -> None:
    said = ours.read(sent(REFUNDED))
    assert said is not None
    assert KINDS[said.kind].model_validate_json(said.model_dump_json(by_alias=True)) == said


def test_what_is_told_again_is_the_same_message(ours: Notifications) -> None:
    again = REFUNDED | {"notify_id": "another", "notify_time": "2026-11-22 19:04:06"}
    assert ours.read(sent(again)) == ours.read(sent(REFUNDED))


@pytest.mark.parametrize(
    ("status", "result", "reason"),
    [
        ("SUCCESS", "settled", None),
        ("FAIL", "failed", "PAYEE_NOT_EXIST: 收款账号 不存在"),
        ("CLOSED", "failed", "PAYEE_NOT_EXIST: 收款账号 不存在"),
        ("REFUND", "reversed", "PAYEE_NOT_EXIST: 收款账号 不存在"),
    ],
)
def test_each_end_of_a_transfer_is_told(ours: Notifications, status: str, result: str, reason: str | None) -> None:
    said = ours.read(sent(a_transfer(status=status, error_code="PAYEE_NOT_EXIST", fail_reason="收款账号\ud800不存在")))
    assert said is not None
    assert (said.movement, said.result, said.reason) == (UNFREEZE.key, result, reason)
    assert said.message_id == f"alipay-{number_of(UNFREEZE)}-{result}"


@pytest.mark.parametrize(
    "fields",
    [
        {name: value for name, value in REFUNDED.items() if name not in {"gmt_refund", "out_biz_no"}},
        {name: value for name, value in REFUNDED.items() if name != "gmt_refund"},
        REFUNDED | {"out_biz_no": "HZRF001"},
        REFUNDED | {"out_biz_no": ""},
        REFUNDED | {"notify_type": "something_else"},
        a_transfer(status="DEALING"),
        a_transfer(out_biz_no="201806300001"),
        {**a_transfer(), "msg_method": "alipay.open.app.message"},
    ],
)
def test_what_is_alipays_but_about_nothing_of_ours_is_no_message(ours: Notifications, fields: dict[str, str]) -> None:
    assert ours.read(sent(fields)) is None


@pytest.mark.parametrize("name", [name for name, value in REFUNDED.items() if value])
def test_a_changed_or_missing_field_is_not_signed(ours: Notifications, name: str) -> None:
    signature = dict(parse_qsl(sent(REFUNDED).decode()))["sign"]
    for fields in (REFUNDED | {name: REFUNDED[name] + "1"}, {k: v for k, v in REFUNDED.items() if k != name}):
        body = urlencode({**fields, "sign": signature, "sign_type": "RSA2"}).encode()
        with pytest.raises(NotificationRefused, match=r"its signature is not Alipay's|RSA2 over UTF-8"):
            ours.read(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (sent(REFUNDED, private=a_strangers().private), "not Alipay's"),
        (sent(REFUNDED, sign=""), "not Alipay's"),
        (sent(REFUNDED, sign="x"), "not Alipay's"),
        (sent(REFUNDED, sign_type="RSA"), "RSA2 over UTF-8"),
        (sent(REFUNDED | {"charset": "GBK"}), "RSA2 over UTF-8"),
        (sent(REFUNDED | {"app_id": "2021000000000002"}), "another application"),
        (sent(REFUNDED | {"seller_id": "2088000000000002"}), "another account"),
        (sent(REFUNDED) + b"&out_biz_no=C20261122_TEST00000B_refund_1", "names a field twice"),
        (sent(REFUNDED).replace(b"out_biz_no=", b"out_biz_no=%FF"), "no form in UTF-8"),
        (sent(a_transfer()).replace(b"biz_content=", b"biz_content=\xff"), "no form in UTF-8"),
        (b"", "RSA2 over UTF-8"),
        (b"x" * (BIGGEST + 1), "more than"),
        (b"&".join(b"a%d=1" % number for number in range(500)), "no form in UTF-8"),
        (sent({**a_transfer(), "biz_content": "["}), "cannot be read"),
        (sent({**a_transfer(), "biz_content": "[" * 15_000}), "cannot be read"),
        (sent({**a_transfer(), "biz_content": '{"out_biz_no": 7}'}), "cannot be read"),
        (sent(a_transfer(order_id="with a space")), "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_not_alipays_or_not_for_us_is_refused(ours: Notifications, body: bytes, why: str) -> None:
    with pytest.raises(NotificationRefused, match=why) as refused:
        ours.read(body)
    assert "青瓷" not in str(refused.value)


def test_without_an_account_named_that_of_the_trade_is_not_checked() -> None:
    said = Notifications(APP_ID, alipays().tells).read(sent(REFUNDED | {"seller_id": "2088000000000002"}))
    assert said is not None


@settings(deadline=None)
@given(st.binary(max_size=300) | st.dictionaries(st.text(max_size=9), st.text()).map(lambda d: urlencode(d).encode()))
@example(b"sign_type=RSA2&charset=utf-8&sign=")
def test_whatever_is_sent_brings_no_other_error(ours: Notifications, body: bytes) -> None:
    with pytest.raises(NotificationRefused):
        ours.read(body)
