"""A movement is paid once, whatever fails on the way, and the record knows how it ended (R6.10)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errors import PartnerProtocolError, PartnerUnreachable
from activities.payments.partners import PaymentProvider
from activities.payments.pay import Payments
from activities.store.movements import contradict
from activities.store.pool import Pool
from tests.activities.world import World, agreed, burst
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient
from workflows.complaint.domain.records import Payment
from workflows.money.amount import Money
from workflows.money.movement import Movement, PaymentAnswer
from workflows.vocabulary import Problem


class Counting:
    """A provider that is asked, counted, and answers as told."""

    def __init__(self, *answers: PaymentAnswer | Exception) -> None:
        self.answers, self.asked = list(answers), list[bool]()

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        assert movement.key
        self.asked.append(first_attempt)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


EXPECTED = {mode: {"settled"} for mode in ("error_500", "timeout_before", "timeout_after")}
EXPECTED |= {"declined": {"refused"}, "pending": {"pending", "settled", "refused"}}

SETTLED = PaymentAnswer(result="settled", provider_reference="p-1")
PENDING = PaymentAnswer(result="pending", provider_reference="p-1")
REFUSED = PaymentAnswer(result="refused", reason="account closed")


@pytest.fixture
async def movement(world: World) -> Movement:
    """A refund that was agreed and is owed."""
    case = await world.opened()
    after = agreed(case)
    await world.record(burst(case, after))
    return after.money[0].movement


@pytest.fixture
async def provider(sandbox: RunningSandbox) -> AsyncIterator[PaymentProvider]:
    async with PaymentProvider(sandbox.url, seconds=1) as provider:
        yield provider


async def ask(pool: Pool, provider: Counting | PaymentProvider, movement: Movement) -> PaymentAnswer:
    return await ActivityEnvironment().run(Payments(pool, provider).pay, Payment(movement=movement))


async def state(pool: Pool, movement: Movement) -> tuple[str, str | None]:
    row = await pool.fetchrow("SELECT state, provider_reference FROM movements WHERE key = $1", movement.key)
    assert row is not None
    return row["state"], row["provider_reference"]


async def test_a_movement_asked_for_twice_is_asked_of_the_provider_once(pool: Pool, movement: Movement) -> None:
    provider = Counting(SETTLED)
    assert await ask(pool, provider, movement) == SETTLED
    assert await ask(pool, provider, movement) == SETTLED
    assert provider.asked == [True]
    assert await state(pool, movement) == ("settled", "p-1")


async def test_a_proven_refusal_is_an_answer_that_stays(pool: Pool, movement: Movement) -> None:
    provider = Counting(REFUSED)
    assert await ask(pool, provider, movement) == REFUSED
    assert await ask(pool, provider, movement) == REFUSED
    assert provider.asked == [True]
    assert await state(pool, movement) == ("failed", None)


async def test_what_has_settled_after_all_is_not_paid_again_under_the_next_number(
    pool: Pool, movement: Movement
) -> None:
    provider, again = Counting(REFUSED, SETTLED), movement.but(key=movement.key.replace(":1", ":2"))
    await ask(pool, provider, movement)
    async with pool.acquire() as connection:
        await contradict(connection, movement.key, "settled", "failed")
    for _ in range(2):
        answer = await ask(pool, provider, again)
        assert answer.result == "refused"
        assert f"the provider says that {movement.key} has settled after all" in (answer.reason or "")
    assert provider.asked == [True], "nobody is asked to pay twice"
    other = movement.but(key=movement.key.replace(":1", ":3"), amount=Money(amount=1))
    assert (await ask(pool, provider, other)).result == "settled"


async def test_a_retry_after_a_failure_that_nobody_took_back_is_paid(pool: Pool, movement: Movement) -> None:
    provider, again = Counting(REFUSED, SETTLED), movement.but(key=movement.key.replace(":1", ":2"))
    await ask(pool, provider, movement)
    assert await ask(pool, provider, again) == SETTLED


async def test_what_is_pending_is_looked_up_next_time(pool: Pool, movement: Movement) -> None:
    provider = Counting(PENDING, SETTLED)
    assert await ask(pool, provider, movement) == PENDING
    assert await state(pool, movement) == ("requested", "p-1")
    assert await ask(pool, provider, movement) == SETTLED
    assert provider.asked == [True, False]


async def test_the_unknown_is_retried_when_the_provider_says_and_looked_up_first(
    pool: Pool, movement: Movement
) -> None:
    provider = Counting(PartnerUnreachable("no answer", timedelta(seconds=7)), PartnerProtocolError("odd"), SETTLED)
    with pytest.raises(ApplicationError, match="no answer") as silent:
        await ask(pool, provider, movement)
    assert (silent.value.type, silent.value.non_retryable) == ("PartnerUnreachable", False)
    assert silent.value.next_retry_delay == timedelta(seconds=7)
    with pytest.raises(ApplicationError, match="odd") as odd:
        await ask(pool, provider, movement)
    assert (odd.value.type, odd.value.non_retryable) == ("PartnerProtocolError", False)
    assert await ask(pool, provider, movement) == SETTLED
    assert provider.asked == [True, False, False]


async def test_what_was_reported_while_the_answer_was_under_way_stands(pool: Pool, movement: Movement) -> None:
    class Overtaken(Counting):
        async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
            await pool.execute("UPDATE movements SET state = 'settled', provider_reference = 'p-9'")
            return await super().pay(movement, first_attempt)

    answer = await ask(pool, Overtaken(PENDING), movement)
    assert answer == PaymentAnswer(result="settled", provider_reference="p-9")


async def test_another_amount_under_a_known_key_is_never_paid(pool: Pool, movement: Movement) -> None:
    provider = Counting(SETTLED, SETTLED)
    await ask(pool, provider, movement)
    with pytest.raises(ApplicationError, match="on record for other parties or another amount") as wrong:
        await ask(pool, provider, movement.but(amount=Money(amount=1)))
    assert not wrong.value.non_retryable  # an activity that gave up would end the complaint with it
    assert provider.asked == [True]


@pytest.mark.parametrize("mode", ["error_500", "timeout_before", "timeout_after", "declined", "pending"])
async def test_with_the_real_partner_there_is_one_payment_in_its_book_whatever_it_does(
    pool: Pool, movement: Movement, provider: PaymentProvider, operator: SandboxClient, mode: str
) -> None:
    await operator.fault("payment", mode, operation="send")
    if mode in {"error_500", "timeout_before", "timeout_after"}:
        with pytest.raises(ApplicationError, match="the payment provider"):
            await ask(pool, provider, movement)
    answers = [await ask(pool, provider, movement) for _ in range(2)]
    book = [payment for payment in await operator.book() if payment.key == movement.key]
    assert len(book) == 1
    assert {answer.result for answer in answers} <= EXPECTED[mode]


async def test_five_attempts_at_once_are_one_payment(
    pool: Pool, movement: Movement, provider: PaymentProvider, operator: SandboxClient
) -> None:
    answers = await asyncio.gather(*(ask(pool, provider, movement) for _ in range(5)))
    assert {answer.result for answer in answers} == {"settled"}
    assert len([payment for payment in await operator.book() if payment.key == movement.key]) == 1
    assert await pool.fetchval("SELECT count(*) FROM movements") == 1


async def test_the_steps_that_decide_a_payment_are_on_record_before_anybody_is_asked(world: World) -> None:
    case = await world.opened()
    after = agreed(case)

    class Looking(Counting):
        async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
            steps = await world.pool.fetchval("SELECT count(*) FROM steps WHERE complaint = $1", case.complaint)
            assert steps == after.steps
            return await super().pay(movement, first_attempt)

    asked = Payment(movement=after.money[0].movement, burst=burst(case, after))
    activity = Payments(world.pool, Looking(SETTLED), start_notices=world.tell)
    assert await ActivityEnvironment().run(activity.pay, asked) == SETTLED
    assert await ActivityEnvironment().run(activity.pay, asked) == SETTLED


async def test_two_complaints_of_one_line_never_refund_more_than_it_cost(world: World) -> None:
    first = await world.opened(order_id="o-twice")
    second = await world.opened(order_id="o-twice", problem=Problem.OTHER)
    assert first.order is not None
    answers = []
    for case in (first, second):
        after = agreed(case)
        asked = Payment(movement=after.money[0].movement, ceiling=first.order.ceiling, burst=burst(case, after))
        provider = Payments(world.pool, Counting(SETTLED), start_notices=world.tell)
        answers.append(await ActivityEnvironment().run(provider.pay, asked))
    assert [answer.result for answer in answers] == ["settled", "refused"]
    assert "R1.8" in (answers[1].reason or "")
