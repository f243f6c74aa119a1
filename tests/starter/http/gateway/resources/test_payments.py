"""The doors for payment providers on a real stack: whose word is kept, and as what."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from activities.payments.alipay.codes import request_number
from starter.http.gateway.resources.payments import report_id
from tests.activities.payments.alipay.gateway import APP_ID, sdk
from tests.activities.payments.alipay.keys import a_strangers, alipays, written
from tests.conftest import Running
from tests.starter.http.gateway.own_gateway import own_gateway
from tests.starter.http.gateway.saying import filing
from tests.starter.http.gateway.signing import Program

Known = Mapping[str, Program]

DOOR, ALIPAY = "/v1/webhooks/payments/sandbox-pay", "/v1/webhooks/payments/alipay"


async def filed(known: Known, name: str) -> str:
    """File a complaint; returns its number."""
    return str((await known["buyer-app"].post("/v1/complaints", filing(name))).json()["complaint"])


def a_word(complaint: str, **changes: Any) -> dict[str, Any]:
    return {"payment": f"{complaint}:refund:1", "result": "settled", "reference": f"sp-{complaint}"} | changes


async def kept(stack: Running, complaint: str) -> list[dict[str, Any]]:
    sql = "SELECT message FROM inbox WHERE complaint = $1 AND kind = 'payment_reported' ORDER BY number"
    return [json.loads(row["message"]) for row in await stack.pool.fetch(sql, complaint)]


async def test_a_word_is_kept_once_as_payment_reported(stack: Running, known: Known, name: str) -> None:
    complaint, provider = await filed(known, name), known["sandbox-pay"]
    first = await provider.post(DOOR, a_word(complaint), request=f"{name}-1")
    again = await provider.post(DOOR, a_word(complaint), request=f"{name}-1")
    other = await provider.post(DOOR, a_word(complaint, result="failed"), request=f"{name}-1")
    assert (first.status_code, again.status_code, other.status_code) == (202, 200, 409)
    (message,) = await kept(stack, complaint)
    assert message == {
        "kind": "payment_reported",
        "message_id": report_id(f"{complaint}:refund:1", f"sp-{complaint}", "settled"),
        "sender": {"role": "payment", "id": "sandbox-pay"},
        "movement": f"{complaint}:refund:1",
        "result": "settled",
        "provider_reference": f"sp-{complaint}",
    }


async def test_one_reference_for_two_movements_is_two_words(stack: Running, known: Known, name: str) -> None:
    complaint, provider = await filed(known, name), known["sandbox-pay"]
    for number in (1, 2, 1):
        payment = f"{complaint}:refund:{number}"
        answer = await provider.post(DOOR, a_word(complaint, payment=payment, reference="batch-7"))
        assert answer.status_code == 202, answer.text
    said = [(one["movement"], one["message_id"]) for one in await kept(stack, complaint)]
    assert [movement for movement, _ in said] == [f"{complaint}:refund:{number}" for number in (1, 2, 1)]
    assert len({message_id for _, message_id in said}) == 2, "the same word has one id, however often it is told"


async def test_a_word_that_is_not_the_providers_to_say_is_refused(stack: Running, known: Known, name: str) -> None:
    complaint, provider = await filed(known, name), known["sandbox-pay"]
    answers = [
        (await known["sf"].post(DOOR, a_word(complaint))).status_code,
        (await known["buyer-app"].post(DOOR, a_word(complaint))).status_code,
        (await provider.post(DOOR, a_word("C20261122-0000000000"))).status_code,
        (await provider.post(DOOR, a_word("no number at all"))).status_code,
        (await provider.post(DOOR, a_word(complaint, result="perhaps"))).status_code,
        (await provider.post(DOOR, a_word(complaint, reference="x" * 129))).status_code,
        (await provider.post(DOOR, '{"payment": "C1:refund:1", "payment": "C2:refund:1"}')).status_code,
        (await provider.post("/v1/webhooks/payments/a%20b", a_word(complaint))).status_code,
    ]
    assert answers == [403, 403, 404, 422, 422, 422, 422, 422]
    assert await kept(stack, complaint) == []


# -- Alipay --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def over_alipay(stack: Running) -> AsyncIterator[str]:
    """A gateway that Alipay notifies."""
    key = written(alipays().public)
    settings = {"PAYMENT_PROVIDER": "alipay", "ALIPAY_APP_ID": APP_ID, "ALIPAY_PUBLIC_KEY": str(key)}
    async with own_gateway(stack, {f"REDRESS_{name}": value for name, value in settings.items()}) as url:
        yield url


def notification(complaint: str, private: str | None = None, **changes: str) -> bytes:
    """Tell of a refund as Alipay does: a form, signed by the SDK without `sign_type`."""
    fields = {
        "notify_time": "2026-11-22 18:04:06", "notify_type": "trade_status_sync", "notify_id": "ac0509",
        "app_id": APP_ID, "charset": "utf-8", "version": "1.0", "trade_no": "2026112222001004930000000001",
        "out_biz_no": request_number(f"{complaint}:refund:1"), "trade_status": "TRADE_SUCCESS", "refund_fee": "299.00",
        "gmt_refund": "2026-11-22 18:04:05.123",
    } | changes  # fmt: skip
    signature = sdk(private)._sign("&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value))
    return urlencode({**fields, "sign": signature, "sign_type": "RSA2"}).encode()


async def notified(url: str, body: bytes) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        return await http.post(ALIPAY, content=body)


async def test_alipay_is_answered_success_and_its_word_is_kept_once(
    stack: Running, known: Known, over_alipay: str, name: str
) -> None:
    complaint = await filed(known, name)
    told = [
        await notified(over_alipay, notification(complaint)),
        await notified(over_alipay, notification(complaint, notify_time="2026-11-22 19:04:06")),
        await notified(over_alipay, notification(complaint, gmt_refund="")),
    ]
    assert [(one.status_code, one.text) for one in told] == [(200, "success")] * 3
    (message,) = await kept(stack, complaint)
    assert (message["movement"], message["result"]) == (f"{complaint}:refund:1", "settled")
    assert message["sender"] == {"role": "payment", "id": "alipay"}


async def test_a_notification_that_is_not_alipays_is_not_believed(
    stack: Running, known: Known, over_alipay: str, name: str
) -> None:
    complaint = await filed(known, name)
    forged = [
        notification(complaint, a_strangers().private),
        notification(complaint).replace(b"299.00", b"999.00"),
        notification(complaint, app_id="2021000000000000"),
        b"",
        b"\xff",
        b"sign=&sign_type=RSA2",
    ]
    answers = [await notified(over_alipay, body) for body in forged]
    assert [one.status_code for one in answers] == [401] * 6
    assert all(one.text != "success" for one in answers)
    assert await kept(stack, complaint) == []


async def test_where_nobody_pays_over_alipay_its_door_is_not_there(stack: Running) -> None:
    assert (await notified(stack.ready.gateway or "", b"a=1")).status_code == 404
