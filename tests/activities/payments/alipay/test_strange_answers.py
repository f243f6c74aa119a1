"""What no Alipay should answer: never believed, never shown our key, and no error but the two an activity knows."""

import json
from datetime import UTC, datetime

import httpx2
import pytest

from activities.errors import PartnerError, PartnerProtocolError, PartnerUnreachable
from activities.partners.http import MAX_ANSWER_BYTES, Partner
from activities.payments.alipay.adapter import Alipay
from activities.payments.alipay.gateway import App, Gateway
from tests.activities.partners.hostile import partner_saying, partner_trickling, spoken
from tests.activities.payments.alipay.gateway import APP_ID, LocalGateway, sdk
from tests.activities.payments.alipay.keys import a_strangers, alipays, ours
from tests.activities.payments.alipay.paying import SELLERS, Books, a_movement, an_adapter

NAME = "alipay_trade_refund_response"


REFUNDED = '{"code":"10000","trade_no":"1","out_trade_no":"o-1","fund_change":"Y"}'


def signed(node: str, status: str = "200 OK") -> bytes:
    """An answer that Alipay signed, whatever it says."""
    signature = sdk()._sign(node)
    return spoken(status, f'{{"{NAME}":{node},"sign":"{signature}"}}'.encode())


@pytest.mark.parametrize(
    "answer",
    [
        spoken("200 OK", b"<html>welcome to the hotel wifi</html>"),
        spoken("200 OK", b""),
        spoken("200 OK", b"[]"),
        spoken("200 OK", b"{}"),
        spoken("200 OK", b"\xff\xfe\x00"),
        spoken("200 OK", b'{"alipay_trade_refund_response":' + b"[" * 100_000),
        spoken("200 OK", b"x" * (MAX_ANSWER_BYTES + 1)),
        spoken("204 No Content", b""),
        spoken("302 Found", b"", "Location: http://127.0.0.1:1/"),
        spoken("403 Forbidden", b"{}"),
        signed("{}"),
        signed(REFUNDED, "202 Accepted"),
        signed(REFUNDED, "404 Not Found"),
        signed('{"code":10000}'),
        signed('{"code":"10000"}'),
        signed('{"code":"10000","trade_no":"","out_trade_no":"o-1","fund_change":"Y"}'),
        signed('{"code":"10000","trade_no":"a b","out_trade_no":"o-1","fund_change":"Y"}'),
        signed('{"code":"10000","trade_no":"1","out_trade_no":["o-1"],"fund_change":"Y"}'),
        signed('{"code":"40004","msg":"Business Failed"}'),
        signed('{"code":"40006","sub_code":"isv.insufficient-isv-permissions"}'),
        signed('{"code":"90000"}'),
        signed('{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST "}'),
    ],
)
async def test_an_answer_that_makes_no_sense_is_said_to_make_none(answer: bytes, client: httpx2.AsyncClient) -> None:
    async with partner_saying(answer) as url:
        with pytest.raises(PartnerProtocolError, match=f"Alipay at {url} "):
            await an_adapter(url, client).pay(a_movement(), first_attempt=True)


async def test_a_refund_as_it_should_be_is_believed(client: httpx2.AsyncClient) -> None:
    async with partner_saying(signed(REFUNDED)) as url:
        answer = await an_adapter(url, client).pay(a_movement(), first_attempt=True)
    assert (answer.result, answer.provider_reference) == ("settled", "1")


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200", spoken("503 Service Unavailable", b"later"), spoken("429 Too Many Requests", b"{}"),
     signed('{"code":"20000","sub_code":"isp.unknow-error"}'), signed('{"code":"40005"}'),
     signed('{"code":"40004","sub_code":"AQC.SYSTEM_ERROR"}'), signed('{"code":"40004","sub_code":"SYSTEM_ERROR"}')],
)  # fmt: skip
async def test_no_answer_and_no_decision_are_asked_again_later(answer: bytes, client: httpx2.AsyncClient) -> None:
    async with partner_saying(answer) as url:
        with pytest.raises(PartnerUnreachable, match="it is asked again by key"):
            await an_adapter(url, client).pay(a_movement(), first_attempt=True)


async def test_an_answer_that_trickles_is_cut_off_in_time(client: httpx2.AsyncClient) -> None:
    async with partner_trickling(signed('{"code":"10000"}')) as url:
        with pytest.raises(PartnerUnreachable, match=r"did not answer within 0\.3 s"):
            await an_adapter(url, client, seconds=0.3).pay(a_movement(), first_attempt=True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://redress.invalid", "nonsense", "http://[", ""])
async def test_an_address_where_nobody_is_brings_an_error_of_ours(url: str, client: httpx2.AsyncClient) -> None:
    with pytest.raises(PartnerError):
        await an_adapter(url, client).pay(a_movement(), first_attempt=False)


async def test_the_words_of_a_refusal_can_be_stored_whatever_they_are(client: httpx2.AsyncClient) -> None:
    node = json.dumps({"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST", "sub_msg": "a\x00b\n" + "长" * 5000})
    async with partner_saying(signed(node)) as url:
        refused = await an_adapter(url, client).pay(a_movement(), first_attempt=True)
    assert refused.reason is not None
    assert refused.reason.startswith("ACQ.TRADE_NOT_EXIST: a b 长")
    assert len(refused.reason) == 200


@pytest.mark.parametrize("app_id", ["2021000000000002", APP_ID])
async def test_a_wrong_application_or_key_is_said_in_alipays_words_and_moves_nothing(
    gateway: LocalGateway, client: httpx2.AsyncClient, app_id: str
) -> None:
    stranger = a_strangers()
    app = App(app_id, stranger.signs, alipays().tells)
    alipay = Alipay(app, Books(), SELLERS, gateway=gateway.url, client=client)
    with pytest.raises(PartnerProtocolError, match=r"without a signature \(it says 40002 isv\.invalid-") as confused:
        await alipay.pay(a_movement(), first_attempt=True)
    assert "PRIVATE" not in str(confused.value)
    assert stranger.private.splitlines()[1] not in str(confused.value)
    assert gateway.trades["o-1"].refunds == {}


async def test_a_request_is_dated_in_beijing_and_carries_its_content_as_a_form(client: httpx2.AsyncClient) -> None:
    partner = Partner("Alipay", "http://127.0.0.1:1", client)
    gateway = Gateway(
        partner, App(APP_ID, ours().signs, alipays().tells), lambda: datetime(2026, 11, 21, 20, 4, 5, tzinfo=UTC)
    )
    query, body = gateway._signed("alipay.trade.query", {"out_trade_no": "o-1"})
    assert "timestamp=2026-11-22+04%3A04%3A05" in query
    assert body == b"biz_content=%7B%22out_trade_no%22%3A%22o-1%22%7D"
