import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from activities.errors import PartnerProtocolError, PartnerUnreachable
from activities.payments.partners import PaymentProvider
from tests.workers.sandbox.running import RunningSandbox, a_movement, complaint_of
from workers.sandbox.client import SandboxClient
from workflows.money.amount import Money
from workflows.money.movement import Movement, PaymentAnswer


@pytest.fixture
async def provider(sandbox: RunningSandbox, http: httpx2.AsyncClient) -> AsyncIterator[PaymentProvider]:
    async with PaymentProvider(sandbox.url, client=http) as provider:
        yield provider


@pytest.fixture
async def hasty(sandbox: RunningSandbox, http: httpx2.AsyncClient) -> AsyncIterator[PaymentProvider]:
    """One that does not wait long, for faults that let it wait in vain."""
    async with PaymentProvider(sandbox.url, client=http, seconds=0.3) as provider:
        yield provider


async def pay_as_an_activity(provider: PaymentProvider, movement: Movement) -> tuple[PaymentAnswer, int]:
    """Pay as Temporal would: again after each failure; returns the answer and the attempts it took."""
    for attempt in range(1, 20):
        try:
            return await provider.pay(movement, first_attempt=attempt == 1), attempt
        except PartnerUnreachable:
            continue
    raise AssertionError("never answered")


async def decided(provider: PaymentProvider, movement: Movement) -> PaymentAnswer:
    """Wait until the provider has made up its mind."""
    async with asyncio.timeout(10):
        while (answer := await provider.pay(movement, first_attempt=False)).result == "pending":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return answer


async def test_a_payment_is_settled_with_the_providers_reference(
    provider: PaymentProvider, operator: SandboxClient
) -> None:
    movement = a_movement(100)
    answer = await provider.pay(movement, first_attempt=True)
    (line,) = await operator.book(complaint_of(movement))
    assert (answer.result, answer.provider_reference, answer.reason) == ("settled", line.reference, None)
    assert (line.amount, line.payer.id, line.payee.id) == (Money(amount=100), "sl-1", "b-1")


@pytest.mark.parametrize("mode", ["error_500", "timeout_before", "timeout_after"])
@pytest.mark.parametrize("times", [1, 3])
async def test_whatever_the_failure_one_payment_stands_in_the_book(
    hasty: PaymentProvider, operator: SandboxClient, mode: str, times: int
) -> None:
    movement = a_movement()
    await operator.fault("payment", mode, times=times, operation="send")
    answer, attempts = await pay_as_an_activity(hasty, movement)
    left = sum(fault.times for fault in await operator.faults())
    # A payment that was made is found by the look-up and never sent again, so the other faults meet nobody.
    assert left == (times - 1 if mode == "timeout_after" else 0)
    assert (answer.result, attempts > 1) == ("settled", True)
    assert [line.state for line in await operator.book(complaint_of(movement))] == ["settled"]
    for _ in range(left):
        with pytest.raises(PartnerUnreachable):
            await hasty.pay(a_movement(), first_attempt=True)


@pytest.mark.parametrize("mode", ["error_500", "timeout_before", "timeout_after"])
async def test_a_look_up_that_fails_sends_nothing(
    provider: PaymentProvider, hasty: PaymentProvider, operator: SandboxClient, mode: str
) -> None:
    movement = a_movement()
    await operator.fault("payment", mode, operation="look_up")
    with pytest.raises(PartnerUnreachable, match="the payment provider at http://"):
        await hasty.pay(movement, first_attempt=False)
    assert await operator.book(complaint_of(movement)) == []
    assert (await provider.pay(movement, first_attempt=False)).result == "settled"


async def test_an_error_that_is_kept_for_the_key_is_never_taken_for_the_truth(
    provider: PaymentProvider, operator: SandboxClient
) -> None:
    movement = a_movement()
    await operator.fault("payment", "stored_error")
    for _ in range(3):
        with pytest.raises(PartnerUnreachable, match="answered 500"):
            await provider.pay(movement, first_attempt=True)
    answer = await provider.pay(movement, first_attempt=False)
    assert answer.result == "settled"
    assert [line.state for line in await operator.book(complaint_of(movement))] == ["settled"]


async def test_a_busy_provider_is_asked_again_when_it_says(provider: PaymentProvider, operator: SandboxClient) -> None:
    movement = a_movement()
    await operator.fault("payment", "busy")
    with pytest.raises(PartnerUnreachable, match="answered 429") as busy:
        await provider.pay(movement, first_attempt=True)
    assert busy.value.retry_after == timedelta(seconds=2)
    assert await operator.book(complaint_of(movement)) == []


