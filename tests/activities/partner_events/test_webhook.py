"""One event to one receiver: signed, believed by the reference library, and never led anywhere else."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from activities.partner_events import webhook
from activities.partner_events.subscriptions import Subscription
from activities.partner_events.webhook import WebhookClient, WebhookEvent, WebhookFailed
from tests.activities.partner_events.receiving import Receiver, Subscribers, an_answer
from workflows.parties import Party
from workflows.vocabulary import Role

NAME = "partner.example"
EVENT = WebhookEvent("evt_1", '{"type":"complaint.filed.v1","data":{"complaint":"C1","sequence":1,"note":"退款"}}')
SHOP = Party(role=Role.SELLER, id="shop-1")
OTHER_SECRET = "whsec_" + "QUJD" * 8


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as one:
        yield one


def subscribed(url: str, **wish: object) -> Subscription:
    known = Subscribers()
    known.add("shop-1-erp", SHOP, url, **wish)  # type: ignore[arg-type]
    return known.all["shop-1-erp"][1]


async def post(url: str, way: WebhookClient | None = None, **wish: object) -> None:
    async with way or WebhookClient(seconds=5) as one:
        await one.post(subscribed(url, **wish), EVENT)


class Names:
    """A name server that says what it is told to; `asked` counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        del host, port
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


async def test_an_event_arrives_signed_with_its_id_and_to_the_byte(receiver: Receiver) -> None:
    await post(receiver.url)
    (request,) = receiver.requests
    assert (request.id, request.body) == (EVENT.id, EVENT.body.encode())
    assert request.headers["content-type"] == "application/json"
    assert request.path == "/events?token=canary-token"


async def test_while_a_secret_is_replaced_the_old_and_the_new_one_believe_it(receiver: Receiver) -> None:
    receiver.secret = OTHER_SECRET
    await post(receiver.url, secrets=(f"whsec_{'QUJE' * 8}", OTHER_SECRET))
    assert len(receiver.requests) == 1


async def test_a_receiver_with_another_secret_does_not_believe_it(receiver: Receiver) -> None:
    receiver.secret = OTHER_SECRET
    with pytest.raises(WebhookFailed):
        await post(receiver.url)
    assert receiver.requests == []


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_answer_of_success_takes_the_event(receiver: Receiver, status: int) -> None:
    receiver.always = status
    await post(receiver.url)


@pytest.mark.parametrize(
    ("status", "event_specific", "permanent"),
    [
        (400, True, False),
        (422, True, False),
        (410, False, True),
        *((one, False, False) for one in (401, 404, 429, 500)),
    ],
)
async def test_any_other_answer_does_not_and_says_whether_it_is_about_this_event(
    receiver: Receiver, status: int, event_specific: bool, permanent: bool
) -> None:
    receiver.always = status
    with pytest.raises(WebhookFailed, match=f"answered {status}$") as told:
        await post(receiver.url)
    assert (told.value.event_specific, told.value.permanent) == (event_specific, permanent)


async def test_a_receiver_that_asks_for_patience_gets_it_within_bounds(receiver: Receiver) -> None:
    for asked, given in (("7", timedelta(seconds=7)), ("99999999999999", timedelta(hours=1)), ("soon", None)):
        receiver.next.append(an_answer(503, [f"Retry-After: {asked}"]))
        with pytest.raises(WebhookFailed) as told:
            await post(receiver.url)
        assert told.value.retry_after == given


async def test_a_redirect_is_not_followed_wherever_it_leads(receiver: Receiver) -> None:
    async with Receiver() as inner:
        for status in (301, 302, 307, 308):
            receiver.next.append(an_answer(status, [f"Location: {inner.url}"]))
            with pytest.raises(WebhookFailed, match="not followed"):
                await post(receiver.url)
        assert (len(receiver.requests), inner.connections) == (4, 0)


async def test_a_slow_receiver_is_left_in_time(receiver: Receiver) -> None:
    receiver.next.append(None)
    with pytest.raises(WebhookFailed, match=r"did not answer within 0.3 s"):
        await post(receiver.url, WebhookClient(seconds=0.3))


