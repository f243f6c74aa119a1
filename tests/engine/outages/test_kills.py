"""Whatever is killed or frozen, and at whatever instant: nothing acknowledged is lost, nothing is done twice."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.store.pool import open_pool
from tests.conftest import Running, running
from tests.engine.attacker import (
    AGENT,
    PATIENCE,
    Handle,
    Json,
    filing,
    message,
    opened,
    order,
    start,
    timeline,
    unhurt,
    until,
)
from tests.engine.outages.outage import (
    PARTNERS,
    POSTGRES,
    REGISTRATION,
    TEMPORAL,
    WORKER,
    Act,
    accept,
    agree,
    faults_met,
    finish,
    finish_all,
    frozen,
    insist,
    kill,
    killed_within,
    locked,
    logged,
    one_effect,
    row_of,
    row_to_be,
    second_worker,
    up_again,
    waiting_for_locks,
)
from tests.workers.stack.world import processes_on
from workers.composition.whole_stack import whole_stack
from workers.sandbox.client import SandboxClient
from workers.stack.options import Ready
from workers.stack.restarts import Patience
from workers.stack.supervisor import Stack

_AGAIN = 40.0
"""Seconds until an attempt that died unheard is noticed (10 s) and has succeeded, with much to spare."""
_started = asynccontextmanager(running)


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack of its own: the shared one must not be killed under others, nor give up after five deaths."""
    home = tmp_path_factory.mktemp("house")
    async with _started(home, patience=Patience(deaths=1000)) as stack:
        yield stack
    assert processes_on(home) == []


@pytest.fixture(scope="module")
async def peace(house: Running) -> Handle:
    """A complaint that lived in peace: what all others must read like at their end."""
    handle = await opened(house)
    await finish(house, handle, accept, agree)
    return handle


async def _negotiated(house: Running) -> Handle:
    handle = await opened(house)
    await accept(handle)
    return handle


async def _recorded(house: Running, query: str, *arguments: object) -> None:
    async def there() -> bool:
        return bool(await house.pool.fetchval(query, *arguments))

    await until(there, 6, query)


async def test_a_worker_killed_within_each_activity_before_its_effect_leaves_one_effect(
    house: Running, peace: Handle
) -> None:
    recorded, *paid = [await opened(house), await _negotiated(house), await _negotiated(house)]
    unwritten, unsent = paid
    line, other = await order(house), await order(house)
    async with locked(house, row_of(recorded), row_of(unwritten)):
        await asyncio.gather(accept(recorded), agree(unwritten))
        await house.sandbox.fault("notices", "timeout_before", 3)
        untold = await opened(house)
        await house.sandbox.fault("payment", "timeout_before", operation="send")
        await house.sandbox.fault("orders", "timeout_before")
        unmatched = await start(house, filing(line.order_id))
        await agree(unsent)
        await faults_met(house)
        async with locked(house, REGISTRATION):
            unregistered = await start(house, filing(other.order_id))
            await waiting_for_locks(house, 3)
            assert not await house.sandbox.book(unsent.id)
            await kill(house, WORKER)
    handles = [recorded, unwritten, unsent, untold, unmatched, unregistered]
    still: dict[Handle, tuple[Act, ...]] = dict.fromkeys(handles, (accept, agree))
    await finish_all(house, still | {recorded: (agree,), unwritten: (), unsent: ()}, within=_AGAIN)
    await asyncio.gather(*(one_effect(house, handle, peace) for handle in handles))
    for handle, activity in [
        (recorded, "record"), (unwritten, "pay"), (unsent, "pay"), (unmatched, "register"), (unregistered, "register"),
    ]:  # fmt: skip
        await killed_within(handle, activity)
    await until(partial(_tried_again, house, handles, 3), what="three notices to be tried again")


