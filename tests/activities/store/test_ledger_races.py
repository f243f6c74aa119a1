"""Whatever comes at once, at most one of it wins; five attempts are one movement, however many refunds there are."""

import asyncio
import time
from collections import Counter

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.pay import Payments
from activities.store.ledger import Ledger
from activities.store.pool import Pool, open_pool
from tests.activities.store.moving import Moving
from tests.activities.world import World, agreed
from workflows.complaint.domain.filing import Request
from workflows.complaint.domain.parts import PLATFORM
from workflows.complaint.domain.records import Payment
from workflows.money.amount import Money
from workflows.money.movement import Movement, PaymentAnswer
from workflows.parties import Party
from workflows.vocabulary import MoneyState, Problem, Purpose, Remedy, Role

ATTEMPTS = 5
A_COMPLAINT = 100
APOLOGY = Request(remedy=Remedy.APOLOGY)
PAID = Money(amount=30900)
BUYER = Party(role=Role.BUYER, id="b-1")


class Bank:
    """A provider with a book of its own: it pays each key once, and forgets nothing."""

    def __init__(self) -> None:
        self.book: Counter[str] = Counter()
        self.sent = 0

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        await asyncio.sleep(0)
        if first_attempt or movement.key not in self.book:
            self.sent += 1
            self.book.setdefault(movement.key, movement.amount.amount)
            await asyncio.sleep(0)
        return PaymentAnswer(result="settled", provider_reference=f"p-{movement.key}")


def refund(complaint: str, number: int, fen: int = 1, purpose: Purpose = Purpose.REFUND) -> Payment:
    movement = Movement(
        key=f"{complaint}:{purpose}:{number}", purpose=purpose, payer=PLATFORM, payee=BUYER, amount=Money(amount=fen),
        state=MoneyState.REQUESTED, rule="R6.1", ordered_by=PLATFORM,
    )  # fmt: skip
    return Payment(movement=movement, ceiling=PAID)


async def paid(pool: Pool, bank: Bank, payment: Payment) -> PaymentAnswer:
    return await ActivityEnvironment().run(Payments(pool, bank).pay, payment)


@pytest.mark.parametrize("refunds", [200, pytest.param(10_000, marks=pytest.mark.chaos)])
async def test_each_refund_attempted_five_times_at_once_is_one_movement(
    world: World, address: str, refunds: int
) -> None:
    complaints = [
        (await world.opened(order_id=f"o-race-{number}", request=APOLOGY)).complaint
        for number in range((refunds + A_COMPLAINT - 1) // A_COMPLAINT)
    ]
    payments = [refund(complaint, number) for complaint in complaints for number in range(A_COMPLAINT)][:refunds]
    bank, pool, begun = Bank(), await open_pool(address, most=16), time.perf_counter()
    for some in _batched(payments, 100):
        attempts = [payment for payment in some for _ in range(ATTEMPTS)]
        answers = await asyncio.gather(*(paid(pool, bank, payment) for payment in attempts))
        assert {answer.result for answer in answers} == {"settled"}
    await pool.close()
    seconds = time.perf_counter() - begun
    assert len(bank.book) == refunds
    assert bank.sent <= refunds * ATTEMPTS
    for table in ("movements", "transactions"):
        assert await world.pool.fetchval(f"SELECT count(*) FROM {table}") == refunds  # noqa: S608 - our tables
    assert await world.pool.fetchval("SELECT sum(amount_minor) FROM postings WHERE amount_minor > 0") == refunds
    assert await Ledger(world.pool).faults() == ()
    print(f"{refunds} refunds, {ATTEMPTS} attempts each: {seconds:.1f} s, {bank.sent} sent")  # noqa: T201 - asked for by -s


def _batched(payments: list[Payment], size: int) -> list[list[Payment]]:
    return [payments[place : place + size] for place in range(0, len(payments), size)]


@pytest.mark.parametrize("turn", range(10))
async def test_two_complaints_of_one_line_race_for_what_it_can_give(world: World, turn: int) -> None:
    first = await world.opened(order_id=f"o-{turn}", request=APOLOGY)
    second = await world.opened(order_id=f"o-{turn}", request=APOLOGY, problem=Problem.OTHER)
    bank = Bank()
    both = [refund(case.complaint, number, 20000) for case in (first, second) for number in (1, 2)]
    answers = await asyncio.gather(*(paid(world.pool, bank, payment) for payment in both))
    assert sorted(answer.result for answer in answers) == ["refused", "refused", "refused", "settled"]
    assert (len(bank.book), bank.sent) == (1, 1)


@pytest.mark.parametrize("turn", range(10))
async def test_an_advance_that_is_unfrozen_and_clawed_back_at_once_ends_once(world: World, turn: int) -> None:
    case = await world.opened(request=APOLOGY)
    money = Moving(world.pool, case.complaint)
    await money.settled("advance", 8000)
    keys = [await money.decided("unfreeze", 8000), await money.decided("claw_back", 8000)]
    ends = await asyncio.gather(
        *(money.becomes(key, "requested", "settled") for key in (keys if turn % 2 else reversed(keys))),
        return_exceptions=True,
    )
    assert sum(isinstance(end, str) for end in ends) == 1
    row = await world.pool.fetchrow("SELECT frozen_minor, unfrozen_minor + clawed_back_minor FROM advances")
    assert tuple(row or ()) == (0, 8000)


async def test_a_report_and_an_answer_at_once_are_posted_once(world: World) -> None:
    case = await world.opened()
    after = agreed(case)
    movement = after.money[0].movement
    money = Moving(world.pool, case.complaint)
    await paid(world.pool, Pending(), Payment(movement=movement))
    ends = await asyncio.gather(
        *(paid(world.pool, Bank(), Payment(movement=movement)) for _ in range(4)),
        *(money.becomes(movement.key, "settled") for _ in range(4)),
        return_exceptions=True,
    )
    assert not [end for end in ends if isinstance(end, BaseException)]
    assert await world.pool.fetchval("SELECT count(*) FROM transactions") == 1


class Pending(Bank):
    """A provider that says it will report."""

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        await super().pay(movement, first_attempt)
        return PaymentAnswer(result="pending", provider_reference=f"p-{movement.key}")
