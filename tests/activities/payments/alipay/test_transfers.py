"""Transfers over Alipay, and what never leaves the platform's account."""

from decimal import Decimal

import httpx2
import pytest

from activities.errors import PartnerProtocolError, PartnerUnreachable
from activities.payments.alipay.adapter import Alipay
from tests.activities.payments.alipay.gateway import LocalGateway
from tests.activities.payments.alipay.paying import BUYER, FUND, SELLER, Books, a_movement, an_app, number_of
from workflows.complaint.domain.parts import PLATFORM
from workflows.money.movement import Movement
from workflows.vocabulary import MoneyState, Purpose

SEND, LOOK_UP, WHOSE = "alipay.fund.trans.uni.transfer", "alipay.fund.trans.common.query", "alipay.trade.query"

UNFREEZE = a_movement(Purpose.UNFREEZE, 20000, payer=BUYER, payee=BUYER)
PAYOUT = a_movement(Purpose.PAYOUT, 20000, payer=SELLER, payee=SELLER)
RESTITUTION = a_movement(Purpose.RESTITUTION, 20000, payer=PLATFORM, payee=SELLER)


async def test_an_advance_is_paid_out_to_the_account_that_paid_the_order(gateway: LocalGateway, alipay: Alipay) -> None:
    answer = await alipay.pay(UNFREEZE, first_attempt=True)
    transfer = gateway.transfers[number_of(UNFREEZE)]
    assert (answer.result, answer.provider_reference) == ("settled", transfer["order_id"])
    assert transfer["content"] == {
        "product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER", "out_biz_no": number_of(UNFREEZE),
        "trans_amount": "200.00", "order_title": "C20261122-TEST00000A", "remark": "退款 / refund & more",
        "payee_info": {"identity": "2088000000000007", "identity_type": "ALIPAY_USER_ID"},
    }  # fmt: skip
    assert gateway.asked == [WHOSE, SEND]


async def test_a_buyer_known_by_an_open_id_is_paid_by_it(gateway: LocalGateway, alipay: Alipay) -> None:
    gateway.paid("o-1", "309.00", buyer_open_id="074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5")
    await alipay.pay(UNFREEZE, first_attempt=True)
    payee = gateway.transfers[number_of(UNFREEZE)]["content"]["payee_info"]
    assert payee == {"identity": gateway.trades["o-1"].buyer["buyer_open_id"], "identity_type": "ALIPAY_OPEN_ID"}


@pytest.mark.parametrize("movement", [PAYOUT, RESTITUTION])
async def test_a_seller_is_paid_to_the_account_named_in_the_sellers_file(
    gateway: LocalGateway, alipay: Alipay, movement: Movement
) -> None:
    assert (await alipay.pay(movement, first_attempt=True)).result == "settled"
    payee = gateway.transfers[number_of(movement)]["content"]["payee_info"]
    assert payee == {"identity": "2088000000000099", "identity_type": "ALIPAY_USER_ID"}
    assert gateway.asked == [SEND]


async def test_a_seller_without_an_account_on_file_is_waited_for(gateway: LocalGateway, alipay: Alipay) -> None:
    stranger = RESTITUTION.but(payee=SELLER.but(id="sl-2"))
    with pytest.raises(PartnerProtocolError, match="name the account of the seller sl-2 in the sellers' file"):
        await alipay.pay(stranger, first_attempt=True)
    assert gateway.transfers == {}


@pytest.mark.parametrize("purpose", [Purpose.COMPENSATION, Purpose.COUPON, Purpose.RETURN_FREIGHT])
async def test_what_may_be_more_than_the_order_was_paid_with_is_transferred(
    gateway: LocalGateway, alipay: Alipay, purpose: Purpose
) -> None:
    movement = a_movement(purpose, 90000, payer=PLATFORM)
    assert (await alipay.pay(movement, first_attempt=True)).result == "settled"
    assert list(gateway.transfers) == [number_of(movement)]


