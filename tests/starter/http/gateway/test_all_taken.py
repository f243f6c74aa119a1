"""While every connection to the database is taken, nobody waits for ever: a request is told so, the relay goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from activities.store.inbox import Inbox
from activities.store.pool import Pool, open_pool
from starter.http.gateway.app import application, dispatch_inbox
from starter.http.gateway.clients import Clients, make
from starter.http.gateway.context import GatewayContext
from tests.activities.store.test_inbox import received
from tests.engine.attacker import until
from tests.starter.http.gateway.own import gateway
from tests.starter.http.gateway.saying import filing, withdrawal
from tests.starter.http.gateway.test_dispatcher import Complaints

MOST = 3


@asynccontextmanager
async def all_taken(pool: Pool) -> AsyncIterator[None]:
    async with AsyncExitStack() as taken:
        for _ in range(MOST):
            await taken.enter_async_context(pool.acquire(timeout=10))
        yield


async def test_a_request_is_answered_in_time_and_told_to_come_again(
    record: str, complaint: str, tmp_path: Path, name: str
) -> None:
    async with gateway(record, tmp_path, most=MOST, wait=0.5) as own, all_taken(own.pool), asyncio.timeout(20):
        buyers, parcels = own.programs["buyer-app"], {"carrier": "sf", "parcels": [{"tracking": "T", "events": []}]}
        answers = await asyncio.gather(
            buyers.post("/v1/complaints", filing(name)),
            buyers.post("/v1/messages", withdrawal(complaint, name, sender={"role": "buyer", "id": "b-1"})),
            buyers.get(f"/v1/messages/{name}"),
            buyers.get(f"/v1/complaints/{complaint}?as=buyer:b-1"),
            buyers.get(f"/v1/complaints/{complaint}/timeline?as=buyer:b-1"),
            buyers.get("/v1/notices?as=buyer:b-1"),
            buyers.post("/v1/notices/read", {"as": "buyer:b-1", "keys": []}),
            buyers.put("/v1/preferences", {"as": "buyer:b-1", "wishes": {}}),
            buyers.get("/v1/preferences?as=buyer:b-1"),
            own.programs["sf"].post("/v1/webhooks/carriers/sf", parcels),
        )
        async with httpx2.AsyncClient(base_url=own.url, trust_env=False) as http:
            assert (await http.get("/health")).json() == {"status": "ok", "database": "away"}
    assert [(one.status_code, one.headers.get("Retry-After")) for one in answers[:-1]] == [(503, "2")] * 9
    assert answers[-1].status_code in {422, 503}


async def test_strangers_who_ask_for_its_health_cost_one_look_a_second(
    record: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        gateway(record, tmp_path, most=MOST, wait=0.5) as own,
        httpx2.AsyncClient(base_url=own.url, trust_env=False) as http,
    ):
        looks = 0
        fetchval = own.pool.fetchval

        async def counted(*sql: Any) -> Any:
            nonlocal looks
            looks += 1
            return await fetchval(*sql)

        monkeypatch.setattr(own.pool, "fetchval", counted)
        begun = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(http.get("/health") for _ in range(60)))
        lasted = asyncio.get_running_loop().time() - begun
    assert {answer.json()["database"] for answer in answers} == {"ok"}
    assert 1 <= looks <= 1 + lasted


async def test_the_relay_goes_on_when_they_are_free(record: str, tmp_path: Path, name: str) -> None:
    make(tmp_path / "clients.toml")
    told, number = Complaints(), f"C20261122-{name}"
    async with await open_pool(record, most=MOST, wait=0.2) as few, await open_pool(record, most=1) as beside:
        house = GatewayContext(clients=Clients(tmp_path / "clients.toml"), pool=few, complaints=told)  # type: ignore[arg-type]
        app = application(house, background=(dispatch_inbox,))
        with capture_logs() as lines:
            async with app.router.lifespan_context(app):
                async with all_taken(few):
                    await until(lambda: _said(lines, "goes on in a moment"), what="a relay that has no connection")
                    await Inbox(beside).keep(received(name, complaint=number))
                await until(lambda: _delivered(told, number), what="a relay that goes on")


async def _said(lines: list[Any], event: str) -> bool:
    return any(line["event"] == event for line in lines)


async def _delivered(told: Complaints, number: str) -> bool:
    return any(complaint == number for complaint, _ in told.heard)
