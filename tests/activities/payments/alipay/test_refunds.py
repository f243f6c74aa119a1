"""A refund over Alipay: once, whatever fails, and refused only where it is proven that nothing has moved."""

from decimal import Decimal

import pytest

from activities.errors import PartnerProtocolError, PartnerUnreachable
from activities.payments.alipay.adapter import Alipay
from tests.activities.payments.alipay.gateway import LocalGateway
from tests.activities.payments.alipay.paying import FUND, Books, a_movement, number_of
from workflows.complaint.domain.parts import PLATFORM
from workflows.money.amount import Money
from workflows.vocabulary import Purpose

SEND, LOOK_UP = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"


async def test_a_refund_goes_back_the_way_it_came_in_yuan_to_the_fen(gateway: LocalGateway, alipay: Alipay) -> None:
    movement = a_movement(fen=29905)
    answer = await alipay.pay(movement, first_attempt=True)
    assert (answer.result, answer.provider_reference) == ("settled", gateway.trades["o-1"].no)
    assert gateway.trades["o-1"].refunds == {number_of(movement): Decimal("299.05")}
    assert gateway.asked == [SEND]


async def test_what_the_platform_refunds_takes_the_same_way_and_asks_for_no_held_money(
    gateway: LocalGateway, alipay: Alipay, books: Books
) -> None:
    books.held = Money(amount=0)
    answer = await alipay.pay(a_movement(payer=PLATFORM), first_attempt=True)
    assert (answer.result, gateway.asked) == ("settled", [SEND])


async def test_a_second_attempt_looks_up_before_it_sends(gateway: LocalGateway, alipay: Alipay) -> None:
    movement = a_movement()
    assert await alipay.look_up(movement) is None
    first = await alipay.pay(movement, first_attempt=False)
    assert await alipay.pay(movement, first_attempt=False) == first
    assert gateway.asked == [LOOK_UP, LOOK_UP, SEND, LOOK_UP]


@pytest.mark.parametrize("mode", ["silent_before", "silent_after", "unavailable"])
@pytest.mark.parametrize("again", ["system_error_before", "system_error_after"])
async def test_no_answer_is_no_refusal_and_one_refund_at_the_end(
    gateway: LocalGateway, alipay: Alipay, mode: str, again: str
) -> None:
    gateway.fail(SEND, mode, again)
    movement = a_movement()
    with pytest.raises(PartnerUnreachable, match="asked again by key"):
        await alipay.pay(movement, first_attempt=True)
    for _ in range(3):
        try:
            answer = await alipay.pay(movement, first_attempt=False)
        except PartnerUnreachable:
            continue
        assert answer.result == "settled"
    assert gateway.trades["o-1"].refunds == {number_of(movement): Decimal("299.00")}


@pytest.mark.parametrize("mode", ["forged", "unsigned", "bent"])
@pytest.mark.parametrize("method", [SEND, LOOK_UP])
async def test_an_answer_alipay_did_not_sign_is_not_believed(
    gateway: LocalGateway, alipay: Alipay, mode: str, method: str
) -> None:
    movement = a_movement()
    gateway.fail(method, mode)
    with pytest.raises(PartnerProtocolError, match=r"not Alipay's|without a signature"):
        await alipay.pay(movement, first_attempt=method == SEND)
    assert (await alipay.pay(movement, first_attempt=False)).result == "settled"
    assert len(gateway.trades["o-1"].refunds) == 1


async def test_a_refusal_is_believed_only_when_signed(gateway: LocalGateway, alipay: Alipay) -> None:
    gateway.balance = Decimal(1)
    gateway.fail(SEND, "forged")
    with pytest.raises(PartnerProtocolError, match="not Alipay's"):
        await alipay.pay(a_movement(), first_attempt=True)
    refused = await alipay.pay(a_movement(), first_attempt=False)
    assert (refused.result, refused.reason) == ("refused", "ACQ.SELLER_BALANCE_NOT_ENOUGH: 卖家余额不足")


async def test_more_than_the_order_was_paid_with_is_a_proven_refusal(gateway: LocalGateway, alipay: Alipay) -> None:
    assert (await alipay.pay(a_movement(fen=20000), first_attempt=True)).result == "settled"
    refused = await alipay.pay(a_movement(fen=20000, number=2), first_attempt=True)
    assert (refused.result, refused.available) == ("refused", None)
    assert "ACQ.REASON_TRADE_REFUND_FEE_ERR" in (refused.reason or "")
    assert gateway.trades["o-1"].refunded == Decimal(200)


async def test_an_order_alipay_does_not_know_is_a_proven_refusal(gateway: LocalGateway, alipay: Alipay) -> None:
    movement = a_movement(order="o-elsewhere")
    assert await alipay.look_up(movement) is None
    assert (await alipay.pay(movement, first_attempt=False)).result == "refused"
    assert gateway.trades["o-1"].refunds == {}


