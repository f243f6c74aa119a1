"""The sandbox's carriers: what happens to a parcel is asked for, or pushed to whoever subscribed, over real HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from activities.parcels.partners import Push
from tests.workers.sandbox.gateway import Gateway, listening
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient, SandboxRefused
from workers.sandbox.shapes import Happening
from workflows.complaint.domain.parcels import EventName, ParcelEvent

MORNING = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
async def gateway() -> AsyncIterator[Gateway]:
    async with listening() as one:
        yield one


@pytest.fixture(scope="module")
async def beside(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    async with RunningSandbox(tmp_path_factory.mktemp("beside"), gateway=gateway.url) as running:
        yield running


def a_number() -> str:
    return f"SF{uuid4().hex[:10]}"


async def subscribe(sandbox: RunningSandbox, tracking: str, carrier: str = "sf") -> int:
    async with httpx2.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
        answer = await http.post("/subscriptions", json={"carrier": carrier, "tracking": tracking})
        return answer.status_code


async def happen(operator: SandboxClient, tracking: str, event: EventName, hours: int = 0, carrier: str = "sf") -> None:
    at = MORNING + timedelta(hours=hours)
    await operator.happen(Happening(carrier=carrier, tracking=tracking, event=event, at=at))


async def test_what_happens_to_a_subscribed_parcel_is_pushed_whole_and_newest_first(
    gateway: Gateway, beside: RunningSandbox
) -> None:
    number = a_number()
    async with beside.client() as operator:
        assert await subscribe(beside, number) == 201
        assert await subscribe(beside, number) == 200
        await happen(operator, number, "picked_up")
        await gateway.hears(1, number)
        await happen(operator, number, "delivered", hours=5)
        await happen(operator, number, "delivered", hours=5)
        told = await gateway.hears(2, number)
    assert [(one.path, one.client) for one in told] == [("/v1/webhooks/carriers/sf", "sf")] * 2
    assert told[0].id != told[1].id
    push = Push.model_validate(Push.decode(str(told[1].body).replace("'", '"').encode()))
    assert push.parcels[0].events == (
        ParcelEvent(event="delivered", at=MORNING + timedelta(hours=5)),
        ParcelEvent(event="picked_up", at=MORNING),
    )


async def test_whoever_subscribes_late_is_pushed_what_is_known(gateway: Gateway, beside: RunningSandbox) -> None:
    number = a_number()
    async with beside.client() as operator:
        await happen(operator, number, "picked_up")
        assert await subscribe(beside, number) == 201
        (told,) = await gateway.hears(1, number)
    assert [one["event"] for one in told.body["parcels"][0]["events"]] == ["picked_up"]


async def test_a_push_that_is_declined_never_comes_and_the_parcel_can_be_asked_about(
    gateway: Gateway, beside: RunningSandbox
) -> None:
    number = a_number()
    async with beside.client() as operator:
        await subscribe(beside, number)
        await operator.fault("carrier", "declined", operation="push")
        await happen(operator, number, "picked_up")
        await happen(operator, number, "in_transit", hours=1)
        (told,) = await gateway.hears(1, number)
        assert await operator.faults() == []
    assert [one["event"] for one in told.body["parcels"][0]["events"]] == ["in_transit", "picked_up"]
    async with httpx2.AsyncClient(base_url=beside.url, trust_env=False) as http:
        known = (await http.get(f"/parcels/sf/{number}")).json()
        unknown = await http.get("/parcels/yto/never-seen")
    assert [one["event"] for one in known["events"]] == ["picked_up", "in_transit"]
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_parcel")


@pytest.mark.parametrize(
    ("modes", "times"),
    [
        (("error_500", "timeout_before", "busy"), 1),
        (("timeout_after",), 2),
        (("slow",), 1),
        (("callback_repeated",), 5),
    ],
)
async def test_a_push_is_made_again_until_it_arrives(
    gateway: Gateway, beside: RunningSandbox, modes: tuple[str, ...], times: int
) -> None:
    number = a_number()
    async with beside.client() as operator:
        await subscribe(beside, number)
        for mode in modes:
            await operator.fault("carrier", mode, operation="push")
        await happen(operator, number, "picked_up")
        told = await gateway.hears(times, number)
        assert await operator.faults() == []
    assert len({(one.id, str(one.body)) for one in told}) == 1


async def test_a_push_outlives_the_sandbox_and_a_gateway_that_is_down(tmp_path: Path) -> None:
    async with listening() as gone:
        address = gone.url
    async with RunningSandbox(tmp_path, gateway=address) as own, own.client() as operator:
        await subscribe(own, "SF-later")
        await happen(operator, "SF-later", "delivered")
        await own.kill()
        await own.start()
        async with listening(int(address.rpartition(":")[2])) as again:
            (told,) = await again.hears(1, "SF-later")
    assert told.client == "sf"


async def test_what_cannot_happen_to_a_parcel_is_refused(http: httpx2.AsyncClient, operator: SandboxClient) -> None:
    bad = {"carrier": "sf", "tracking": "SF1", "event": "eaten"}
    answer = await http.post("/sandbox/parcels", json=bad)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    with pytest.raises(SandboxRefused, match="mode declined makes no sense for carrier; it knows: error_500"):
        await operator.fault("carrier", "declined")
