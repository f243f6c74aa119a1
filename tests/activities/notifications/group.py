"""Group chats behind robots: a real HTTP server that answers 200 with a code inside, as theirs do."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, NamedTuple, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Config, Server


class Said(NamedTuple):
    """One call of a robot as it reached the group."""

    path: str
    query: dict[str, str]
    body: dict[str, Any]


class Group:
    """`async with Group() as group`: takes every call at `url`; `answers` are given in turn, the last one for ever."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.answers: list[tuple[int, str]] = [(200, '{"errcode": 0, "errmsg": "ok"}')]
        self.judge: Callable[[Said], tuple[int, str]] | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = Starlette(routes=[Route("/{path:path}", self._hear, methods=["POST"])])
        self._server = Server(Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", ws="none"))
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._serving

    def answer(self, body: str, status: int = 200) -> None:
        self.answers = [(status, body)]

    async def _hear(self, request: Request) -> Response:
        said = Said(request.url.path, dict(request.query_params), json.loads(await request.body()))
        self.said.append(said)
        status, body = self.judge(said) if self.judge else self.answers[0]
        if len(self.answers) > 1:
            self.answers.pop(0)
        return Response(body, status, media_type="application/json")