@pytest.mark.parametrize(
    "movement",
    [
        a_movement(Purpose.ADVANCE, payer=FUND),
        a_movement(Purpose.CLAW_BACK, payer=BUYER, payee=FUND),
        a_movement(Purpose.RECOVERY, payee=FUND),
        a_movement(Purpose.RECOVERY, payer=PLATFORM, payee=FUND),
    ],
)
async def test_between_fund_frozen_and_held_money_alipay_has_nothing_to_move(
    gateway: LocalGateway, alipay: Alipay, movement: Movement
) -> None:
    for first_attempt in (True, False):
        answer = await alipay.pay(movement, first_attempt=first_attempt)
        assert (answer.result, answer.provider_reference) == ("settled", f"own_{number_of(movement)}")
    assert gateway.asked == []
    assert gateway.balance == Decimal(10_000)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (MoneyState.DECIDED, None),
        (MoneyState.REQUESTED, None),
        (MoneyState.SETTLED, "settled"),
        (MoneyState.REVERSED, "settled"),
        (MoneyState.FAILED, "refused"),
    ],
)
async def test_of_what_stays_inside_our_account_a_look_up_tells_what_our_books_say(
    alipay: Alipay, state: MoneyState, said: str | None
) -> None:
    known = await alipay.look_up(a_movement(Purpose.ADVANCE, payer=FUND).but(state=state))
    assert (known.result if known else None) == said


async def test_a_transfer_that_is_known_to_have_come_back_had_been_made(gateway: LocalGateway, alipay: Alipay) -> None:
    await alipay.pay(UNFREEZE, first_attempt=True)
    gateway.transfers[number_of(UNFREEZE)]["status"] = "REFUND"
    for state, said in ((MoneyState.REQUESTED, "refused"), (MoneyState.REVERSED, "settled")):
        known = await alipay.look_up(UNFREEZE.but(state=state))
        assert known is not None
        assert known.result == said


@pytest.mark.parametrize("mode", ["silent_before", "silent_after", "system_error_before", "system_error_after"])
async def test_no_answer_is_no_refusal_and_one_transfer_at_the_end(
    gateway: LocalGateway, alipay: Alipay, mode: str
) -> None:
    gateway.fail(SEND, mode)
    with pytest.raises(PartnerUnreachable, match="asked again by key"):
        await alipay.pay(UNFREEZE, first_attempt=True)
    answer = await alipay.pay(UNFREEZE, first_attempt=False)
    assert answer.provider_reference == gateway.transfers[number_of(UNFREEZE)]["order_id"]
    assert gateway.balance == Decimal(9_800)


async def test_the_whole_of_a_transfer_stays_within_ten_seconds(gateway: LocalGateway, alipay: Alipay) -> None:
    await alipay.pay(UNFREEZE, first_attempt=False)
    assert len(gateway.asked) * alipay._partner.seconds < 10


@pytest.mark.parametrize(
    ("status", "result"),
    [("SUCCESS", "settled"), ("DEALING", "pending"), ("FAIL", "refused"), ("CLOSED", "refused"), ("REFUND", "refused")],
)
async def test_each_state_of_a_transfer_has_one_meaning(
    gateway: LocalGateway, alipay: Alipay, status: str, result: str
) -> None:
    gateway.fail(SEND, f'{{"status": "{status}"}}')
    answer = await alipay.pay(UNFREEZE, first_attempt=True)
    assert (answer.result, answer.provider_reference is None) == (result, False)
    known = gateway.transfers[number_of(UNFREEZE)]
    known |= {"status": status, "error_code": "PAYEE_NOT_EXIST", "fail_reason": "收款账号\x00不存在"}
    looked_up = await alipay.look_up(UNFREEZE)
    assert looked_up is not None
    assert looked_up.result == result
    assert looked_up.reason == ("PAYEE_NOT_EXIST: 收款账号 不存在" if result == "refused" else None)


