"""The provider's own book can be read page by page: of a complaint, or what changed in a time."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from activities.errors import PartnerProtocolError, PartnerUnreachable
from activities.payments import partners
from activities.payments.partners import BookEntry, PaymentProvider
from tests.activities.partners.hostile import partner_saying, spoken
from tests.workers.sandbox.running import RunningSandbox, a_movement, complaint_of
from workers.sandbox.client import SandboxClient


@pytest.fixture
async def provider(sandbox: RunningSandbox, http: httpx2.AsyncClient) -> AsyncIterator[PaymentProvider]:
    async with PaymentProvider(sandbox.url, client=http) as provider:
        yield provider


async def read(provider: PaymentProvider, **wanted: Any) -> list[BookEntry]:
    return [entry async for entry in provider.entries(**wanted)]


async def test_the_book_is_read_to_its_end_whatever_fits_on_a_page(
    provider: PaymentProvider, operator: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partners, "PAGE_SIZE", 3)
    complaint = complaint_of(a_movement())
    keys = [f"{complaint}:refund:{number}" for number in range(1, 8)]
    for key in keys:
        await provider.pay(a_movement().but(key=key), first_attempt=True)
    assert [entry.key for entry in await read(provider, complaint=complaint)] == keys
    assert [entry.key for entry in await read(provider)] == [line.key for line in await operator.book()]
    assert await read(provider, complaint="C20261122-NOBODYKNOW") == []


async def test_what_changed_in_a_time_is_found_also_when_it_is_old(
    provider: PaymentProvider, operator: SandboxClient
) -> None:
    before, after = a_movement(), a_movement()
    await provider.pay(before, first_attempt=True)
    noon = datetime.now(UTC)
    await provider.pay(after, first_attempt=True)
    assert [entry.key for entry in await read(provider, since=noon)] == [after.key]
    assert [entry.key for entry in await read(provider, complaint=complaint_of(before), until=noon)] == [before.key]
    await operator.reverse(before.key)
    found = await read(provider, since=noon)
    assert [(entry.key, entry.state, entry.result) for entry in found] == [
        (before.key, "reversed", "settled"),
        (after.key, "settled", "settled"),
    ]
    assert found[0].time < noon <= found[0].changed
    assert await read(provider, since=noon + timedelta(days=1)) == []


async def test_a_book_that_cannot_be_read_now_is_read_later(provider: PaymentProvider, operator: SandboxClient) -> None:
    await operator.fault("payment", "busy", operation="book")
    with pytest.raises(PartnerUnreachable, match="answered 429") as busy:
        await read(provider)
    assert busy.value.retry_after == timedelta(seconds=2)
    assert await read(provider)


async def test_a_page_that_leads_back_ends_the_reading() -> None:
    page = json.dumps({"payments": [], "next": 0}).encode()
    async with partner_saying(spoken("200 OK", page)) as url, PaymentProvider(url) as provider:
        with pytest.raises(PartnerProtocolError, match="backwards"):
            await read(provider)


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "since=yesterday", "after=-1", "page=2"])
async def test_a_page_that_makes_no_sense_is_refused_with_its_place(http: httpx2.AsyncClient, query: str) -> None:
    answer = await http.get(f"/payments?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["text"].startswith(query.split("=", maxsplit=1)[0])
