"""Outages on purpose: processes killed and frozen, activities held at a point, and looks at what they left behind."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import TimeoutType
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from tests.conftest import Running
from tests.engine.attacker import (
    AGENT,
    BUYER,
    PATIENCE,
    SELLER,
    Handle,
    Json,
    message,
    refusal_of,
    timeline,
    unhurt,
    until,
)
from workers.stack.processes import READY_FILE
from workflows import wire

WORKER, TEMPORAL, POSTGRES, PARTNERS = "the worker", "Temporal", "PostgreSQL", "the sandbox partners"


async def kill(stack: Running, name: str) -> None:
    """Kill a child with -9; returns once the supervisor has started it again."""
    before = stack.stack.pids[name]
    os.kill(before, signal.SIGKILL)
    await up_again(stack, name, before)


async def up_again(stack: Running, name: str, before: int) -> None:
    """Wait until a child serves as another process than before."""
    (keeper,) = (one for one in stack.stack.keepers if one.name == name)

    async def up() -> bool:
        return keeper.is_up and keeper.child.pid not in {None, before}

    await until(up, what=f"{name} started again")


@contextmanager
def frozen(stack: Running, name: str = WORKER) -> Iterator[int]:
    """Let a child stand still; it goes on at the end, unless it was killed meanwhile."""
    pid = stack.stack.pids[name]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        if stack.stack.pids.get(name) == pid:
            os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def second_worker(stack: Running, home: Path) -> AsyncIterator[None]:
    """Run one more worker beside the stack's own; it ends with the test, whatever happens."""
    ready = home / "second.ready"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "REDRESS_"))}
    own = {
        "REDRESS_DATABASE_URL": stack.ready.database,
        "REDRESS_PARTNERS_URL": stack.ready.partners or "",
        "REDRESS_TIME_SKIPPING": str(int(stack.ready.time_skipping)),
        "REDRESS_PAYMENT_SECRET": stack.ready.payment_secret,
        "TEMPORAL_ADDRESS": stack.ready.temporal,
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_CONFIG_FILE": os.devnull,
        READY_FILE: str(ready),
    }
    with (home / "second.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "workers.composition.worker", env=kept | own, stdout=log, stderr=log
        )
    try:
        await until(lambda: asyncio.to_thread(ready.exists), what="the second worker")
        yield
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def locked(stack: Running, *statements: tuple[Any, ...]) -> AsyncIterator[None]:
    """Hold locks of the database, as somebody's forgotten session would; at the end all of it is rolled back."""
    async with stack.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            for statement, *arguments in statements:
                await connection.execute(statement, *arguments)
            yield
        finally:
            await transaction.rollback()


def row_of(handle: Handle) -> tuple[str, str]:
    """Name the row of a complaint, under which nothing of it can be written."""
    return "SELECT 1 FROM complaints WHERE complaint = $1 FOR UPDATE", handle.id


def row_to_be(number: str, like: Handle) -> tuple[str, str, str]:
    """Take the place of a complaint that is about to be registered: its transaction waits, open, for ours."""
    copied = "(jsonb_populate_record(c, jsonb_build_object('complaint', $1::text, 'request_id', $1::text))).*"
    return f"INSERT INTO complaints SELECT {copied} FROM complaints c WHERE complaint = $2", number, like.id  # noqa: S608


REGISTRATION = ("SELECT pg_advisory_xact_lock(hashtextextended('registration', 0))",)


async def waiting_for_locks(stack: Running, number: int) -> None:
    """Wait until that many sessions stand before a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def there() -> bool:
        return bool(await stack.pool.fetchval(query) >= number)

    await until(there, 7, f"{number} sessions before a lock")


async def faults_met(stack: Running) -> None:
    """Wait until every ordered fault has met its call."""

    async def met() -> bool:
        return not await stack.sandbox.faults()

    await until(met, 3.5, "every ordered fault to meet its call")


async def insist(handle: Handle, said: Json) -> Json:
    """Send one message again and again until it is answered, as a careful client does; returns receipt or refusal."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with asyncio.timeout(5):
                    return dict(await handle.execute_update(wire.SUBMIT, said))
            except WorkflowUpdateFailedError as failed:
                return refusal_of(failed.cause)
            except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
                await asyncio.sleep(0.05)


async def accept(handle: Handle) -> None:
    """Bring a complaint from review into negotiation."""
    assert (await insist(handle, message("reviewed", AGENT, decision="accept")))["accepted"]


async def agree(handle: Handle) -> None:
    """Let the seller agree: the refund is owed."""
    assert (await insist(handle, message("seller_answered", SELLER, answer="agree")))["accepted"]


Act = Callable[[Handle], Awaitable[None]]


