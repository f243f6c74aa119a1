"""Whose money a payment takes: held money of the line first, then the deposit, never more than there is (R6.11)."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from activities.payments.partners import PaymentProvider
from tests.workers.sandbox.running import (
    PLATFORM,
    RunningSandbox,
    a_payment,
    an_order_document,
    complaint_of,
)
from workers.sandbox.client import SandboxClient, SandboxRefused
from workers.sandbox.shapes import SandboxOrder, SellerAccount
from workflows.money.amount import Money
from workflows.money.movement import LineRef, Movement, PaymentAnswer
from workflows.parties import Party
from workflows.vocabulary import Purpose, Role

_numbers = itertools.count(1)
NOTHING_LEFT = "the seller's held money and deposit do not cover it"


class Till:
    """An order line of 300.00 and its seller, as the provider knows them, and payments that draw on them."""

    def __init__(self, provider: PaymentProvider, operator: SandboxClient, http: httpx2.AsyncClient) -> None:
        self.provider, self.operator, self.http = provider, operator, http
        number = next(_numbers)
        self.line = LineRef(order_id=f"o-till/{number}", line=1)
        self.seller = Party(role=Role.SELLER, id=f"sl-till-{number}")
        self.complaint = f"C20261122-TILL{number:06d}"

    async def open(self, held: int | None = None, deposit: int | None = None) -> None:
        price = {"paid": {"amount": 30000, "currency": "CNY"}, "shipping_fee": {"amount": 0, "currency": "CNY"}}
        order = SandboxOrder.model_validate_json(json.dumps(an_order_document(self.line.order_id) | price))
        await self.operator.put_orders([order if held is None else order.but(held=Money(amount=held))])
        if deposit is not None:
            await self.operator.put_sellers([SellerAccount(seller_id=self.seller.id, deposit=Money(amount=deposit))])

    def movement(self, purpose: Purpose, fen: int, number: int = 1, **more: object) -> Movement:
        movement = a_payment(purpose, fen, self.complaint, number, line=self.line)
        mine = {
            name: self.seller
            for name, party in (("payer", movement.payer), ("payee", movement.payee))
            if party.role is Role.SELLER
        }
        return movement.but(**(mine | more))

    async def pay(self, purpose: Purpose, fen: int, number: int = 1, **more: object) -> PaymentAnswer:
        return await self.provider.pay(self.movement(purpose, fen, number, **more), first_attempt=True)

    async def held(self) -> int:
        answer = await self.http.get(f"/orders/{self.line.order_id}/lines/1")
        return int(answer.json()["held"]["amount"])

    async def deposit(self) -> int:
        return int((await self.http.get(f"/sellers/{self.seller.id}")).json()["deposit"]["amount"])


@pytest.fixture
async def till(sandbox: RunningSandbox, operator: SandboxClient, http: httpx2.AsyncClient) -> AsyncIterator[Till]:
    async with PaymentProvider(sandbox.url, client=http) as provider:
        yield Till(provider, operator, http)


async def test_held_money_of_the_line_gives_first_then_the_deposit(till: Till) -> None:
    await till.open(held=10000, deposit=50000)
    first = await till.pay(Purpose.REFUND, 8000)
    assert (first.result, first.from_deposit.amount, first.available) == ("settled", 0, None)
    second = await till.pay(Purpose.COMPENSATION, 5000)
    assert (second.result, second.from_deposit.amount) == ("settled", 3000)
    assert (await till.held(), await till.deposit()) == (0, 47000)
    _, line = await till.operator.book(till.complaint)
    assert {posting.account: posting.amount for posting in line.postings} == {
        f"seller_held:{till.line.order_id}/1": -2000,
        f"seller_deposit:{till.seller.id}": -3000,
        "buyer:b-1": 5000,
    }


async def test_what_is_not_covered_is_refused_whole_and_says_what_could_be_had(till: Till) -> None:
    await till.open(held=10000, deposit=5000)
    movement = till.movement(Purpose.REFUND, 15001)
    for first_attempt in (True, False, True):
        answer = await till.provider.pay(movement, first_attempt)
        assert (answer.result, answer.reason) == ("refused", NOTHING_LEFT)
        assert answer.available == Money(amount=15000)
    assert (await till.held(), await till.deposit()) == (10000, 5000)
    assert (await till.pay(Purpose.REFUND, 15000, 2)).from_deposit == Money(amount=5000)
    nothing = await till.pay(Purpose.REFUND, 1, 3)
    assert (nothing.result, nothing.available) == ("refused", Money(amount=0))


async def test_a_refusal_of_another_kind_says_nothing_of_cover(till: Till) -> None:
    await till.open(held=10000, deposit=5000)
    await till.operator.fault("payment", "declined")
    answer = await till.pay(Purpose.REFUND, 100)
    assert (answer.result, answer.available, await till.held()) == ("refused", None, 10000)


async def test_a_seller_who_was_never_declared_has_no_deposit_where_held_money_was_said(till: Till) -> None:
    await till.open(held=20000)
    answer = await till.pay(Purpose.REFUND, 20001)
    assert (answer.result, answer.available) == ("refused", Money(amount=20000))


async def test_nothing_is_missing_where_nobody_said_what_is_held_or_deposited(till: Till) -> None:
    await till.open()
    answer = await till.pay(Purpose.COMPENSATION, 90000)
    assert (answer.result, answer.from_deposit.amount, await till.held()) == ("settled", 60000, 0)
    unknown = LineRef(order_id="o-nobody-knows", line=1)
    answer = await till.pay(Purpose.REFUND, 500, 2, line=unknown)
    assert (answer.result, answer.from_deposit.amount) == ("settled", 0)


async def test_money_held_for_one_line_never_pays_for_another(till: Till) -> None:
    await till.open(held=10000, deposit=0)
    elsewhere = LineRef(order_id=till.line.order_id, line=2)
    assert (await till.pay(Purpose.REFUND, 1, line=elsewhere)).available == Money(amount=0)
    assert (await till.pay(Purpose.REFUND, 1, 2, line=None)).available == Money(amount=0)


async def test_fifty_payments_at_once_never_take_more_than_there_is(till: Till) -> None:
    await till.open(held=10000, deposit=5000)
    answers = await asyncio.gather(*(till.pay(Purpose.REFUND, 1000, number) for number in range(50)))
    assert sum(answer.result == "settled" for answer in answers) == 15
    assert sum(answer.from_deposit.amount for answer in answers) == 5000
    assert (await till.held(), await till.deposit()) == (0, 0)


async def test_an_advance_is_frozen_and_comes_free_or_goes_back_once(till: Till) -> None:
    await till.open(held=0)
    assert (await till.pay(Purpose.ADVANCE, 10000)).result == "settled"
    assert (await till.pay(Purpose.UNFREEZE, 4000, rest=Money(amount=3000))).result == "settled"
    too_much = await till.pay(Purpose.CLAW_BACK, 3001)
    assert (too_much.result, too_much.available) == ("refused", None)
    assert too_much.reason == "less than that is frozen for the complaint"
    assert (await till.pay(Purpose.CLAW_BACK, 3000, 2)).result == "settled"
    assert (await till.pay(Purpose.UNFREEZE, 1, 2)).result == "refused"
    book = await till.operator.book(till.complaint)
    assert all(sum(posting.amount for posting in line.postings) == 0 for line in book)
    frozen = f"buyer_frozen:{till.complaint}"
    moved = [posting.amount for line in book for posting in line.postings if posting.account == frozen]
    assert moved == [10000, -7000, -3000]


async def test_a_rest_belongs_to_an_unfreezing_only(till: Till) -> None:
    with pytest.raises(Exception, match="only an unfreeze leaves a rest"):
        await till.pay(Purpose.ADVANCE, 10, rest=Money(amount=1))


async def test_the_fund_recovers_from_the_seller_or_from_the_platform(till: Till) -> None:
    await till.open(held=3000, deposit=1000)
    assert (await till.pay(Purpose.RECOVERY, 5000)).available == Money(amount=4000)
    assert (await till.pay(Purpose.RECOVERY, 4000, 2)).from_deposit == Money(amount=1000)
    assert (await till.pay(Purpose.RECOVERY, 1000, 3, payer=PLATFORM)).result == "settled"
    assert (await till.pay(Purpose.RESTITUTION, 1000)).result == "settled"


async def test_what_is_held_of_a_line_is_paid_out_and_no_more(till: Till) -> None:
    await till.open(deposit=90000)
    await till.pay(Purpose.REFUND, 10000)
    answer = await till.pay(Purpose.PAYOUT, 30000)
    assert (answer.result, answer.available) == ("refused", Money(amount=20000))
    assert (await till.pay(Purpose.PAYOUT, 20000, 2)).result == "settled"
    assert (await till.held(), await till.deposit()) == (0, 90000)


async def test_what_is_pending_is_set_aside_and_given_back_when_it_fails(till: Till) -> None:
    await till.open(held=1000, deposit=1000)
    await till.operator.fault("payment", "pending_fails")
    movement = till.movement(Purpose.REFUND, 1500)
    assert (await till.provider.pay(movement, first_attempt=True)).result == "pending"
    assert (await till.held(), await till.deposit()) == (0, 500)
    async with asyncio.timeout(10):
        while (answer := await till.provider.pay(movement, first_attempt=False)).result == "pending":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (answer.result, answer.from_deposit.amount) == ("refused", 0)
    assert (await till.held(), await till.deposit()) == (1000, 1000)


async def test_a_reversal_gives_the_money_back_to_where_it_came_from(till: Till) -> None:
    await till.open(held=1000, deposit=1000)
    movement = till.movement(Purpose.REFUND, 1500)
    first = await till.provider.pay(movement, first_attempt=True)
    assert (await till.operator.reverse(movement.key)).state == "reversed"
    assert (await till.held(), await till.deposit()) == (1000, 1000)
    (line,) = await till.operator.book(complaint_of(movement))
    assert (line.state, line.postings, line.from_deposit) == ("reversed", (), None)
    # It had settled; that it was taken back is told apart, and the key pays nothing again.
    again = await till.provider.pay(movement, first_attempt=False)
    assert (again.result, again.provider_reference) == ("settled", first.provider_reference)
    with pytest.raises(SandboxRefused, match="is reversed; only a settled payment can be reversed"):
        await till.operator.reverse(movement.key)
    with pytest.raises(SandboxRefused, match="there is no payment with the key"):
        await till.operator.reverse(f"{till.complaint}:refund:9")


async def test_what_has_moved_on_cannot_be_reversed_before_what_came_after(till: Till) -> None:
    await till.open(held=0)
    advance, unfreeze = till.movement(Purpose.ADVANCE, 1000), till.movement(Purpose.UNFREEZE, 1000)
    for movement in (advance, unfreeze):
        await till.provider.pay(movement, first_attempt=True)
    with pytest.raises(SandboxRefused, match="reverse what came after it first"):
        await till.operator.reverse(advance.key)
    await till.operator.reverse(unfreeze.key)
    assert (await till.operator.reverse(advance.key)).state == "reversed"


async def test_an_order_put_again_keeps_what_was_drawn_unless_told_what_is_held(till: Till) -> None:
    await till.open()
    await till.pay(Purpose.REFUND, 10000)
    await till.open()
    assert await till.held() == 20000
    await till.pay(Purpose.REFUND, 20000, 2)
    await till.open()
    assert await till.held() == 0
    await till.open(held=15000)
    assert await till.held() == 15000
    await till.open()
    assert await till.held() == 30000
