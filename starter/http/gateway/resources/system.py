"""Anonymous resources: health and the OpenAPI document."""

import asyncio
from typing import Literal

import asyncpg
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from starter.http.gateway.calls import Operation
from starter.http.gateway.context import GatewayContext

_LOOK_SECONDS = 1.0


class Health(BaseModel):
    """The gateway runs; while the database is away it accepts nothing (503)."""

    status: Literal["ok"] = "ok"
    database: Literal["ok", "away"]


async def health(context: GatewayContext, request: Request) -> Response:
    """Return whether the database answers, cached for a second."""
    del request
    cached, now = context.health, asyncio.get_running_loop().time
    async with cached.lock:
        if now() >= cached.until:
            cached.database = await _answers(context)
            cached.until = now() + _LOOK_SECONDS
    return JSONResponse(Health(database="ok" if cached.database else "away").model_dump())


async def _answers(context: GatewayContext) -> bool:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            await context.pool.fetchval("SELECT 1")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


async def description(context: GatewayContext, request: Request) -> Response:
    """Return the OpenAPI document."""
    del context
    return JSONResponse(request.app.state.openapi)


OPERATIONS = (
    Operation(
        method="GET", path="/health", summary="Say whether the gateway serves", open_=health, answers={200: Health}
    ),
    Operation(method="GET", path="/openapi.json", summary="This description", open_=description, answers={200: None}),
)
