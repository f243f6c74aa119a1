"""Receivers of partners: real HTTP servers that check each event with the reference library, and misbehave as told."""

import asyncio
import base64
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from standardwebhooks import Webhook

from activities.partner_events.subscriptions import Subscription, SubscriptionConfig
from workflows.parties import Party

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four+").decode()
LOOPBACK = "127.0.0.0/8"
MOST_BODY = 1 << 20


@dataclass(frozen=True)
class Request:
    """What arrived: believed by the reference library, or it would not be here."""

    id: str
    event: dict[str, Any]
    body: bytes
    headers: dict[str, str]
    path: str

    @property
    def number(self) -> int:
        number: int = self.event["data"]["sequence"]
        return number

    @property
    def complaint(self) -> str:
        complaint: str = self.event["data"]["complaint"]
        return complaint


@dataclass
class Receiver:
    """`async with Receiver() as receiver`: listens at `url`; `next` are the answers to come, after them 204.

    An answer is a status, or a whole answer in bytes; None is silence until the sender hangs up.
    """

    secret: str = SECRET
    tls: ssl.SSLContext | None = None
    next: deque[int | bytes | None] = field(default_factory=deque)
    always: int | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events?token=canary-token"

    @property
    def numbers(self) -> list[int]:
        return [request.number for request in self.requests]

    async def start(self) -> None:
        """Listen; the second time on the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def has(self, number: int, within: float = 20) -> list[Request]:
        """Wait until so many requests have arrived."""
        async with asyncio.timeout(within):
            while len(self.requests) < number:
                self._arrived.clear()
                await self._arrived.wait()
        return self.requests

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            request = await self._read(reader)
            answer = self.next.popleft() if self.next else self.always or 204
            if answer is None:
                await reader.read()  # until the sender hangs up
            else:
                writer.write(answer if isinstance(answer, bytes) else an_answer(answer))
                await writer.drain()
            self.requests.append(request)
            self._arrived.set()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
        length = int(headers["content-length"])
        assert length < MOST_BODY
        body = await reader.readexactly(length)
        Webhook(self.secret).verify(body, headers)
        return Request(headers["webhook-id"], json.loads(body), body, headers, head[0].split()[1])


def an_answer(status: int, headers: Iterable[str] = (), body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Subscribers:
    """Subscriptions as a test says; `name: (party, url)`, a party of id `*` is everybody of its role."""

    def __init__(self) -> None:
        self.all: dict[str, tuple[Party, Subscription]] = {}

    def add(self, name: str, party: Party, url: str, *, secrets: Sequence[str] = (SECRET,), **wish: Any) -> None:
        wanted = SubscriptionConfig.model_validate({"url": url, "allow": [LOOPBACK]} | wish)
        self.all[name] = party, Subscription(name, wanted, tuple(map(Webhook, secrets)))

    def any_configured(self) -> bool:
        return bool(self.all)

    def of(self, party: Party) -> Sequence[Subscription]:
        return [one for who, one in self.all.values() if who.role is party.role and who.id in ("*", party.id)]

    def get(self, name: str) -> Subscription | None:
        return self.all[name][1] if name in self.all else None


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[Receiver]:
    async with receiver:
        yield receiver
