"""The provider's later word on a pending payment, told to the gateway as a signed webhook over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from activities.payments.partners import PaymentProvider
from tests.workers.sandbox.gateway import Gateway, Told, listening
from tests.workers.sandbox.running import NOWHERE, RunningSandbox, a_movement
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import Payment
from workflows.money.movement import Movement, PaymentAnswer


@pytest.fixture(scope="module")
async def gateway() -> AsyncIterator[Gateway]:
    async with listening() as one:
        yield one


@pytest.fixture(scope="module")
async def beside(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    """A sandbox that knows where the gateway is."""
    async with RunningSandbox(tmp_path_factory.mktemp("beside"), gateway=gateway.url) as running:
        yield running


def a_complaint() -> str:
    return f"C-{uuid4().hex[:10]}"


async def pend(sandbox: RunningSandbox, operator: SandboxClient, complaint: str, *callback_faults: str) -> str:
    """Ask for a payment that stays pending, its callback meeting these faults; returns its key."""
    for mode in callback_faults:
        await operator.fault("payment", mode, operation="callback")
    await operator.fault("payment", "pending", operation="send")
    async with PaymentProvider(sandbox.url) as provider:
        movement = a_movement(complaint=complaint)
        assert (await provider.pay(movement, first_attempt=True)).result == "pending"
    return movement.key


async def until(operator: SandboxClient, key: str, wanted: Callable[[Payment], bool]) -> Payment:
    """Wait until the book says what is wanted of that payment."""
    async with asyncio.timeout(20):
        while True:
            (payment,) = [line for line in await operator.book() if line.key == key]
            if wanted(payment):
                return payment
            await asyncio.sleep(0.02)


def delivered(payment: Payment) -> bool:
    return payment.callback == "delivered"


async def test_a_pending_payment_is_reported_when_it_settles(gateway: Gateway, beside: RunningSandbox) -> None:
    async with beside.client() as operator:
        key = await pend(beside, operator, a_complaint())
        payment = await until(operator, key, delivered)
    (told,) = await gateway.hears(1, key)
    assert told == Told(
        path="/v1/webhooks/payments/sandbox-pay",
        client="sandbox-pay",
        id=f"{payment.reference}-settled",
        body={"payment": key, "result": "settled", "reference": payment.reference},
    )
    assert payment.state == "settled"


async def test_a_callback_ordered_to_decline_reports_the_failure(gateway: Gateway, beside: RunningSandbox) -> None:
    async with beside.client() as operator:
        key = await pend(beside, operator, a_complaint(), "declined")
        payment = await until(operator, key, delivered)
    (told,) = await gateway.hears(1, key)
    assert (payment.state, told.body["result"], told.body["reason"]) == ("failed", "failed", "declined by the provider")


async def pay_under(sandbox: RunningSandbox, mode: str, complaint: str) -> tuple[Movement, PaymentAnswer]:
    """Ask for a payment of a complaint that meets that fault; returns it with the answer."""
    async with sandbox.client() as operator, PaymentProvider(sandbox.url) as provider:
        await operator.fault("payment", mode, complaint=complaint)
        movement = a_movement(complaint=complaint)
        return movement, await provider.pay(movement, first_attempt=True)


async def all_told(gateway: Gateway, operator: SandboxClient, key: str, words: int) -> list[str]:
    """Wait until so many words were told of a payment; returns the results in their order."""
    told = await gateway.hears(words, key)
    await until(operator, key, delivered)
    assert await gateway.hears(words, key) == told
    return [one.body["result"] for one in told]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("pending", ["settled"]),
        ("pending_fails", ["failed"]),
        ("callback_repeated", ["settled"] * 5),
        ("failed_then_settled", ["failed", "settled"]),
        ("settled_then_failed", ["settled", "failed"]),
    ],
)
async def test_the_words_of_a_pending_payment_are_told_in_their_order_and_the_last_is_the_truth(
    gateway: Gateway, beside: RunningSandbox, mode: str, words: list[str]
) -> None:
    complaint = a_complaint()
    movement, answer = await pay_under(beside, mode, complaint)
    assert answer.result == "pending"
    async with beside.client() as operator, PaymentProvider(beside.url) as provider:
        assert await all_told(gateway, operator, movement.key, len(words)) == words
        (line,) = await operator.book(complaint)
        assert line.state == words[-1]
        truth = "settled" if words[-1] == "settled" else "refused"
        assert (await provider.pay(movement, first_attempt=False)).result == truth
    told = await gateway.hears(len(words), movement.key)
    assert len({one.id for one in told}) == len({str(one.body) for one in told}) == len(set(words))


async def test_a_callback_may_be_told_before_the_answer_is_given(gateway: Gateway, beside: RunningSandbox) -> None:
    movement, answer = await pay_under(beside, "callback_first", a_complaint())
    assert answer.result == "pending"
    assert [one.body["result"] for one in gateway.told if one.body["payment"] == movement.key] == ["settled"]


async def test_what_settled_may_be_taken_back_weeks_later_and_is_told(gateway: Gateway, beside: RunningSandbox) -> None:
    async with beside.client() as operator, PaymentProvider(beside.url) as provider:
        movement = a_movement(complaint=a_complaint())
        await provider.pay(movement, first_attempt=True)
        await operator.reverse(movement.key)
        assert await all_told(gateway, operator, movement.key, 1) == ["reversed"]


async def test_a_word_that_was_not_told_holds_back_the_next_one(gateway: Gateway, beside: RunningSandbox) -> None:
    complaint = a_complaint()
    async with beside.client() as operator:
        await operator.fault("payment", "error_500", times=2, operation="callback", complaint=complaint)
        movement, _ = await pay_under(beside, "failed_then_settled", complaint)
        assert await all_told(gateway, operator, movement.key, 2) == ["failed", "settled"]


async def test_a_callback_whose_answer_is_lost_is_told_again_as_the_same_word(
    gateway: Gateway, beside: RunningSandbox
) -> None:
    async with beside.client() as operator:
        key = await pend(beside, operator, a_complaint(), "timeout_after", "error_500", "timeout_after")
        await until(operator, key, delivered)
        assert await operator.faults() == []
    told = await gateway.hears(3, key)
    assert len(told) == 3
    assert len({(one.id, str(one.body)) for one in told}) == 1


async def test_what_the_gateway_will_never_take_is_left_in_the_book(gateway: Gateway, beside: RunningSandbox) -> None:
    gateway.status = 404
    try:
        async with beside.client() as operator:
            key = await pend(beside, operator, "C-never-was")
            payment = await until(operator, key, lambda payment: payment.callback == "undeliverable")
            assert payment.state == "settled"
    finally:
        gateway.status = 202


async def test_a_word_not_yet_told_outlives_the_sandbox_and_a_gateway_that_is_down(tmp_path: Path) -> None:
    async with listening() as gone:
        address = gone.url
    assert address != NOWHERE
    async with RunningSandbox(tmp_path, gateway=address) as own, own.client() as operator:
        key = await pend(own, operator, a_complaint())
        await until(operator, key, lambda payment: payment.state == "settled")
        await own.kill()
        await own.start()
        assert (await until(operator, key, lambda _: True)).callback == "waiting"
        async with listening(int(address.rpartition(":")[2])) as again:
            await until(operator, key, delivered)
            assert [one.body["result"] for one in again.told] == ["settled"]
