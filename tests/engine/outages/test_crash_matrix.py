"""However the provider fails, and wherever a worker is killed in a payment: one movement, balanced books, an end."""

import asyncio
import json
import os
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.conftest import Running, running
from tests.engine.attacker import AGENT, BUYER, PATIENCE, Handle, filing, message, order, start, until
from tests.engine.outages.cells import (
    AT_ONCE,
    CELLS,
    EACH_ONCE,
    RETRIED,
    REVERSED,
    TABLE,
    TAKEN_BACK,
    Cell,
    Point,
    Result,
    expected,
    table,
)
from tests.engine.outages.outage import accept, agree, attempts, insist, on_record, second_worker
from tests.workers.stack.world import processes_on
from workers.sandbox.payment_reports import STANDS
from workers.stack.processes import READY_FILE

_started = asynccontextmanager(running)
_AT_ONCE = asyncio.Semaphore(12)
"""So many complaints are spoken to side by side; more only wait for each other on a small machine."""

T = TypeVar("T")
Living = dict[Cell, Handle]


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack without a worker: the workers of these tests are their own, to be killed."""
    home = tmp_path_factory.mktemp("matrix")
    async with _started(home, worker=()) as stack:
        yield stack
    assert processes_on(home) == []


@asynccontextmanager
async def dying_worker(stack: Running, home: Path, points: dict[str, Point]) -> AsyncIterator[Path]:
    """Run a worker that stands still where it is to be killed, and kill it; gives the file of those that stand."""
    reached, ready = home / "reached", home / "dying.ready"
    reached.touch()
    (home / "points.json").write_text(json.dumps(points))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "REDRESS_"))}
    own = {
        "REDRESS_DATABASE_URL": stack.ready.database,
        "REDRESS_PARTNERS_URL": stack.ready.partners or "",
        "REDRESS_TIME_SKIPPING": str(int(stack.ready.time_skipping)),
        "REDRESS_PAYMENT_SECRET": stack.ready.payment_secret,
        "REDRESS_MAX_ACTIVITIES": "120",
        "TEMPORAL_ADDRESS": stack.ready.temporal,
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "CRASH_POINTS": str(home / "points.json"),
        "CRASH_REACHED": str(reached),
        READY_FILE: str(ready),
    }
    with (home / "dying.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.engine.outages.dying_worker", env=kept | own, stdout=log, stderr=log
        )

    async def works() -> bool:
        assert process.returncode is None, await asyncio.to_thread((home / "dying.log").read_text)
        return await asyncio.to_thread(ready.exists)

    try:
        await until(works, what="the worker that will be killed")
        yield reached
    finally:
        if process.returncode is None:
            process.kill()  # SIGKILL: nothing of it is tidied up
        await process.wait()


async def _asked_to_pay(stack: Running, cell: Cell, number: str) -> Handle:
    """Bring a complaint to the instant at which its refund is owed, the provider ready to fail it."""
    async with _AT_ONCE:
        line = await order(stack)
        handle = await start(stack, filing(line.order_id), number=number)
        await on_record(stack, handle, "review", within=60)
        if cell.mode not in (AT_ONCE, REVERSED):
            await stack.sandbox.fault("payment", cell.mode, operation="send", complaint=number)
        await accept(handle)
        await agree(handle)
    return handle


async def _all(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do all at once; the first that fails ends the others, too."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
    return [task.result() for task in tasks]


async def _all_stand(reached: Path, numbers: set[str]) -> bool:
    return set((await asyncio.to_thread(reached.read_text)).split()) >= numbers


async def _said_all(stack: Running, number: str) -> bool:
    return all(one.callback in (None, "delivered") for one in await stack.sandbox.book(number))


async def _complaint_says(stack: Running, number: str, *states: str) -> bool:
    """Tell whether the complaint, as it was last recorded, has its movements in these states."""
    view = await stack.pool.fetchval("SELECT view FROM complaints WHERE complaint = $1", number)
    return [one["state"] for one in json.loads(view)["money"]] == list(states)


async def _contradicted(stack: Running, number: str) -> bool:
    return bool(await stack.pool.fetchval("SELECT count(*) FROM contradictions WHERE complaint = $1", number))


async def _brought_to_its_end(stack: Running, cell: Cell, handle: Handle) -> None:
    """Do what people do then: wait for the provider, retry what is proven to have failed, answer the survey."""
    key, says = f"{handle.id}:refund:1", partial(_complaint_says, stack, handle.id)
    first = expected(cell.mode).record[0]
    paid = "settled" if cell.mode == REVERSED else first  # of a word taken back: what the last word makes of it
    await until(partial(says, paid), 90, f"{cell} to be {paid}")
    async with _AT_ONCE:
        if cell.mode == REVERSED:
            await stack.sandbox.reverse(key)
            await until(partial(says, first), what=f"{cell} to be reversed")
        await until(partial(_said_all, stack, handle.id), what=f"every word about {cell} to be told")
        if cell.mode in RETRIED:
            said = message("payment_retried", AGENT, movement=key, reason="再付一次")
            assert (await insist(handle, said))["accepted"]
            await until(partial(says, first, "settled"), what=f"{cell} to be paid by the next movement")
        await on_record(stack, handle, "follow_up", within=PATIENCE)
        assert (await insist(handle, message("survey_answered", BUYER, score=5)))["accepted"]
        await on_record(stack, handle, "closed", within=PATIENCE)


async def _found(stack: Running, cell: Cell, number: str) -> Result:
    """Read the provider's book, our record and the end of a complaint."""
    book = await stack.sandbox.book(number)
    record = await stack.pool.fetch("SELECT key, state FROM movements WHERE complaint = $1 ORDER BY key", number)
    assert [one.key for one in book] == [one["key"] for one in record], "each has every movement of the other, once"
    row = await stack.pool.fetchrow("SELECT phase, outcome FROM complaints WHERE complaint = $1", number)
    assert row is not None
    assert cell.mode in TAKEN_BACK or not await _contradicted(stack, number), cell
    end = f"{row['phase']} {row['outcome']}"
    return Result(tuple(one.state for one in book), tuple(one["state"] for one in record), end)


