"""A sweep compares the provider's book with ours, both ways, and what differs becomes a task (R6.10)."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.partners import PaymentProvider
from activities.payments.pay import Payments
from activities.reconciliation.cases import CaseReconciliation
from activities.reconciliation.provider_book import ProviderBookComparison
from activities.store.pool import Pool
from tests.activities.world import World, agreed, burst
from tests.workers.sandbox.running import RunningSandbox
from workflows.complaint.domain.records import Payment
from workflows.money.movement import Movement
from workflows.policy.loading import packaged
from workflows.upkeep.tasks import Look


@pytest.fixture
async def provider(sandbox: RunningSandbox) -> AsyncIterator[PaymentProvider]:
    async with PaymentProvider(sandbox.url) as provider:
        yield provider


@pytest.fixture
async def movement(world: World) -> Movement:
    """A refund that was agreed and is owed."""
    case = await world.opened()
    after = agreed(case)
    await world.record(burst(case, after))
    return after.money[0].movement


async def paid(pool: Pool, provider: PaymentProvider, movement: Movement) -> None:
    answer = await ActivityEnvironment().run(Payments(pool, provider).pay, Payment(movement=movement))
    assert answer.result == "settled"


async def swept(pool: Pool, provider: PaymentProvider, *, under_way: timedelta = timedelta()) -> set[str]:
    """Sweep once; returns the keys of the tasks that stand."""
    look = Look(sweep_at=datetime.now(UTC))
    comparing = ProviderBookComparison(pool, packaged(), provider, under_way=under_way)
    page: Look | None = look
    while page:
        looked = await ActivityEnvironment().run(comparing.compare_with_provider, page)
        page = None if looked.after is None else look.but(after=looked.after)
    await ActivityEnvironment().run(CaseReconciliation(pool, packaged()).end_sweep, look)
    return {row["key"] for row in await pool.fetch("SELECT key FROM tasks WHERE resolved_at IS NULL")}


def of(movement: Movement, tasks: Iterable[str]) -> set[str]:
    """Narrow tasks to one movement: the book of the sandbox has those of other tests, too."""
    return {key.removesuffix(f":{movement.key}") for key in tasks if key.endswith(movement.key)}


async def test_books_that_agree_are_no_task(pool: Pool, provider: PaymentProvider, movement: Movement) -> None:
    await paid(pool, provider, movement)
    assert of(movement, await swept(pool, provider)) == set()


async def test_what_the_provider_has_and_we_do_not_is_a_task(
    pool: Pool, provider: PaymentProvider, world: World
) -> None:
    case = await world.opened()
    stray = agreed(case).money[0].movement
    await provider.pay(stray, first_attempt=True)
    assert of(stray, await swept(pool, provider)) == {"unknown_to_us"}
    text = await pool.fetchval("SELECT text FROM tasks WHERE movement = $1", stray.key)
    assert f"{stray.amount} yuan settled" in text


async def test_what_we_asked_for_and_the_provider_never_heard_of_is_a_task(
    pool: Pool, provider: PaymentProvider, movement: Movement
) -> None:
    await pool.execute("UPDATE movements SET state = 'requested' WHERE key = $1", movement.key)
    assert of(movement, await swept(pool, provider)) == {"unknown_to_provider"}
    await provider.pay(movement, first_attempt=True)
    await pool.execute("UPDATE movements SET state = 'settled' WHERE key = $1", movement.key)
    assert of(movement, await swept(pool, provider)) == set()


async def test_a_word_of_the_provider_that_was_lost_is_a_task(
    pool: Pool, provider: PaymentProvider, movement: Movement
) -> None:
    await pool.execute("UPDATE movements SET state = 'requested' WHERE key = $1", movement.key)
    await provider.pay(movement, first_attempt=True)
    assert of(movement, await swept(pool, provider)) == {"contradicted"}


async def test_what_is_still_under_way_is_no_task_yet(
    pool: Pool, provider: PaymentProvider, movement: Movement
) -> None:
    await pool.execute("UPDATE movements SET state = 'requested' WHERE key = $1", movement.key)
    await provider.pay(movement, first_attempt=True)
    assert of(movement, await swept(pool, provider, under_way=timedelta(minutes=15))) == set()


async def test_a_task_stands_until_it_is_mended_however_long_ago_it_moved(
    pool: Pool, provider: PaymentProvider, movement: Movement
) -> None:
    await pool.execute("UPDATE movements SET state = 'requested' WHERE key = $1", movement.key)
    assert of(movement, await swept(pool, provider)) == {"unknown_to_provider"}
    await pool.execute("INSERT INTO sweeps VALUES (now() + interval '30 days')")
    later = datetime.now(UTC) + timedelta(days=31)
    comparing, after = ProviderBookComparison(pool, packaged(), provider), "named "
    while after:  # the provider's book has what other tests paid, too: more than one page of it
        page = Look(sweep_at=later, after=after)
        after = (await ActivityEnvironment().run(comparing.compare_with_provider, page)).after or ""
    assert await pool.fetchval("SELECT seen_at FROM tasks WHERE movement = $1", movement.key) == later
