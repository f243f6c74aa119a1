"""The partners' carriers over real HTTP: what is asked, what is believed, and what a failing carrier leaves us with."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from activities.errors import PartnerError, PartnerProtocolError, PartnerUnreachable
from activities.parcels.partners import MOST_EVENTS, MOST_PARCELS, CarrierService, Push, PushMalformed
from tests.activities.partners.hostile import partner_saying, spoken
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import Happening
from workflows.complaint.domain.parcels import Parcel, ParcelEvent

AT = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture
async def carrier(sandbox: RunningSandbox, http: httpx2.AsyncClient) -> AsyncIterator[CarrierService]:
    async with CarrierService(sandbox.url, client=http) as one:
        yield one


def a_parcel(tracking: str, carrier: str = "sf") -> Parcel:
    return Parcel(complaint="C20261120-0000000001", leg="return", carrier=carrier, tracking=tracking)


async def test_a_parcel_is_subscribed_once_however_often_it_is_asked(carrier: CarrierService) -> None:
    for _ in range(3):
        await carrier.subscribe(a_parcel("SF-sub"))


async def test_a_carrier_tells_what_it_knows_of_its_own_parcel_only(
    carrier: CarrierService, operator: SandboxClient
) -> None:
    assert await carrier.look_up(a_parcel("SF/odd?number")) == ()
    await operator.happen(Happening(carrier="sf", tracking="SF/odd?number", event="picked_up", at=AT))
    assert await carrier.look_up(a_parcel("SF/odd?number")) == (ParcelEvent(event="picked_up", at=AT),)
    assert await carrier.look_up(a_parcel("SF/odd?number", "yto")) == ()


@pytest.mark.parametrize("operation", ["subscribe", "look_up"])
@pytest.mark.parametrize("mode", ["error_500", "busy", "timeout_before", "timeout_after"])
async def test_a_carrier_that_does_not_answer_is_said_to(
    sandbox: RunningSandbox, http: httpx2.AsyncClient, operator: SandboxClient, operation: str, mode: str
) -> None:
    await operator.fault("carrier", mode, operation=operation)
    async with CarrierService(sandbox.url, client=http, seconds=0.3) as hasty:
        with pytest.raises(PartnerUnreachable, match="the carrier at http://"):
            await (hasty.subscribe if operation == "subscribe" else hasty.look_up)(a_parcel(f"SF-{mode}"))


@pytest.mark.parametrize(
    "answer",
    [
        spoken("200 OK", b'{"carrier": "sf", "tracking": "SF-other", "events": []}'),
        spoken("200 OK", b'{"carrier": "sf", "tracking": "SF-1", "events": [{"event": "eaten", "at": "x"}]}'),
        spoken("200 OK", b"<html>"),
        spoken("404 Not Found", b'{"code": "no_such_call", "text": "a wrong address"}'),
        spoken("302 Found", b""),
        spoken("200 OK", b"[" * 100_000),
    ],
)
async def test_a_carrier_that_talks_nonsense_is_not_believed(answer: bytes) -> None:
    async with partner_saying(answer) as url, CarrierService(url) as service:
        with pytest.raises(PartnerProtocolError):
            await service.look_up(a_parcel("SF-1"))
        with pytest.raises(PartnerError):
            await service.subscribe(a_parcel("SF-2"))


def a_push(**changes: Any) -> dict[str, Any]:
    event = {"event": "delivered", "at": "2026-11-20T10:00:00+08:00"}
    return {"carrier": "sf", "parcels": [{"tracking": "SF1", "events": [event]}]} | changes


def test_a_push_is_read_with_its_instants_in_utc() -> None:
    push = Push.decode(json.dumps(a_push()).encode())
    assert push.parcels[0].events == (ParcelEvent(event="delivered", at=AT),)


@pytest.mark.parametrize(
    "push",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[" * 200_000,
        a_push(carrier="SF Express"),
        a_push(parcels=[]),
        a_push(more=1),
        a_push(parcels=[{"tracking": "SF 1", "events": []}]),
        a_push(parcels=[{"tracking": "SF1", "events": [{"event": "delivered", "at": "2026-11-20T10:00:00"}]}]),
        a_push(parcels=[{"tracking": "SF1", "events": [{"event": "delivered", "at": "0001-01-01T00:00:00+14:00"}]}]),
        a_push(parcels=[{"tracking": "SF1", "events": [{"event": "eaten", "at": "2026-11-20T10:00:00Z"}]}]),
        a_push(parcels=[{"tracking": "SF1", "events": []}] * (MOST_PARCELS + 1)),
        a_push(parcels=[{"tracking": "SF1", "events": [{"event": "lost", "at": "2026-11-20T10:00:00Z"}] * 2001}]),
    ],
    ids=range(13),
)
def test_a_push_that_cannot_be_read_names_the_place_and_never_the_content(push: bytes | dict[str, Any]) -> None:
    assert MOST_EVENTS == 2000
    body = push if isinstance(push, bytes) else json.dumps(push).encode()
    with pytest.raises(PushMalformed) as unread:
        Push.decode(body)
    assert str(unread.value)
    assert "eaten" not in str(unread.value)