@pytest.mark.parametrize("code", ["ACQ.SOMETHING_NEW", "ACQ.INVALID_PARAMETER", "ACQ.REFUND_CHARGE_ERROR"])
async def test_a_refusal_that_is_not_on_the_list_proves_nothing(
    gateway: LocalGateway, alipay: Alipay, code: str
) -> None:
    gateway.fail(SEND, f"says:{code}")
    with pytest.raises(PartnerProtocolError, match="proves nothing about the payment"):
        await alipay.pay(a_movement(), first_attempt=True)
    gateway.fail(LOOK_UP, f"says:{code}")
    with pytest.raises(PartnerProtocolError, match="proves nothing"):
        await alipay.pay(a_movement(), first_attempt=False)
    assert (await alipay.pay(a_movement(), first_attempt=False)).result == "settled"


async def test_the_same_number_with_another_amount_is_never_taken_for_ours(
    gateway: LocalGateway, alipay: Alipay
) -> None:
    await alipay.pay(a_movement(fen=100), first_attempt=True)
    with pytest.raises(PartnerProtocolError, match="DISCORDANT_REPEAT_REQUEST"):
        await alipay.pay(a_movement(fen=200), first_attempt=True)
    with pytest.raises(PartnerProtocolError, match="holds another refund"):
        await alipay.pay(a_movement(fen=200), first_attempt=False)
    assert gateway.trades["o-1"].refunded == Decimal(1)


async def test_a_refund_sent_twice_says_that_nothing_changed_and_is_looked_up(
    gateway: LocalGateway, alipay: Alipay
) -> None:
    movement = a_movement()
    for _ in range(2):
        assert (await alipay.pay(movement, first_attempt=True)).result == "settled"
    assert gateway.asked == [SEND, SEND, LOOK_UP]


async def test_a_refund_that_moved_no_money_yet_is_not_settled(gateway: LocalGateway, alipay: Alipay) -> None:
    movement = a_movement()
    gateway.fail(SEND, '{"fund_change": null}')
    gateway.fail(LOOK_UP, '{"refund_status": null}', '{"refund_status": "REFUND_PROCESSING"}')
    with pytest.raises(PartnerUnreachable, match="without moving money yet"):
        await alipay.pay(movement, first_attempt=True)
    with pytest.raises(PartnerUnreachable, match="REFUND_PROCESSING"):
        await alipay.pay(movement, first_attempt=False)
    assert (await alipay.pay(movement, first_attempt=False)).result == "settled"


@pytest.mark.parametrize(
    "change",
    [
        '{"out_trade_no": "o-2"}',
        '{"out_request_no": "x"}',
        '{"refund_amount": "299.0001"}',
        '{"refund_amount": "２99"}',
    ],
)
async def test_another_refund_is_not_taken_for_ours(gateway: LocalGateway, alipay: Alipay, change: str) -> None:
    await alipay.pay(a_movement(), first_attempt=True)
    gateway.fail(LOOK_UP, change)
    with pytest.raises(PartnerProtocolError, match="holds another refund"):
        await alipay.look_up(a_movement())


async def test_an_answer_for_another_order_is_not_ours(gateway: LocalGateway, alipay: Alipay) -> None:
    gateway.fail(SEND, '{"out_trade_no": "o-2"}')
    with pytest.raises(PartnerProtocolError, match="another order"):
        await alipay.pay(a_movement(), first_attempt=True)


async def test_what_held_money_does_not_cover_is_refused_whole_with_what_it_could_give(
    gateway: LocalGateway, alipay: Alipay, books: Books
) -> None:
    books.held = Money(amount=20000)
    for movement in (a_movement(), a_movement(Purpose.RECOVERY, payee=FUND), a_movement(Purpose.COMPENSATION)):
        refused = await alipay.pay(movement, first_attempt=True)
        assert (refused.result, refused.available) == ("refused", Money(amount=20000))
        assert refused.reason == "held money leaves 200.00 yuan (R6.11)"
    assert gateway.asked == []


async def test_what_was_refunded_already_is_told_whatever_is_held_by_now(
    gateway: LocalGateway, alipay: Alipay, books: Books
) -> None:
    gateway.fail(SEND, "silent_after")
    with pytest.raises(PartnerUnreachable):
        await alipay.pay(a_movement(), first_attempt=True)
    books.held = Money(amount=0)
    assert (await alipay.pay(a_movement(), first_attempt=False)).result == "settled"


@pytest.mark.parametrize(
    ("order", "key", "why"),
    [(None, "C20261122-TEST00000A:refund:1", "names no order line"),
     ("o" * 65, "C20261122-TEST00000A:refund:1", "longer than"),
     ("o-1", "somebody-elses:refund:1", "has no request number")],
)  # fmt: skip
async def test_a_movement_that_cannot_be_written_at_alipay_is_said_to_be_so(
    gateway: LocalGateway, alipay: Alipay, order: str | None, key: str, why: str
) -> None:
    for first_attempt in (True, False):
        with pytest.raises(PartnerProtocolError, match=why):
            await alipay.pay(a_movement(order=order).but(key=key), first_attempt=first_attempt)
    assert gateway.asked == []