async def test_a_worker_killed_within_each_activity_after_its_effect_leaves_one_effect(
    house: Running, peace: Handle
) -> None:
    recorded, delivered, line = await opened(house), await opened(house), await order(house)
    settled, sent = await _negotiated(house), await _negotiated(house)
    worker, temporal = house.stack.pids[WORKER], house.stack.pids[TEMPORAL]
    async with locked(house, row_of(recorded), REGISTRATION):
        registered = await start(house, filing(line.order_id))
        await accept(recorded)
        await waiting_for_locks(house, 2)
        await house.sandbox.fault("payment", "timeout_after", operation="send")
        await agree(sent)
        await faults_met(house)
        await house.sandbox.fault("notices", "timeout_after", 2)
        await accept(delivered)
        await faults_met(house)
        await house.sandbox.fault("payment", "slow", operation="send")
        await agree(settled)
        await faults_met(house)
        os.kill(temporal, signal.SIGSTOP)  # from here on no attempt can say that it has succeeded
    try:
        await _recorded(house, "SELECT true FROM complaints WHERE complaint = $1", registered.id)
        await _recorded(house, "SELECT true FROM steps WHERE complaint = $1 AND event = 'reviewed'", recorded.id)
        await _recorded(house, "SELECT state = 'settled' FROM movements WHERE complaint = $1", settled.id)
        assert len(await house.sandbox.book(sent.id)) == 1
        os.kill(worker, signal.SIGKILL)
    finally:
        os.kill(temporal, signal.SIGKILL)  # with all that was said to it and it has not read yet
    await asyncio.gather(up_again(house, TEMPORAL, temporal), up_again(house, WORKER, worker))
    handles = [recorded, settled, sent, delivered, registered]
    still: dict[Handle, tuple[Act, ...]] = {recorded: (agree,), settled: (), sent: (), delivered: (agree,)}
    await finish_all(house, still | {registered: (accept, agree)}, within=_AGAIN)
    await asyncio.gather(*(one_effect(house, handle, peace) for handle in handles))
    for handle, activity in [(recorded, "record"), (settled, "pay"), (sent, "pay"), (registered, "register")]:
        await killed_within(handle, activity)
    await until(partial(_tried_again, house, handles, 2), what="two notices to be tried again")


async def _tried_again(house: Running, handles: list[Handle], least: int) -> bool:
    """Say whether of so many notices a second attempt is the first that left a word in the log.

    It may come long after its effect: an attempt that was killed is given up after half a minute.
    """
    log = house.data_dir / "logs" / "worker.log"
    lines = [line for handle in handles for line in logged(log, "notify", handle)]
    assert not [line for line in lines if line["outcome"] == "PartnerUnreachable"], "it gave up before it was killed"
    return len([line for line in lines if line["attempt"] == 2]) >= least


async def test_a_frozen_worker_that_wakes_after_another_did_its_work_adds_nothing(
    house: Running, peace: Handle, tmp_path: Path
) -> None:
    unsent, sent, line = await _negotiated(house), await _negotiated(house), await order(house)
    number, log = f"C-{line.order_id}", house.data_dir / "logs" / "worker.log"
    async with AsyncExitStack() as asleep:
        async with locked(house, row_of(unsent), row_to_be(number, peace)):
            registering = await start(house, filing(line.order_id), number=number)
            await agree(unsent)
            await waiting_for_locks(house, 2)
            await house.sandbox.fault("payment", "slow", operation="send")
            await agree(sent)
            await faults_met(house)
            asleep.enter_context(frozen(house))
        await kill(house, TEMPORAL)  # so that it forgets that the sleeper had asked for work
        async with second_worker(house, tmp_path):
            await finish_all(house, {unsent: (), sent: (), registering: (accept, agree)}, within=_AGAIN)
            before = [await _money_on_record(house, handle) for handle in (unsent, sent)]
            await _wakes_to_no_effect(asleep, log, {unsent: "pay", sent: "pay", registering: "register"})
            assert [await _money_on_record(house, handle) for handle in (unsent, sent)] == before, "a late write"
            for handle in (unsent, sent, registering):
                await one_effect(house, handle, peace)


async def _money_on_record(house: Running, handle: Handle) -> list[str]:
    """Read all that is written of a complaint's money, with every instant: a late write would change some of it."""
    query = (
        "SELECT to_jsonb(m)::text FROM movements m WHERE m.complaint = $1 UNION ALL"
        " SELECT to_jsonb(s)::text FROM movement_states s WHERE s.movement LIKE $1 || ':%' UNION ALL"
        " SELECT to_jsonb(t)::text || to_jsonb(p)::text FROM transactions t JOIN postings p ON p.transaction = t.number"
        " WHERE t.movement LIKE $1 || ':%' ORDER BY 1"
    )
    written = [str(row[0]) for row in await house.pool.fetch(query, handle.id)]
    assert len(written) > 4, "the movement, its states, its postings"
    return written


async def _wakes_to_no_effect(asleep: AsyncExitStack, log: Path, held: dict[Handle, str]) -> None:
    for handle, activity in held.items():
        await killed_within(handle, activity)
        assert not logged(log, activity, handle), "the first worker is still asleep"
    await asleep.aclose()
    for handle, activity in held.items():
        await until(partial(_spoke, log, activity, handle), what=f"the first worker's {activity} to go on")


