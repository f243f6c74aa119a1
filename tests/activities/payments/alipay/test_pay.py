"""The activity that pays, over a local Alipay: one refund there, one entry in the ledger here, whatever fails."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.payments.alipay.adapter import Alipay
from activities.payments.pay import Payments
from activities.store.held_money import HeldMoney
from activities.store.pool import Pool
from tests.activities.payments.alipay.gateway import LocalGateway, local_gateway
from tests.activities.payments.alipay.paying import SELLERS, an_app, number_of
from tests.activities.store.moving import Moving, postings
from tests.activities.world import World, agreed, burst
from workflows.complaint.domain.records import Payment
from workflows.money.amount import Money
from workflows.money.movement import Movement, PaymentAnswer

SEND, LOOK_UP = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"


@pytest.fixture
async def gateway() -> AsyncIterator[LocalGateway]:
    async with local_gateway() as gateway:
        yield gateway


@pytest.fixture
async def alipay(gateway: LocalGateway, pool: Pool) -> AsyncIterator[Alipay]:
    async with Alipay(an_app(), HeldMoney(pool), SELLERS, gateway=gateway.url) as alipay:
        yield alipay


@pytest.fixture
async def movement(world: World, gateway: LocalGateway) -> Movement:
    """A refund of 299.00 that was agreed and is owed; its order was paid over Alipay."""
    case = await world.opened()
    after = agreed(case)
    await world.record(burst(case, after))
    gateway.paid(case.filing.order_id, "309.00")
    return after.money[0].movement


async def ask(pool: Pool, alipay: Alipay, movement: Movement) -> PaymentAnswer:
    return await ActivityEnvironment().run(Payments(pool, alipay).pay, Payment(movement=movement))


def refunds(gateway: LocalGateway) -> dict[str, Decimal]:
    (trade,) = gateway.trades.values()
    return trade.refunds


@pytest.mark.parametrize("mode", ["", "silent_before", "silent_after", "forged", "system_error_after", "says:ACQ.NEW"])
async def test_one_refund_and_one_entry_whatever_alipay_answers_first(
    pool: Pool, gateway: LocalGateway, alipay: Alipay, movement: Movement, mode: str
) -> None:
    gateway.fail(SEND, mode)
    if mode:
        with pytest.raises(ApplicationError) as unknown:
            await ask(pool, alipay, movement)
        assert not unknown.value.non_retryable
        assert await postings(pool, movement.key) == {}
    for _ in range(2):
        assert (await ask(pool, alipay, movement)).result == "settled"
    assert refunds(gateway) == {number_of(movement): Decimal("299.00")}
    posted = await postings(pool, movement.key)
    assert sorted(posted.values()) == [-29900, 29900]
    assert any(account.startswith("seller_held:") for account in posted)


async def test_a_refusal_ends_the_movement_with_alipays_words(
    pool: Pool, gateway: LocalGateway, alipay: Alipay, movement: Movement
) -> None:
    gateway.balance = Decimal(1)
    refused = await ask(pool, alipay, movement)
    assert (refused.result, refused.available) == ("refused", None)
    assert await ask(pool, alipay, movement) == refused
    assert gateway.asked == [SEND]
    row = await pool.fetchrow("SELECT state, reason FROM movements WHERE key = $1", movement.key)
    assert row is not None
    assert tuple(row) == ("failed", "ACQ.SELLER_BALANCE_NOT_ENOUGH: 卖家余额不足")


async def test_what_held_money_does_not_cover_fails_with_what_it_could_give(
    pool: Pool, gateway: LocalGateway, alipay: Alipay, movement: Movement
) -> None:
    money = Moving(pool, movement.key.split(":", maxsplit=1)[0])
    await money.becomes(await money.decided("return_freight", 2000), "requested")
    refused = await ask(pool, alipay, movement)
    assert (refused.result, refused.available) == ("refused", Money(amount=28900))
    assert await ask(pool, alipay, movement) == refused
    assert gateway.asked == []
