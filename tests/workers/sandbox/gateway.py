"""The platform's side of the partners' webhooks, played: signatures checked by the reference library, all kept."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRETS = {"sandbox-pay": "whsec_" + "cGF5" * 8, "sf": "whsec_" + "c2Yx" * 8, "yto": "whsec_" + "eXRv" * 8}


@dataclass(frozen=True)
class Told:
    """One webhook as it came: where to, the client and id it named, what it said."""

    path: str
    client: str
    id: str
    body: dict[str, Any]


@dataclass
class Gateway:
    """`told` is everything that came, correctly signed, in its order; `status` is how the next calls are answered."""

    url: str = ""
    told: list[Told] = field(default_factory=list)
    status: int = 202
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: Request) -> Response:
        body = await request.body()
        client = request.headers["redress-client"]
        headers = {name: request.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature")}
        Webhook(SECRETS[client]).verify(body, {f"webhook-{name}": value for name, value in headers.items()})
        if self.status < 300:
            self.told.append(Told(request.url.path, client, headers["id"], json.loads(body)))
        self._news.set()
        return Response(status_code=self.status)

    async def hears(self, many: int, about: str) -> list[Told]:
        """Wait until so many webhooks have come that speak of something; returns them."""
        async with asyncio.timeout(20):
            while len(found := [one for one in self.told if about in json.dumps(one.body)]) < many:
                self._news.clear()
                await self._news.wait()
        return found


def a_clients_file(path: Path) -> Path:
    """Write the secrets of the partners as the gateway keeps them."""
    lines = [f'[[clients]]\nid = "{name}"\nsecrets = ["{secret}"]\n' for name, secret in SECRETS.items()]
    path.write_text("\n".join(lines))
    return path


class _Server(uvicorn.Server):
    """Leaves signals to the test."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def listening(port: int = 0) -> AsyncIterator[Gateway]:
    """Give a gateway that listens; raises whatever went wrong in it at the end."""
    gateway = Gateway()
    app = Starlette(routes=[Route("/v1/webhooks/{rest:path}", gateway.take, methods=["POST"])])
    server = _Server(uvicorn.Config(app, port=port, ws="none", log_config=None, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    gateway.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield gateway
    server.should_exit = True
    await serving
