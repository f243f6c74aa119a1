"""Many messages over the gateway while everything behind it is killed: what was accepted is heard, once each."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from activities.store.inbox import Inbox
from tests.chance import chance
from tests.conftest import Running, running
from tests.engine.attacker import AGENT, Handle, Json, message, opened, timeline, unhurt, until
from tests.engine.outages.outage import TEMPORAL, WORKER, kill
from tests.starter.http.gateway.signing import Program, programs
from workers.stack.restarts import Patience
from workflows.vocabulary import Phase

GATEWAY = "the gateway"
_IN_PEACE_WITHIN = 240.0
_started = asynccontextmanager(running)


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack whose parts are started again at once, however often they die."""
    home = tmp_path_factory.mktemp("load")
    async with _started(home, patience=Patience(deaths=1000, longest_pause=0.3)) as stack:
        yield stack


async def insist(desk: Program, complaint: str, said: Json, request: str) -> None:
    """Send one request until it is accepted, as a careful client does: the same id and the same body each time."""
    while True:
        try:
            answer = await desk.post("/v1/messages", {"complaint": complaint, "message": said}, request)
        except httpx2.HTTPError:  # the gateway died under it: it may have been accepted
            await asyncio.sleep(0.2)
            continue
        if answer.status_code in {200, 202}:
            return
        assert answer.status_code in {429, 503}, answer.text
        await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))


async def told(stack: Running, handle: Handle, number: int) -> list[str]:
    """Tell one complaint so many notes, one after the other; returns their ids."""
    desk = programs(stack.ready.gateway or "", stack.data_dir / "clients.toml")["desk-agent"]
    notes = [message("noted", AGENT, text=f"第{one}次") for one in range(number)]
    for said in notes:
        await insist(desk, handle.id, said, f"msg_{uuid.uuid4().hex}")
    return [said["message_id"] for said in notes]


async def struck(stack: Running, lot: random.Random, over: asyncio.Event) -> Counter[str]:
    """Kill one part after another until it is over; returns how often each was hit."""
    hit = Counter[str]()
    while not over.is_set() or min(hit[name] for name in (GATEWAY, WORKER, TEMPORAL)) == 0:
        for name in lot.sample((GATEWAY, WORKER, TEMPORAL), 3):
            await asyncio.sleep(lot.uniform(0.5, 2.0))  # the outage is over; the load goes on
            await kill(stack, name)
            hit[name] += 1
    return hit


async def nothing_lost(house: Running, complaints: int, each: int) -> None:
    """Send, kill, and assert that every accepted message was heard once, in order, and answered."""
    lot, over = chance("inbox under load"), asyncio.Event()
    handles = [await opened(house) for _ in range(complaints)]
    striking = asyncio.create_task(struck(house, lot, over))
    sent = await asyncio.gather(*(told(house, handle, each) for handle in handles))
    over.set()
    hit = await striking

    async def all_answered() -> bool:
        states = await house.pool.fetch("SELECT state, count(*) FROM inbox WHERE kind = 'noted' GROUP BY state")
        return [tuple(row) for row in states] == [("answered", complaints * each)]

    await until(all_answered, _IN_PEACE_WITHIN, "every message to be answered")
    for handle, wanted in zip(handles, sent, strict=True):
        heard = [step["message_id"] for step in await timeline(handle) if step["event"] == "noted"]
        assert heard == wanted, "each once, in the order of acceptance"
        assert (await handle.query("view"))["phase"] == Phase.REVIEW
        await unhurt(handle)
    assert (await Inbox(house.pool).backlog()).waiting == 0
    print(f"{complaints * each} messages under {dict(hit)}: each heard once")  # noqa: T201 - for -s


async def test_nothing_accepted_is_lost_whatever_is_killed(house: Running) -> None:
    await nothing_lost(house, 8, 12)


@pytest.mark.chaos
async def test_nothing_of_thousands_is_lost_whatever_is_killed(house: Running) -> None:
    await nothing_lost(house, 25, 160)
