"""The sandbox as one web application: the routes, the house behind them, the callbacks beside them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from workers.sandbox import admin, carriers, partners
from workers.sandbox.callbacks import keep_telling
from workers.sandbox.calls import House, problem
from workers.sandbox.webhooks import Deliver


def application(house: House, deliver: Deliver) -> Starlette:
    """Return the application; it starts the callbacks with itself and stops them with itself."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        callbacks = asyncio.create_task(keep_telling(house, deliver))
        yield
        callbacks.cancel()
        await asyncio.gather(callbacks, return_exceptions=True)

    app = Starlette(routes=[*partners.ROUTES, *carriers.ROUTES, *admin.ROUTES], lifespan=lifespan)
    app.state.house = house
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_middleware(_Answering)
    return app


async def _unrouted(request: Request, wrong: Exception) -> Response:
    status = wrong.status_code if isinstance(wrong, HTTPException) else 500
    text = f"{HTTPStatus(status).phrase}: {request.method} {request.url.path}"
    return JSONResponse({"code": "no_such_call", "text": text}, status)


class _Answering:
    """Every exception becomes an answer and one log line, never a traceback on a closed socket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except Exception as wrong:  # noqa: BLE001  the outermost door
            await problem(Request(scope), wrong)(scope, receive, send)
