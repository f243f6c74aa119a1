"""The doors that anybody may use: whether the gateway serves, and what it serves."""

import asyncio
from typing import Literal

import asyncpg
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from starter.http.gateway.calls import Operation
from starter.http.gateway.context import House

_LOOK_SECONDS = 1.0


class Health(BaseModel):
    """The gateway serves; while the database is away nothing is accepted (503)."""

    status: Literal["ok"] = "ok"
    database: Literal["ok", "away"]


async def health(house: House, request: Request) -> Response:
    """Say whether the gateway serves, and whether it can accept."""
    del request
    look, now = house.look, asyncio.get_running_loop().time
    async with look.turn:
        if now() >= look.until:
            look.database = await _answers(house)
            look.until = now() + _LOOK_SECONDS
    return JSONResponse(Health(database="ok" if look.database else "away").model_dump())


async def _answers(house: House) -> bool:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            await house.pool.fetchval("SELECT 1")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


async def description(house: House, request: Request) -> Response:
    """Return the description of every door."""
    del house
    return JSONResponse(request.app.state.openapi)


OPERATIONS = (
    Operation(
        method="GET", path="/health", summary="Say whether the gateway serves", open_=health, answers={200: Health}
    ),
    Operation(method="GET", path="/openapi.json", summary="This description", open_=description, answers={200: None}),
)