@pytest.mark.parametrize(
    "change",
    ['{"status": "MOON"}', '{"status": null}', '{"order_id": null}', '{"out_biz_no": "x"}', '{"trans_amount": "1.00"}'],
)
@pytest.mark.parametrize("method", [SEND, LOOK_UP])
async def test_what_is_not_our_transfer_or_in_no_known_state_is_never_taken_for_paid(
    gateway: LocalGateway, alipay: Alipay, change: str, method: str
) -> None:
    if method == LOOK_UP:
        await alipay.pay(UNFREEZE, first_attempt=True)
    gateway.fail(method, change)
    with pytest.raises(PartnerProtocolError, match=r"another transfer|what we do not know"):
        await alipay.pay(UNFREEZE, first_attempt=method == SEND)


async def test_an_account_that_is_short_is_a_proven_refusal_that_says_nothing_of_held_money(
    gateway: LocalGateway, alipay: Alipay
) -> None:
    gateway.balance = Decimal(1)
    refused = await alipay.pay(PAYOUT, first_attempt=True)
    assert (refused.result, refused.available) == ("refused", None)
    assert refused.reason == "PAYER_BALANCE_NOT_ENOUGH: 付款方余额不足"


async def test_less_than_a_transfer_can_carry_is_a_proven_refusal(gateway: LocalGateway, alipay: Alipay) -> None:
    refused = await alipay.pay(UNFREEZE.but(amount=UNFREEZE.amount.but(amount=9)), first_attempt=True)
    assert (refused.result, refused.reason) == ("refused", "EXCEED_LIMIT_SM_MIN_AMOUNT: 业务/处理失败")
    assert gateway.transfers == {}


@pytest.mark.parametrize("code", ["SECURITY_CHECK_FAILED", "PRODUCT_NOT_SIGN", "REQUEST_PROCESSING"])
async def test_a_refusal_that_is_not_on_the_list_proves_nothing(
    gateway: LocalGateway, alipay: Alipay, code: str
) -> None:
    for method in (SEND, LOOK_UP, WHOSE):
        gateway.fail(method, f"says:{code}")
        with pytest.raises(PartnerProtocolError, match="proves nothing"):
            await alipay.pay(UNFREEZE, first_attempt=method != LOOK_UP)
    assert gateway.transfers == {}


async def test_a_number_that_stands_for_another_transfer_is_never_taken_for_ours(
    gateway: LocalGateway, alipay: Alipay
) -> None:
    await alipay.pay(UNFREEZE, first_attempt=True)
    other = UNFREEZE.but(amount=UNFREEZE.amount.but(amount=100))
    with pytest.raises(PartnerProtocolError, match="PAYMENT_INFO_INCONSISTENCY"):
        await alipay.pay(other, first_attempt=True)
    with pytest.raises(PartnerProtocolError, match="another transfer"):
        await alipay.pay(other, first_attempt=False)
    assert gateway.balance == Decimal(9_800)


async def test_an_order_without_a_trade_names_no_account_to_pay(gateway: LocalGateway, alipay: Alipay) -> None:
    gateway.trades.clear()
    assert (await alipay.pay(UNFREEZE, first_attempt=True)).result == "refused"
    gateway.paid("o-1", "1.00", buyer_logon_id="159****5620")
    with pytest.raises(PartnerProtocolError, match="does not say whose account"):
        await alipay.pay(UNFREEZE, first_attempt=True)
    gateway.fail(WHOSE, '{"out_trade_no": "o-2"}')
    with pytest.raises(PartnerProtocolError, match="another order"):
        await alipay.pay(UNFREEZE, first_attempt=True)
    assert gateway.transfers == {}


async def test_a_scene_that_new_merchants_must_name_is_named(gateway: LocalGateway, client: httpx2.AsyncClient) -> None:
    alipay = Alipay(an_app(), Books(), {}, scene="售后赔付", gateway=gateway.url, client=client)
    await alipay.pay(UNFREEZE, first_attempt=True)
    assert gateway.transfers[number_of(UNFREEZE)]["content"]["transfer_scene_name"] == "售后赔付"