async def test_a_huge_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    drained, sent = asyncio.Event(), [0]

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                sent[0] += 65536
        except ConnectionError:
            drained.set()
        finally:
            writer.close()

    async with await asyncio.start_server(endless, "127.0.0.1", 0) as server:
        await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await asyncio.wait_for(drained.wait(), 5)
    assert sent[0] < 16 << 20  # what the buffers on the way hold
    assert receiver.requests == []


async def test_who_says_in_time_that_it_took_the_event_is_believed_however_long_the_rest_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        await reader.read()  # until the sender hangs up
        writer.close()

    monkeypatch.setattr(webhook, "_READ_SECONDS", 3.0)
    async with await asyncio.start_server(never_ends, "127.0.0.1", 0) as server:
        await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", WebhookClient(seconds=2))


async def test_what_does_not_speak_tls_is_said_to(receiver: Receiver) -> None:
    with pytest.raises(WebhookFailed, match=r"^failed the TLS handshake$"):
        await post(receiver.url.replace("http:", "https:"))
    assert receiver.requests == []


@pytest.mark.parametrize("answer", [b"", b"what?\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: " + b"x" * 300_000])
async def test_an_answer_that_is_not_http_does_not_take_the_event(receiver: Receiver, answer: bytes) -> None:
    receiver.next.append(answer)
    with pytest.raises(WebhookFailed, match="broke off without an answer"):
        await post(receiver.url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]", "0"])
async def test_no_spelling_of_this_machine_is_connected_to_unless_it_is_allowed(receiver: Receiver, host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(WebhookFailed, match="must not be connected to"):
            await post(f"{scheme}://{host}:{receiver.port}/", allow=["10.0.0.0/8"])
    assert receiver.connections == 0


async def test_a_name_that_answers_with_a_private_address_is_not_connected_to(receiver: Receiver) -> None:
    with pytest.raises(WebhookFailed, match="private"):
        await post(f"https://{NAME}:{receiver.port}/", WebhookClient(resolve=Names(["10.0.0.7"])))


async def test_a_name_is_asked_for_once_and_a_later_answer_changes_nothing(receiver: Receiver) -> None:
    rebinding = Names(["127.0.0.1"], ["10.0.0.7"])
    await post(f"http://{NAME}:{receiver.port}/", WebhookClient(resolve=rebinding))
    assert rebinding.asked == 1
    assert receiver.requests[0].headers["host"] == f"{NAME}:{receiver.port}"


async def test_the_next_address_is_tried_where_one_does_not_answer(receiver: Receiver) -> None:
    await post(f"http://{NAME}:{receiver.port}/", WebhookClient(resolve=Names(["127.0.0.9", "127.0.0.1"])))
    assert len(receiver.requests) == 1


async def test_a_name_without_an_address_is_no_receiver() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError(f"{host}:{port}")

    with pytest.raises(WebhookFailed, match=r"leads to no address$"):
        await post(f"https://{NAME}/", WebhookClient(resolve=unknown))


async def test_nobody_listening_is_said_without_an_address() -> None:
    async with Receiver() as gone:
        pass
    with pytest.raises(WebhookFailed, match=r"^cannot be connected to$"):
        await post(gone.url)


async def test_the_certificate_is_checked_for_the_name_although_the_address_is_connected_to(tmp_path: Path) -> None:
    served, trusted = certificate(tmp_path, NAME)
    async with Receiver(tls=served) as receiver:
        await post(f"https://{NAME}:{receiver.port}/", WebhookClient(resolve=Names(["127.0.0.1"]), trust=trusted))
        assert len(receiver.requests) == 1
        with pytest.raises(WebhookFailed, match="certificate that is not trusted"):
            await post(
                f"https://other.example:{receiver.port}/", WebhookClient(resolve=Names(["127.0.0.1"]), trust=trusted)
            )
        with pytest.raises(WebhookFailed, match="certificate that is not trusted"):
            await post(f"https://{NAME}:{receiver.port}/", WebhookClient(resolve=Names(["127.0.0.1"])))
        assert len(receiver.requests) == 1


def test_neither_a_subscription_nor_its_configuration_shows_its_address_or_secret() -> None:
    one = subscribed("https://partner.example/hook?token=canary")
    assert "canary" not in f"{one!r} {one} {one.config!r}"
    assert "whsec" not in repr(one)


def certificate(home: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what serves as that host, and what believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file, pem = home / "both.pem", serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(pem))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cadata=made.public_bytes(pem).decode())
