"""A debt outlives its complaint: it is tried again in time or when money comes, and named when it is old (R9.5)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.partners import PaymentProvider
from activities.payments.pay import Payments
from activities.reconciliation.debts import DebtRecovery, DebtRules
from activities.store.pool import Pool
from tests.activities.store.moving import Moving
from tests.activities.world import World, an_order, burst, withdrawn
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import SandboxOrder, SellerAccount
from workflows.complaint.domain.case import Case
from workflows.complaint.rules.advances.debts import may_be_written_off_from, next_recovery, next_try
from workflows.money.amount import Money
from workflows.policy.loading import packaged
from workflows.upkeep.tasks import Look

OWED = 29900
NOTHING, SOME, ALL = Money(amount=0), Money(amount=10000), Money(amount=OWED)


@pytest.fixture(scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    """Partners of its own: a seller without money there is one for all who ask."""
    async with RunningSandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
async def provider(sandbox: RunningSandbox) -> AsyncIterator[PaymentProvider]:
    async with PaymentProvider(sandbox.url) as provider:
        yield provider


@pytest.fixture
async def case(world: World, operator: SandboxClient) -> Case:
    """A complaint that has ended, and whose advance the buyer kept, while its seller had nothing."""
    case = await world.opened()
    assert case.order is not None
    await operator.put_sellers([SellerAccount(seller_id="sl-1", deposit=NOTHING)])
    order = an_order(case.order.order_id)
    await operator.put_orders([SandboxOrder(**{**order.model_dump(), "spec": order.spec or "", "held": NOTHING})])
    moving = Moving(world.pool, case.complaint)
    await moving.settled("advance", OWED)
    await moving.settled("unfreeze", OWED)
    await world.record(burst(case, withdrawn(case)))
    return case


def debts(pool: Pool, provider: PaymentProvider) -> DebtRecovery:
    rules = DebtRules(next_try, next_recovery, may_be_written_off_from)
    return DebtRecovery(pool, packaged(), Payments(pool, provider), provider, rules)


async def swept(pool: Pool, provider: PaymentProvider, after: timedelta = timedelta()) -> list[tuple[str, str, int]]:
    """See to debts once; returns the recoveries there are now: key's number, state, fen."""
    look = Look(sweep_at=datetime.now(UTC) + after)
    assert (await ActivityEnvironment().run(debts(pool, provider).see_to_debts, look)).after is None
    rows = await pool.fetch("SELECT key, state, amount_minor FROM movements WHERE purpose = 'recovery' ORDER BY key")
    return [(row["key"].split(":")[2], row["state"], row["amount_minor"]) for row in rows]


async def test_nothing_is_tried_while_nothing_is_there_and_seven_days_are_not_over(
    pool: Pool, provider: PaymentProvider, case: Case
) -> None:
    assert case.complaint
    assert await swept(pool, provider, timedelta(days=6)) == []
    assert await swept(pool, provider, timedelta(days=8)) == [("1", "failed", OWED)]


async def test_new_money_is_taken_at_once_as_far_as_it_goes(
    pool: Pool, provider: PaymentProvider, case: Case, operator: SandboxClient
) -> None:
    assert case.complaint
    await operator.put_sellers([SellerAccount(seller_id="sl-1", deposit=SOME)])
    assert await swept(pool, provider) == [("1", "settled", SOME.amount)]
    await operator.put_sellers([SellerAccount(seller_id="sl-1", deposit=ALL)])
    assert await swept(pool, provider) == [("1", "settled", SOME.amount), ("2", "settled", OWED - SOME.amount)]
    assert len(await swept(pool, provider)) == 2


async def test_a_recovery_that_a_dead_sweep_had_asked_for_is_asked_for_again_under_its_key(
    pool: Pool, provider: PaymentProvider, case: Case, operator: SandboxClient
) -> None:
    await operator.put_sellers([SellerAccount(seller_id="sl-1", deposit=ALL)])
    moving = Moving(pool, case.complaint)
    await moving.becomes(await moving.decided("recovery", OWED), "requested")
    assert await swept(pool, provider) == [("1", "settled", OWED)]


async def test_an_old_debt_is_a_task_of_the_operations_manager(
    pool: Pool, provider: PaymentProvider, case: Case
) -> None:
    await swept(pool, provider, timedelta(days=89))
    assert await pool.fetchval("SELECT count(*) FROM tasks") == 0
    await swept(pool, provider, timedelta(days=91))
    text = await pool.fetchval("SELECT text FROM tasks WHERE kind = 'debt' AND owner = 'operations_manager'")
    assert f"redress tell {case.complaint} debt_written_off" in text