async def _spoke(log: Path, activity: str, handle: Handle) -> bool:
    return bool(logged(log, activity, handle))


async def test_whatever_backend_is_killed_nothing_acknowledged_is_lost(house: Running) -> None:
    handles = [await _negotiated(house) for _ in range(4)]
    acknowledged: dict[str, list[str]] = {handle.id: [] for handle in handles}
    over = asyncio.Event()

    async def talk(handle: Handle) -> None:
        while not over.is_set():
            note = message("noted", AGENT, text="好")
            if (await insist(handle, note))["accepted"]:
                acknowledged[handle.id].append(note["message_id"])
            await asyncio.sleep(0.1)  # notes are a history, not a flood

    talking = [asyncio.create_task(talk(handle)) for handle in handles]
    for handle, name in zip(handles, (TEMPORAL, POSTGRES, PARTNERS, WORKER), strict=True):
        heard = len(acknowledged[handle.id])
        await asyncio.gather(agree(handle), kill(house, name))
        await until(partial(_more, acknowledged[handle.id], heard), what=f"an answer after {name} was killed")
    over.set()
    await asyncio.gather(*talking)
    await finish_all(house, dict.fromkeys(handles, ()), within=_AGAIN)
    for handle in handles:
        assert len(acknowledged[handle.id]) > 4
        await _keeps(house, handle, acknowledged[handle.id])


async def _more(heard: list[str], than: int) -> bool:
    return len(heard) > than


async def _keeps(house: Running, handle: Handle, acknowledged: list[str]) -> None:
    """Assert that each acknowledged message is told and on record once, and paid once."""
    kept = [step["message_id"] for step in await timeline(handle) if step["event"] == "noted"]
    assert [one for one in kept if one in set(acknowledged)] == acknowledged
    rows = await house.pool.fetch("SELECT number, message_id FROM steps WHERE complaint = $1 ORDER BY 1", handle.id)
    assert [row["message_id"] for row in rows if row["message_id"] in set(acknowledged)] == acknowledged
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    assert [one.state for one in await house.sandbox.book(handle.id)] == ["settled"]


async def test_the_whole_stack_killed_at_once_goes_on_where_it_was(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.engine.outages.supervisor", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    try:
        acknowledged, still = await _busy(await _ready_line(process), tmp_path)
    finally:
        process.kill()
        await process.wait()
    async with _started(tmp_path) as stack:
        handles: list[Handle] = [stack.client.get_workflow_handle(number) for number in acknowledged]
        await finish_all(stack, dict(zip(handles, still, strict=True)), within=_AGAIN)
        for handle in handles:
            await _keeps(stack, handle, acknowledged[handle.id])
            await unhurt(handle)
    assert processes_on(tmp_path) == []


async def _busy(facts: Json, home: Path) -> tuple[dict[str, list[str]], list[tuple[Act, ...]]]:
    """Bring complaints into several moments; returns what was heard of each, and what each still lacks."""
    client = await Client.connect(facts["temporal"], data_converter=pydantic_data_converter)
    pool = await open_pool(facts["database"], most=1)
    options = whole_stack(home)
    ready = Ready(**{name: facts[name] for name in ("temporal", "ui", "database", "partners", "time_skipping")})
    async with SandboxClient(facts["partners"]) as sandbox:
        stack = Running(Stack(options), ready, client, sandbox, pool, home)
        reviewed, disputed, paying = await opened(stack), await _negotiated(stack), await _negotiated(stack)
        await sandbox.fault("payment", "timeout_before", operation="send")
        await agree(paying)
        await faults_met(stack)
        acknowledged = {handle.id: [await _noted(handle)] for handle in (reviewed, disputed, paying)}
        line = await order(stack)
        acknowledged[(await start(stack, filing(line.order_id))).id] = []
    await pool.close()
    return acknowledged, [(accept, agree), (agree,), (), (accept, agree)]


async def _noted(handle: Handle) -> str:
    note = message("noted", AGENT, text="好")
    assert (await insist(handle, note))["accepted"]
    return str(note["message_id"])


async def _ready_line(process: asyncio.subprocess.Process) -> Json:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while not (line := await process.stdout.readline()).startswith(b"{"):
            assert line, "the supervisor ended without a ready line"
    facts: Json = json.loads(line)
    return facts
