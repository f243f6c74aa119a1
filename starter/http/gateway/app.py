"""The gateway as one web application: every door, every failure an answer, what runs beside."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from http import HTTPStatus

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from activities.errors import error_label, raised_at
from starter.client.error_mapping import problem_type
from starter.http.gateway.context import House
from starter.http.gateway.dispatcher import Relay
from starter.http.gateway.openapi import described
from starter.http.gateway.problems import Problem, not_found, not_now, unread
from starter.http.gateway.resources import OPERATIONS
from starter.http.gateway.signed_requests import CLOSE

_log = structlog.stdlib.get_logger("redress.gateway")

ANSWER_SECONDS = 30.0
"""For one request from its head to the end of its answer: nobody holds a connection longer by reading slowly."""

_REMEMBERED = timedelta(minutes=15)
"""Longer than any signature is believed: five minutes from either clock."""

_TIDY_SECONDS = 60.0

Beside = Callable[[House], Awaitable[None]]


async def forget_old_requests(house: House) -> None:
    """Forget the ids of requests whose signatures are no longer believed, again and again."""
    while True:
        await house.requests.forget(_REMEMBERED)
        await asyncio.sleep(_TIDY_SECONDS)


async def deliver(house: House) -> None:
    """Deliver what the inbox has accepted."""
    await Relay(house.inbox, house.complaints, house.arrived).run()


BESIDE: Sequence[Beside] = (forget_old_requests, deliver)
"""What runs beside the doors for as long as the gateway does; what fails is logged and begun again."""


def application(house: House, beside: Sequence[Beside] = BESIDE) -> Starlette:
    """Return the application."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_kept_going(work, house)) for work in beside]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = Starlette(routes=[operation.route for operation in OPERATIONS], lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.house = house
    app.state.openapi = described(OPERATIONS)
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_middleware(_Answering)
    return app


async def _kept_going(work: Beside, house: House) -> None:
    while True:
        try:
            await work(house)
            return
        except Exception as wrong:  # noqa: BLE001 - whatever stood in the way, it goes on
            _log.warning("goes on in a moment", work=work.__name__, reason=error_label(wrong), where=raised_at(wrong))
            await asyncio.sleep(1)


async def _unrouted(request: Request, wrong: Exception) -> Response:
    status = wrong.status_code if isinstance(wrong, HTTPException) else 500
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        known = ", ".join(sorted(_methods(request)))
        return Problem("no-such-method", f"this door knows {known}", headers={"Allow": known}).response()
    return not_found("there is no such door: see /openapi.json").response()


def _methods(request: Request) -> set[str]:
    """Return every method of a path; the router itself names those of one operation only."""
    doors = [one for one in request.app.routes if isinstance(one, Route)]
    fitting = [one for one in doors if one.matches(request.scope)[0] is not Match.NONE]
    return {method for one in fitting for method in one.methods or ()}


class _Answering:
    """Every exception becomes an answer and one log line; every request ends in time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        structlog.contextvars.clear_contextvars()
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"cache-control", b"no-store")]
            await send(message)

        try:
            _require_one_length(scope)
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._app(scope, receive, sent)
        except ClientDisconnect:
            return
        except Exception as wrong:  # noqa: BLE001 - its own text may be personal
            if status:  # too late to say it otherwise: the server cuts the connection, and logs what it is given
                _log.error("broke off in an answer", reason=error_label(wrong), where=raised_at(wrong))
                raise ConnectionAbortedError("an answer that had begun could not be ended") from None
            problem = as_problem(wrong)
            status = problem.status
            await problem.response()(scope, receive, sent)
        _log.info("answered", status=status)


def _require_one_length(scope: Scope) -> None:
    """Raise Problem 400 for a body with two lengths: a proxy may go by the other one, and mix up the answers."""
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}:
        raise Problem("not-http", "content-length and transfer-encoding: send one of them", headers=CLOSE)


def as_problem(wrong: Exception) -> Problem:
    """Say in the answer's words what went wrong."""
    if isinstance(wrong, Problem):
        return wrong
    match problem_type(wrong):
        case "not-now":
            _log.warning("a backend is away", reason=error_label(wrong), where=raised_at(wrong))
            return not_now("the database does not answer; nothing was taken in, or ask with the same id: send it again")
        case "not-found":
            return not_found()
        case "refused":
            return unread(str(wrong))
    _log.error("a fault of ours", reason=error_label(wrong), where=raised_at(wrong))
    return Problem("our-fault", "the gateway made a mistake of its own: send it again with the same id, and tell us")
