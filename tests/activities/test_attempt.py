"""Every attempt leaves one line without personal data, and what can never succeed ends at once."""

import asyncio

import asyncpg
import pytest
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError

from activities.store.pool import open_pool
from tests.activities.conftest import Databases
from tests.activities.world import World, a_registration, accepted, burst
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.records import Registration

POISON = "毒\x00药 13800000000"


def poisoned(registration: Registration) -> Registration:
    # A value as no door lets in: made without looking, as a hole in a validator would.
    filing = Filing.model_construct(**{**dict(registration.filing), "description": POISON})
    return Registration.model_construct(**{**dict(registration), "filing": filing})


async def test_a_value_that_postgresql_refuses_is_not_quoted_and_ends_no_complaint(
    world: World,
) -> None:
    with pytest.raises(ApplicationError, match=r"PostgreSQL refuses a value .* on every retry") as refused:
        await world.register(poisoned(a_registration()))
    assert refused.value.type == "DataRefused"
    assert not refused.value.non_retryable
    assert "13800000000" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert (await world.opened()).handler


async def test_a_lone_surrogate_in_a_step_ends_the_attempt_and_not_the_complaint(world: World) -> None:
    case = await world.opened()
    after = burst(case, accepted(case))
    bad = after.steps[0].model_construct(**{**dict(after.steps[0]), "actor": "a\x00b"})
    with pytest.raises(ApplicationError) as refused:
        await world.record(after.model_construct(**{**dict(after), "steps": (bad,)}))
    assert not refused.value.non_retryable
    await world.record(after)


async def test_every_attempt_logs_one_line_with_number_outcome_and_duration(world: World) -> None:
    registration = a_registration(description="壶嘴有裂纹，电话 13800000000")
    with capture_logs() as lines:
        await world.register(registration)
        await world.register(registration)
        with pytest.raises(ApplicationError):
            await world.register(poisoned(a_registration()))
    assert [line["outcome"] for line in lines] == ["done", "known", "DataRefused"]
    assert all(set(line) == {"event", "log_level", "complaint", "outcome", "attempt", "ms"} for line in lines)
    assert lines[0]["complaint"] == registration.complaint
    assert "13800000000" not in str(lines)
    assert "壶嘴" not in str(lines)


async def test_a_row_that_postgresql_refuses_is_not_quoted(world: World) -> None:
    case = await world.opened()
    no_calls = "ALTER TABLE steps ADD CONSTRAINT no_calls CHECK (said::text NOT LIKE '%13800000000%') NOT VALID"
    await world.pool.execute(no_calls)
    after = burst(case, accepted(case))
    said = after.steps[0].said
    assert said is not None
    step = after.steps[0].but(said=said.but(text="called 13800000000"))
    try:
        with pytest.raises(ApplicationError, match="no_calls") as refused:
            await world.record(after.but(steps=(step,)))
    finally:
        await world.pool.execute("ALTER TABLE steps DROP CONSTRAINT no_calls")
    assert refused.value.type == "CheckViolationError"
    assert "13800000000" not in str(refused.value)


async def test_a_database_that_is_gone_is_retried(databases: Databases, world: World) -> None:
    async with databases.fresh() as url:
        elsewhere = World(await open_pool(url))
        await elsewhere.pool.close()
    with pytest.raises(asyncpg.InterfaceError, match="pool is clos"):
        await elsewhere.opened()
    assert (await world.opened()).handler


async def test_connections_that_died_with_their_server_are_replaced(world: World) -> None:
    registration = a_registration()
    first = await world.register(registration)
    await asyncio.gather(*(world.pool.fetchval("SELECT pg_sleep(0.05)") for _ in range(4)))
    await world.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert [await world.register(registration) for _ in range(4)] == [first] * 4
