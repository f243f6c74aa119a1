"""The database killed every few seconds while complaints are paid: every one ends, nothing is lost, nothing double."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import asyncpg
import pytest

from activities.store.pool import connect
from tests.chance import chance
from tests.conftest import Running, running
from tests.engine.attacker import AGENT, BUYER, SELLER, Handle, filing, in_phase, message, opened, order, start, until
from tests.engine.outages.outage import POSTGRES, accept, insist, kill
from tests.starter.cli.running import ran
from tests.workers.stack.world import processes_on
from workers.stack.restarts import Patience
from workflows.vocabulary import Phase

pytestmark = pytest.mark.chaos

PAID, FILED = 36, 12
"""Complaints that are about to be paid when the outages begin, and such as are only filed then."""

BLOWS_OF_EACH = 5
_PAUSE = (1.0, 3.0)
"""Seconds between two blows: whatever gets through gets through then."""

_IN_PEACE_WITHIN = 180.0
_OURS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'redress' AND pid <> pg_backend_pid()"
_started = asynccontextmanager(running)


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack whose database is started again at once, however often it dies."""
    home = tmp_path_factory.mktemp("outages")
    async with _started(home, patience=Patience(deaths=1000, longest_pause=0.3)) as stack:
        yield stack
    assert processes_on(home) == []


@asynccontextmanager
async def _operator(stack: Running) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Connect as soon as the database lets anybody in."""
    found: list[asyncpg.Connection[asyncpg.Record]] = []

    async def let_in() -> bool:
        try:
            found.append(await connect(stack.ready.database))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return False
        return True

    await until(let_in, what="the database to let somebody in")
    try:
        yield found[0]
    finally:
        found[0].terminate()


async def server_killed(stack: Running, lot: random.Random) -> int:
    """Kill the server at whatever instant."""
    del lot
    await kill(stack, POSTGRES)
    return 1


async def session_killed(stack: Running, lot: random.Random) -> int:
    """Kill one session of ours: the server drops all others and recovers."""
    async with _operator(stack) as operator:
        pids = [row["pid"] for row in await operator.fetch(_OURS)]
        if pids:
            os.kill(lot.choice(pids), signal.SIGKILL)
    return len(pids[:1])


async def commit_cut(stack: Running, lot: random.Random) -> int:
    """Kill the server once it holds a COMMIT that is on disk and that nobody has been told of; returns how many."""
    del lot
    waiting = f"{_OURS} AND wait_event = 'SyncRep'"
    cut: list[asyncpg.Record] = []
    async with _operator(stack) as operator:
        # A standby that does not exist is never told: each COMMIT is written, and then stands still.
        await operator.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        await operator.execute("SELECT pg_reload_conf()")

        async def stands() -> bool:
            cut[:] = await operator.fetch(waiting)
            return bool(cut)

        with suppress(AssertionError):  # nobody commits any more: then there is none to be cut
            await until(stands, 4, "a COMMIT to stand still")
        await operator.execute("ALTER SYSTEM RESET synchronous_standby_names")  # for the next start
        await kill(stack, POSTGRES)
    return len(cut)


Blow = Callable[[Running, random.Random], Awaitable[int]]
BLOWS: tuple[Blow, ...] = (server_killed, session_killed, commit_cut)


async def _struck(stack: Running, lot: random.Random) -> Counter[str]:
    """Strike again and again; returns how many servers, sessions and COMMITs were hit."""
    hit = Counter[str]()
    blows = list(BLOWS) * BLOWS_OF_EACH
    lot.shuffle(blows)
    for blow in blows:
        await asyncio.sleep(lot.uniform(*_PAUSE))  # the outage is over; the load goes on
        hit[blow.__name__] += await blow(stack, lot)
    return hit


async def _lived(stack: Running, delay: float, handle: Handle | None) -> tuple[Handle, list[str]]:
    """Bring a complaint to its end, whenever its turn comes; returns it with the messages that were acknowledged."""
    await asyncio.sleep(delay)  # spread over the outages
    heard: list[str] = []
    if handle is None:
        line = await order(stack)
        handle = await start(stack, filing(line.order_id))
        await in_phase(handle, Phase.REVIEW, within=_IN_PEACE_WITHIN)
        await accept(handle)
    for said, phase in (
        (message("seller_answered", SELLER, answer="agree"), Phase.NEGOTIATION),
        (message("noted", AGENT, text="好"), Phase.FOLLOW_UP),
        (message("survey_answered", BUYER, score=5), Phase.FOLLOW_UP),
    ):
        await in_phase(handle, phase, within=_IN_PEACE_WITHIN)
        assert (await insist(handle, said))["accepted"]
        heard.append(said["message_id"])
    async with asyncio.timeout(_IN_PEACE_WITHIN):
        assert (await handle.result())["outcome"] == "settled"
    return handle, heard


async def _on_record(stack: Running, handle: Handle, heard: list[str]) -> None:
    """Assert that a complaint is on record whole, ended, and paid once here and at the provider."""
    row = await stack.pool.fetchrow("SELECT phase, outcome FROM complaints WHERE complaint = $1", handle.id)
    assert tuple(row or ()) == ("closed", "settled")
    steps = await stack.pool.fetch("SELECT number, message_id FROM steps WHERE complaint = $1 ORDER BY 1", handle.id)
    assert [step["number"] for step in steps] == list(range(1, len(steps) + 1))
    assert [step["message_id"] for step in steps if step["message_id"] in set(heard)] == heard
    book = [(one.key, one.state, one.amount.amount) for one in await stack.sandbox.book(handle.id)]
    assert book == [(f"{handle.id}:refund:1", "settled", 29900)]
    posted = await stack.pool.fetch(
        "SELECT count(*) AS transactions FROM transactions t JOIN movements m ON m.key = t.movement"
        " WHERE m.complaint = $1 AND m.state = 'settled'",
        handle.id,
    )
    assert [row["transactions"] for row in posted] == [1]


async def _reached(stack: Running) -> bool:
    """Wake the pool's connections that died with the database."""
    try:
        return bool(await stack.pool.fetchval("SELECT true"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


async def test_a_database_killed_every_few_seconds_under_load_loses_nothing_and_doubles_nothing(
    house: Running,
) -> None:
    lot, room = chance("outages"), asyncio.Semaphore(12)

    async def negotiated() -> Handle:
        async with room:
            handle = await opened(house)
            await accept(handle)
        return handle

    handles = [*await asyncio.gather(*(negotiated() for _ in range(PAID))), *[None] * FILED]
    lasts = len(BLOWS) * BLOWS_OF_EACH * _PAUSE[1]
    async with asyncio.TaskGroup() as group:
        striking = group.create_task(_struck(house, lot))
        lives = [group.create_task(_lived(house, lot.uniform(0, lasts), handle)) for handle in handles]
    assert min(striking.result()[blow.__name__] for blow in BLOWS) >= BLOWS_OF_EACH // 2, striking.result()
    await until(partial(_reached, house), what="the database")
    await asyncio.gather(*(_on_record(house, *life.result()) for life in lives))
    verdict = await ran(house.environment, "verify", "--json")
    assert (verdict.data["differences"], verdict.data["faults"]) == ([], []), verdict.data
    print(f"{PAID + FILED} complaints under {dict(striking.result())}: paid once each")  # noqa: T201 - for -s
