"""Partners that answer what no partner should: never believed, never a payment lost or doubled without a word."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from activities.cases.orders import OrderSystem
from activities.errors import PartnerError, PartnerProtocolError, PartnerUnreachable
from activities.notifications.partners import NoticeSink
from activities.partners.http import LONGEST_RETRY_AFTER, MAX_ANSWER_BYTES, retry_after
from activities.payments.partners import PaymentProvider
from tests.activities.partners.hostile import partner_saying, partner_trickling, spoken
from tests.workers.sandbox.running import a_movement, an_order
from workflows.parties import Party
from workflows.vocabulary import Role

Client = httpx2.AsyncClient
Ask = Callable[[str, Client], Awaitable[object]]
MOVEMENT = a_movement()
PAID = {
    "key": MOVEMENT.key, "purpose": "refund", "from": {"role": "seller", "id": "sl-1"},
    "to": {"role": "buyer", "id": "b-1"}, "amount": {"amount": 29900, "currency": "CNY"},
    "state": "settled", "reference": "p-1",
}  # fmt: skip


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[Client]:
    """One client for all, since each new one reads every certificate there is."""
    async with Client(trust_env=False) as shared:
        yield shared


async def ask_orders(url: str, client: Client) -> object:
    async with OrderSystem(url, client=client, seconds=2) as orders:
        return await orders.line("o-20261101-7", 1)


async def ask_payment(url: str, client: Client) -> object:
    async with PaymentProvider(url, client=client, seconds=2) as provider:
        return await provider.pay(MOVEMENT, first_attempt=True)


async def ask_look_up(url: str, client: Client) -> object:
    async with PaymentProvider(url, client=client, seconds=2) as provider:
        return await provider.pay(MOVEMENT, first_attempt=False)


async def ask_notice(url: str, client: Client) -> None:
    async with NoticeSink(url, client=client, seconds=2) as sink:
        to = Party(role=Role.BUYER, id="b-1")
        await sink.deliver("n-1", channel="in_app", to=to, locale="en", subject="s", text="t")


EVERYBODY = pytest.mark.parametrize("ask", [ask_orders, ask_payment, ask_look_up, ask_notice])


@EVERYBODY
@pytest.mark.parametrize(
    "answer",
    [
        spoken("200 OK", b"<html>welcome to the hotel wifi</html>"),
        spoken("200 OK", b""),
        spoken("200 OK", b"[]"),
        spoken("200 OK", b"{}"),
        spoken("200 OK", b"\xff\xfe\x00"),
        spoken("200 OK", b"[" * 100_000),
        spoken("204 No Content", b""),
        spoken("302 Found", b"", "Location: http://127.0.0.1:1/"),
        spoken("401 Unauthorized", b"{}"),
        spoken("404 Not Found", b"<html>no such page</html>"),
        spoken("404 Not Found", b'{"code": "no_such_call", "text": "wrong address"}'),
        spoken("409 Conflict", b'{"code": "key_reused", "text": "another payment"}'),
        spoken("200 OK", b"not gzip", "Content-Encoding: gzip"),
        spoken("200 OK", b"x" * (MAX_ANSWER_BYTES + 1)),
    ],
)
async def test_an_answer_that_makes_no_sense_is_said_to_make_none(ask: Ask, answer: bytes, client: Client) -> None:
    async with partner_saying(answer) as url:
        with pytest.raises(PartnerProtocolError, match="check its address and version"):
            await ask(url, client)


@EVERYBODY
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        spoken("500 Internal Server Error", b"{}"),
        spoken("503 Service Unavailable", b"later"),
        spoken("429 Too Many Requests", b"{}"),
    ],
)
async def test_a_partner_that_gives_no_answer_is_asked_again_later(ask: Ask, answer: bytes, client: Client) -> None:
    async with partner_saying(answer) as url:
        with pytest.raises(PartnerUnreachable, match="it is asked again by key"):
            await ask(url, client)


async def test_an_answer_that_trickles_is_cut_off_in_time() -> None:
    async with (
        partner_trickling(spoken("200 OK", json.dumps(PAID).encode())) as url,
        PaymentProvider(url, seconds=0.3) as provider,
    ):
        with pytest.raises(PartnerUnreachable, match=r"did not answer within 0\.3 s"):
            await provider.pay(MOVEMENT, first_attempt=True)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "C20261122-0000000000:refund:1"},
        {"purpose": "coupon"},
        {"from": {"role": "seller", "id": "sl-2"}},
        {"to": {"role": "buyer", "id": "b-2"}},
        {"amount": {"amount": 29901, "currency": "CNY"}},
        {"amount": {"amount": 29900, "currency": "USD"}},
        {"amount": {"amount": "29900", "currency": "CNY"}},
        {"state": "on its way"},
        {"state": "declined"},
        {"reference": ""},
        {"reason": "a\x00b"},
    ],
)
async def test_a_payment_that_is_not_ours_is_never_taken_for_ours(change: dict[str, object], client: Client) -> None:
    async with partner_saying(spoken("200 OK", json.dumps(PAID).encode())) as url:
        assert await ask_payment(url, client) == await ask_look_up(url, client)
    async with partner_saying(spoken("200 OK", json.dumps(PAID | change).encode())) as url:
        with pytest.raises(PartnerProtocolError):
            await ask_payment(url, client)


async def test_a_stray_404_is_not_the_word_that_nothing_was_paid(client: Client) -> None:
    async with partner_saying(spoken("404 Not Found", b'{"code": "no_such_call", "text": ""}')) as url:
        provider = PaymentProvider(url, client=client)
        with pytest.raises(PartnerProtocolError, match="no_such_call"):
            await provider.look_up(MOVEMENT)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
@pytest.mark.parametrize("ask", [ask_payment, ask_look_up])
async def test_a_partner_that_does_not_believe_us_is_named_with_what_to_do(
    ask: Ask, status: str, client: Client
) -> None:
    said = b'{"code": "bad_signature", "text": "does not fit"}'
    async with partner_saying(spoken(status, said)) as url:
        with pytest.raises(
            PartnerProtocolError, match=r"bad_signature: does not fit.* did nothing; compare the secret or key"
        ):
            await ask(url, client)


async def test_an_answer_without_end_is_not_read_to_its_end(client: Client) -> None:
    long = json.dumps(PAID).encode() + b" " * MAX_ANSWER_BYTES
    async with partner_saying(spoken("200 OK", long)) as url:
        with pytest.raises(PartnerProtocolError, match=f"more than {MAX_ANSWER_BYTES} bytes"):
            await ask_payment(url, client)


async def test_settled_under_a_refusing_status_is_a_contradiction(client: Client) -> None:
    async with partner_saying(spoken("402 Payment Required", json.dumps(PAID).encode())) as url:
        with pytest.raises(PartnerProtocolError, match="answered 402"):
            await ask_payment(url, client)


async def test_a_word_we_do_not_know_does_no_harm(client: Client) -> None:
    facts = json.loads(an_order().facts.model_dump_json())
    async with partner_saying(spoken("200 OK", json.dumps(facts | {"loyalty": 7}).encode())) as url:
        assert await ask_orders(url, client) is not None
    async with partner_saying(spoken("200 OK", json.dumps(facts | {"line": 2}).encode())) as url:
        with pytest.raises(PartnerProtocolError, match="another line"):
            await ask_orders(url, client)


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", timedelta(seconds=7), timedelta(seconds=7)),
        ("0", timedelta(), timedelta()),
        ("9" * 400, LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        ("Fri, 01 Jan 2100 00:00:00 GMT", LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        ("Sun, 06 Nov 1994 08:49:37 GMT", timedelta(), timedelta()),
    ],
)
@pytest.mark.parametrize("status", ["503 Service Unavailable", "429 Too Many Requests"])
async def test_patience_asked_for_is_passed_on(
    status: str, header: str, least: timedelta, most: timedelta, client: Client
) -> None:
    async with partner_saying(spoken(status, b"", f"Retry-After: {header}")) as url:
        with pytest.raises(PartnerUnreachable) as unreachable:
            await ask_payment(url, client)
    assert unreachable.value.retry_after is not None
    assert least <= unreachable.value.retry_after <= most


async def test_patience_until_a_date_is_the_time_that_is_left() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    waits = retry_after(httpx2.Response(503, headers={"Retry-After": until}))
    assert waits is not None
    assert timedelta(seconds=30) < waits <= timedelta(seconds=90)


@pytest.mark.parametrize("header", ["", "soon", "-5", "٣", "Sun, 06 Nov 1994 08:49:37", "99 Foo 99999"])
async def test_patience_that_cannot_be_read_is_no_patience(header: str, client: Client) -> None:
    async with partner_saying(spoken("503 Service Unavailable", b"", f"Retry-After: {header}")) as url:
        with pytest.raises(PartnerUnreachable) as unreachable:
            await ask_payment(url, client)
    assert unreachable.value.retry_after is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://redress.invalid", "nonsense", "http://[", ""])
@EVERYBODY
async def test_an_address_where_nobody_is_brings_an_error_of_ours(ask: Ask, url: str, client: Client) -> None:
    with pytest.raises(PartnerError):
        await ask(url, client)


async def test_a_client_that_was_handed_in_is_left_open(client: Client) -> None:
    async with OrderSystem("http://127.0.0.1:1", client=client):
        pass
    assert not client.is_closed
    own = OrderSystem("http://127.0.0.1:1")
    await own.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await own.line("o-1", 1)
