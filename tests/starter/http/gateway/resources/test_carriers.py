"""The doors for carriers on a real stack: who may push, what is answered, and that nothing hostile breaks them."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx2
import pytest

from activities.store.signed_requests import Requests
from tests.conftest import Running
from tests.starter.http.gateway.own_gateway import own_gateway
from tests.starter.http.gateway.signing import Program

Known = Mapping[str, Program]

SF, KUAIDI100 = "/v1/webhooks/carriers/sf", "/v1/webhooks/carriers/kuaidi100"
SALT = "a-salt-of-at-least-24-chars"


def a_number() -> str:
    return f"SF{uuid4().hex[:12]}"


def a_push(*numbers: str, carrier: str = "sf", **changes: Any) -> dict[str, Any]:
    event = {"event": "delivered", "at": "2026-11-20T10:00:00+08:00"}
    return {"carrier": carrier, "parcels": [{"tracking": one, "events": [event]} for one in numbers]} | changes


async def events_of(stack: Running, number: str) -> int:
    kept: int = await stack.pool.fetchval("SELECT count(*) FROM parcel_events WHERE tracking = $1", number)
    return kept


async def test_a_push_about_an_unknown_parcel_is_accepted_and_parked(stack: Running, known: Known) -> None:
    answer = await known["sf"].post(SF, a_push(number := a_number(), a_number()))
    assert (answer.status_code, answer.json()) == (202, {"told": 0, "parked": 2})
    assert await events_of(stack, number) == 1
    again = await known["sf"].post(SF, a_push(number))
    assert again.json() == {"told": 0, "parked": 1}
    assert await events_of(stack, number) == 1


async def test_a_carrier_speaks_of_its_own_parcels_only(stack: Running, known: Known) -> None:
    number = a_number()
    answers = [
        await known["yto"].post(SF, a_push(number)),
        await known["sf"].post("/v1/webhooks/carriers/yto", a_push(number, carrier="yto")),
        await known["sf"].post(SF, a_push(number, carrier="yto")),
        await known["seller-app"].post(SF, a_push(number)),
        await known["sandbox-pay"].post(SF, a_push(number)),
        await known["sf"].post("/v1/webhooks/carriers/a%20b", a_push(number)),
    ]
    assert [one.status_code for one in answers] == [403] * 6
    assert await events_of(stack, number) == 0


async def test_a_push_that_nobody_we_know_signed_is_not_believed(stack: Running, known: Known) -> None:
    number = a_number()
    stranger = Program(known["sf"].url, "sf", "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    old = await known["sf"].post(SF, a_push(number), at=datetime.now(UTC).timestamp() - 400)
    async with httpx2.AsyncClient(base_url=known["sf"].url, trust_env=False) as http:
        bare = await http.post(SF, json=a_push(number))
        other = json.dumps(a_push(number)).encode()
        headers = known["sf"].headers(json.dumps(a_push(a_number())))
        changed = await http.post(SF, content=other, headers=headers)
    answers = [await stranger.post(SF, a_push(number)), old, bare, changed]
    assert [one.status_code for one in answers] == [401] * 4
    assert await events_of(stack, number) == 0


async def test_a_push_replayed_changes_nothing(stack: Running, known: Known) -> None:
    text = json.dumps(a_push(number := a_number()))
    headers = known["sf"].headers(text)
    async with httpx2.AsyncClient(base_url=known["sf"].url, trust_env=False) as http:
        statuses = [(await http.post(SF, content=text.encode(), headers=headers)).status_code for _ in range(4)]
    assert statuses == [202, 200, 200, 200]
    assert await events_of(stack, number) == 1


async def test_an_id_is_one_push_for_good_and_another_body_under_it_is_told_so(stack: Running, known: Known) -> None:
    number, other, request = a_number(), a_number(), f"push-{uuid4().hex}"
    first = await known["sf"].post(SF, a_push(number), request=request)
    await stack.pool.execute(
        "UPDATE signed_requests SET used_at = used_at - interval '1 year' WHERE request = $1", request
    )
    await Requests(stack.pool).forget(timedelta(minutes=10))
    answers = [await known["sf"].post(SF, a_push(one), request=request) for one in (number, other)]
    assert [one.status_code for one in (first, *answers)] == [202, 200, 409]
    assert answers[1].json()["type"] == "urn:redress:problem:id-used"
    assert await events_of(stack, other) == 0
    # Ids are a client's own.
    assert (
        await known["yto"].post("/v1/webhooks/carriers/yto", a_push(other, carrier="yto"), request=request)
    ).is_success


async def test_a_push_that_was_cut_off_is_made_whole_by_the_same_push(stack: Running, known: Known) -> None:
    number, request = a_number(), f"push-{uuid4().hex}"
    said = json.dumps(a_push(number))
    await Requests(stack.pool).keep("sf", request, hashlib.sha256(said.encode()).hexdigest())
    assert (await known["sf"].post(SF, said, request=request)).status_code == 200
    assert await events_of(stack, number) == 1


BEYOND = "9999-12-31T23:59:59-14:00"
HOSTILE: list[bytes] = [
    b"",
    b"\xff\xfe\x00",
    b"null",
    b"[]",
    b"{",
    b'{"carrier": "sf"}',
    b'{"carrier": "sf", "parcels": "many"}',
    b'{"carrier": "sf", "parcels": [{"tracking": "\\u0000", "events": []}]}',
    b'{"carrier": "sf", "parcels": [{"tracking": "SF1", "events": [{"event": "eaten", "at": "2026-11-20T10:00Z"}]}]}',
    b'{"carrier": "sf", "parcels": [{"tracking": "SF1", "events": [{"event": "lost", "at": 1e400}]}]}',
    json.dumps(a_push(parcels=[{"tracking": "SF1", "events": [{"event": "lost", "at": BEYOND}]}])).encode(),
    b"[" * 100_000,
    json.dumps(a_push(*(f"SF{number}" for number in range(101)))).encode(),
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_push_that_cannot_be_read_is_refused_and_never_an_error_of_ours(known: Known, body: bytes) -> None:
    carrier = known["sf"]
    async with httpx2.AsyncClient(base_url=carrier.url, trust_env=False) as http:
        headers = carrier.headers(body.decode("utf-8", "replace"))
        answer = await http.post(SF, content=body, headers=headers)
    assert answer.status_code in {401, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_list_of_a_thousand_events_is_taken_in_at_once(stack: Running, known: Known) -> None:
    minutes = [f"2026-11-20T{minute // 60:02d}:{minute % 60:02d}:00Z" for minute in range(1200)]
    events = [{"event": "in_transit", "at": at} for at in minutes]
    number = a_number()
    answer = await known["sf"].post(SF, a_push(parcels=[{"tracking": number, "events": events}]))
    assert (answer.status_code, answer.json()["parked"]) == (202, 1)
    assert await events_of(stack, number) == 1200


# -- kuaidi100 -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def aggregated(stack: Running) -> AsyncIterator[str]:
    """A gateway to which kuaidi100 pushes."""
    async with own_gateway(stack, {"REDRESS_KUAIDI100_SALT": SALT}) as url:
        yield url


def theirs(number: str, salt: str = SALT, **changes: Any) -> bytes:
    """A push in kuaidi100's form."""
    items = [{"ftime": "2026-11-20 18:30:00", "context": "已签收", "status": "签收"}]
    last = {"com": "shunfeng", "nu": number, "state": "3", "data": items}
    param = json.dumps({"status": "shutdown", "lastResult": last} | changes, ensure_ascii=False)
    sign = hashlib.md5((param + salt).encode(), usedforsecurity=False).hexdigest().upper()
    return urlencode({"sign": sign, "param": param}).encode()