async def _balanced(stack: Running, cell: Cell, number: str) -> None:
    """Assert that the ledger says of every account what the provider's book says, and one payment stands."""
    rows = await stack.pool.fetch(
        "SELECT p.account, sum(p.amount_minor)::bigint AS amount FROM postings p"
        " JOIN transactions t ON t.number = p.transaction JOIN movements m ON m.key = t.movement"
        " WHERE m.complaint = $1 GROUP BY p.account",
        number,
    )
    ours, theirs = Counter[str](), Counter[str]()
    for row in rows:
        ours[row["account"]] += row["amount"]
    standing = [one for one in await stack.sandbox.book(number) if one.state in STANDS]
    for one in standing:
        theirs.update({posting.account: posting.amount for posting in one.postings})
    assert ours.total() == 0
    assert len(standing) == 1, f"{cell}: the buyer was paid {len(standing)} times"
    assert ours == theirs, cell


@pytest.mark.parametrize("cells", [EACH_ONCE, pytest.param(CELLS, marks=pytest.mark.chaos)], ids=["a part", "whole"])
async def test_in_every_cell_there_is_one_movement_a_balanced_ledger_and_an_end(
    house: Running, tmp_path: Path, cells: Sequence[Cell]
) -> None:
    numbers = {cell: f"C-{uuid.uuid4().hex[:12]}" for cell in cells}
    async with dying_worker(house, tmp_path, {number: cell.point for cell, number in numbers.items()}) as reached:
        handles = await _all(_asked_to_pay(house, cell, number) for cell, number in numbers.items())
        await until(partial(_all_stand, reached, set(numbers.values())), 30, "every payment to stand at its point")
    living: Living = dict(zip(cells, handles, strict=True))
    async with second_worker(house, tmp_path):
        await _all(_brought_to_its_end(house, cell, handle) for cell, handle in living.items())
        results = {cell: await _found(house, cell, handle.id) for cell, handle in living.items()}
        for cell, handle in living.items():
            await _balanced(house, cell, handle.id)
            assert max(await attempts(handle, "pay"))[0] > 1, f"{cell} was never tried again"
    wrong = {cell: str(result) for cell, result in results.items() if result != expected(cell.mode)}
    assert not wrong, "\n".join(f"{cell}: {result}" for cell, result in wrong.items())
    if len(results) < len(CELLS):
        return
    if os.environ.get("REDRESS_RENEW_TABLES"):
        TABLE.write_text(table(results), encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == table(results), "renew it with REDRESS_RENEW_TABLES=1"