async def test_a_fault_for_one_complaint_leaves_the_others_alone(
    provider: PaymentProvider, operator: SandboxClient
) -> None:
    unlucky, other = a_movement(), a_movement()
    await operator.fault("payment", "declined", complaint=complaint_of(unlucky))
    assert (await provider.pay(other, first_attempt=True)).result == "settled"
    assert (await provider.pay(unlucky, first_attempt=True)).result == "refused"


async def test_a_slow_answer_is_waited_for(provider: PaymentProvider, operator: SandboxClient) -> None:
    await operator.fault("payment", "slow", times=2)
    answer, attempts = await pay_as_an_activity(provider, a_movement())
    assert (answer.result, attempts) == ("settled", 1)
    assert (await provider.pay(a_movement(), first_attempt=True)).result == "settled"


@pytest.mark.parametrize("first_attempt", [True, False])
async def test_a_declined_payment_is_refused_with_its_reason_and_stays_so(
    provider: PaymentProvider, operator: SandboxClient, first_attempt: bool
) -> None:
    movement = a_movement()
    await operator.fault("payment", "declined")
    for attempt in (first_attempt, False, True):
        answer = await provider.pay(movement, first_attempt=attempt)
        assert (answer.result, answer.reason) == ("refused", "declined by the provider")
    assert [line.state for line in await operator.book(complaint_of(movement))] == ["declined"]


async def test_a_pending_payment_is_pending_until_the_provider_has_decided(
    provider: PaymentProvider, operator: SandboxClient
) -> None:
    movement = a_movement()
    await operator.fault("payment", "pending")
    assert (await provider.pay(movement, first_attempt=True)).result == "pending"
    assert (await decided(provider, movement)).result == "settled"
    assert [line.state for line in await operator.book(complaint_of(movement))] == ["settled"]


async def test_a_pending_payment_may_fail_in_the_end(provider: PaymentProvider, operator: SandboxClient) -> None:
    movement = a_movement()
    await operator.fault("payment", "declined", operation="callback")
    await operator.fault("payment", "pending", operation="send")
    assert (await provider.pay(movement, first_attempt=True)).result == "pending"
    answer = await decided(provider, movement)
    assert (answer.result, answer.reason) == ("refused", "declined by the provider")


async def test_many_attempts_at_once_are_one_payment(provider: PaymentProvider, operator: SandboxClient) -> None:
    movement = a_movement()
    answers = await asyncio.gather(*(provider.pay(movement, first_attempt=True) for _ in range(20)))
    assert len(set(answers)) == 1
    assert len(await operator.book(complaint_of(movement))) == 1


@pytest.mark.parametrize("first_attempt", [True, False])
async def test_a_key_that_stands_for_another_payment_is_never_taken_for_ours(
    provider: PaymentProvider, operator: SandboxClient, first_attempt: bool
) -> None:
    movement = a_movement(100)
    await provider.pay(movement, first_attempt=True)
    with pytest.raises(PartnerProtocolError, match="compare its book with the case"):
        await provider.pay(movement.but(amount=Money(amount=101)), first_attempt=first_attempt)
    assert [line.amount.amount for line in await operator.book(complaint_of(movement))] == [100]


async def test_keys_with_any_printable_character_find_their_payment(
    provider: PaymentProvider, operator: SandboxClient
) -> None:
    for complaint in ("a/b", "..", "./x", "50%", "a%2Fb", "q?a=1&b#c", "a+b"):
        movement = a_movement(complaint=f"{complaint}{a_movement().key}")
        for first_attempt in (True, False):
            assert (await provider.pay(movement, first_attempt)).result == "settled"
        assert (await provider.look_up(movement)) is not None
        assert len([line for line in await operator.book() if line.key == movement.key]) == 1


async def test_a_killed_provider_knows_its_payments_when_it_is_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    movement = a_movement()
    home = tmp_path_factory.mktemp("killed")
    async with RunningSandbox(home) as own, PaymentProvider(own.url) as provider, own.client() as operator:
        first = await provider.pay(movement, first_attempt=True)
        await own.kill()
        with pytest.raises(PartnerUnreachable, match="cannot be reached"):
            await provider.pay(movement, first_attempt=False)
        await own.start()
        assert await provider.pay(movement, first_attempt=False) == first
        assert len(await operator.book()) == 1