async def pushed(url: str, body: bytes) -> httpx2.Response:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        return await http.post(KUAIDI100, content=body, headers=headers)


async def test_kuaidi100_is_answered_in_its_own_form(stack: Running, aggregated: str) -> None:
    number = a_number()
    for _ in range(2):
        answer = await pushed(aggregated, theirs(number))
        assert (answer.status_code, answer.json()) == (200, {"result": True, "returnCode": "200", "message": "成功"})
    assert await events_of(stack, number) == 1


async def test_what_is_signed_with_another_salt_is_not_kuaidi100s(stack: Running, aggregated: str) -> None:
    number = a_number()
    answer = await pushed(aggregated, theirs(number, salt="another-salt-of-24-characters"))
    assert (answer.status_code, answer.json()["result"], answer.json()["returnCode"]) == (401, False, "500")
    assert await events_of(stack, number) == 0


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"a", b"param=1&param=2&sign=3", theirs("x y"), theirs("", status=5), b"[" * 100_000]
)
async def test_a_form_that_cannot_be_read_is_refused_in_kuaidi100s_words(aggregated: str, body: bytes) -> None:
    answer = await pushed(aggregated, body)
    assert (answer.status_code // 100, answer.json()["result"]) == (4, False)


async def test_a_thousand_mutated_forms_move_nothing_and_break_nothing(stack: Running, aggregated: str) -> None:
    body = theirs(number := a_number())
    async with httpx2.AsyncClient(base_url=aggregated, trust_env=False) as http:

        async def mutated(place: int) -> int:
            bad = body[:place] + bytes([body[place] ^ 1 + place % 7]) + body[place + 1 :]
            return (await http.post(KUAIDI100, content=bad)).status_code

        statuses = [
            *await asyncio.gather(*(mutated(place) for place in range(5, len(body)))),
            *await asyncio.gather(*(mutated(place) for place in range(5, 37))),
        ]
    assert set(statuses) <= {401, 422}
    assert await events_of(stack, number) == 0


async def test_where_nobody_set_kuaidi100_up_its_door_is_not_there(stack: Running) -> None:
    answer = await pushed(stack.ready.gateway or "", theirs(a_number()))
    assert answer.status_code == 404