async def finish(stack: Running, handle: Handle, *still: Act, within: float = PATIENCE) -> None:
    """Do what is still missing and take a complaint to its end: settled, refunded, closed."""
    await on_record(stack, handle, "review", "negotiation", "fulfilment", "follow_up", within=within)
    for act in still:
        await act(handle)
    await on_record(stack, handle, "follow_up", within=within)
    assert (await insist(handle, message("survey_answered", BUYER, score=5)))["accepted"]
    async with asyncio.timeout(PATIENCE):
        assert (await handle.result())["outcome"] == "settled"


async def finish_all(stack: Running, still: Mapping[Handle, tuple[Act, ...]], *, within: float) -> None:
    """Finish several complaints side by side."""
    await asyncio.gather(*(finish(stack, handle, *acts, within=within) for handle, acts in still.items()))


async def on_record(stack: Running, handle: Handle, *phases: str, within: float) -> None:
    """Wait until the record has the complaint in one of the phases; asking the workflow would wake it elsewhere."""

    async def there() -> bool:
        return await stack.pool.fetchval("SELECT phase FROM complaints WHERE complaint = $1", handle.id) in phases

    await until(there, within, f"{handle.id} in phase {' or '.join(phases)}")


async def told(stack: Running, handle: Handle) -> Counter[tuple[str, str]]:
    """Count the notices of a complaint that arrived: to whom, and with which subject."""
    arrived = [one for one in await stack.sandbox.inbox() if one.key.split(":")[0] == handle.id]
    return Counter((str(one.to.role), one.subject.replace(handle.id, "C")) for one in arrived)


async def story(handle: Handle) -> list[tuple[str, str, str]]:
    """Return what happened to a complaint, without times and numbers."""
    return [(step["event"], step["phase"], step["rule"]) for step in await timeline(handle)]


async def one_effect(stack: Running, handle: Handle, like: Handle) -> None:
    """Assert that an ended complaint reads as if nothing had happened: like the one that was left in peace."""
    assert await story(handle) == await story(like)
    steps = await timeline(handle)
    rows = await stack.pool.fetch("SELECT number, event FROM steps WHERE complaint = $1 ORDER BY number", handle.id)
    assert [tuple(row) for row in rows] == [(step["number"], step["event"]) for step in steps]
    moved = await stack.pool.fetch("SELECT key, state FROM movements WHERE complaint = $1", handle.id)
    assert [tuple(row) for row in moved] == [(f"{handle.id}:refund:1", "settled")]
    assert [(one.key, one.state) for one in await stack.sandbox.book(handle.id)] == [tuple(row) for row in moved]
    ends = await stack.pool.fetch("SELECT phase, outcome FROM complaints WHERE complaint = $1", handle.id)
    assert [tuple(row) for row in ends] == [("closed", "settled")]
    expected = await told(stack, like)
    await until(lambda: _at_least(stack, handle, expected), what=f"all notices of {handle.id}")
    assert await told(stack, handle) == expected, "each notice once"
    await unhurt(handle)


async def _at_least(stack: Running, handle: Handle, expected: Counter[tuple[str, str]]) -> bool:
    return (await told(stack, handle)).total() >= expected.total()


async def attempts(handle: Handle, activity: str) -> list[tuple[int, str]]:
    """Return for every run of an activity its last attempt, and how the one before it ended."""
    names: dict[int, str] = {}
    found: list[tuple[int, str]] = []
    async for event in handle.fetch_history_events():
        if event.HasField("activity_task_scheduled_event_attributes"):
            names[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
        elif event.HasField("activity_task_started_event_attributes"):
            started = event.activity_task_started_event_attributes
            if names[started.scheduled_event_id] == activity:
                found.append((started.attempt, _ending(started.last_failure)))
    return found


def _ending(failure: Any) -> str:
    if failure.HasField("timeout_failure_info"):
        return TimeoutType.Name(failure.timeout_failure_info.timeout_type).removeprefix("TIMEOUT_TYPE_")
    return str(failure.application_failure_info.type)


async def killed_within(handle: Handle, activity: str) -> None:
    """Assert that an attempt of the activity died unheard, and that nothing else ever made it try again."""
    again = [one for one in await attempts(handle, activity) if one[0] > 1]
    assert again, f"{activity} of {handle.id} was never tried again"
    assert {ending for _, ending in again} == {"START_TO_CLOSE"}, again


def logged(log: Path, activity: str, handle: Handle) -> list[Json]:
    """Return what a worker's log says of the ended attempts of an activity for a complaint."""
    lines = [json.loads(line) for line in log.read_text(errors="replace").splitlines() if line.startswith("{")]
    return [one for one in lines if one.get("event") == activity and one.get("complaint") == handle.id]
