"""The ASGI application: routes, errors as problem responses, background tasks."""

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
from starter.http.gateway.context import GatewayContext
from starter.http.gateway.dispatcher import InboxDispatcher
from starter.http.gateway.openapi import openapi_document
from starter.http.gateway.problems import Problem, malformed, not_found, unavailable
from starter.http.gateway.resources import OPERATIONS
from starter.http.gateway.signed_requests import CLOSE

_log = structlog.stdlib.get_logger("redress.gateway")

ANSWER_SECONDS = 30.0
"""Timeout of one request, from its head to the end of its response: slow readers hold no connection longer."""

_REMEMBERED = timedelta(minutes=15)
"""Longer than a signature is valid (five minutes of clock skew either way)."""

_TIDY_SECONDS = 60.0

BackgroundTask = Callable[[GatewayContext], Awaitable[None]]


async def forget_old_requests(context: GatewayContext) -> None:
    """Delete the ids of requests whose signatures have expired, until cancelled."""
    while True:
        await context.requests.forget(_REMEMBERED)
        await asyncio.sleep(_TIDY_SECONDS)


async def dispatch_inbox(context: GatewayContext) -> None:
    """Deliver accepted messages to their complaints, until cancelled."""
    await InboxDispatcher(context.inbox, context.complaints, context.arrived).run()


BACKGROUND_TASKS: Sequence[BackgroundTask] = (forget_old_requests, dispatch_inbox)
"""Background tasks of the gateway; a failure is logged and the task restarted."""


def application(context: GatewayContext, background: Sequence[BackgroundTask] = BACKGROUND_TASKS) -> Starlette:
    """Return the application."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_restart_on_failure(work, context)) for work in background]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = Starlette(routes=[operation.route for operation in OPERATIONS], lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.context = context
    app.state.openapi = openapi_document(OPERATIONS)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_middleware(_ErrorMiddleware)
    return app


async def _restart_on_failure(work: BackgroundTask, context: GatewayContext) -> None:
    while True:
        try:
            await work(context)
            return
        except Exception as wrong:  # noqa: BLE001 - any failure: restart the task
            _log.warning("goes on in a moment", work=work.__name__, reason=error_label(wrong), where=raised_at(wrong))
            await asyncio.sleep(1)


async def _no_route(request: Request, wrong: Exception) -> Response:
    status = wrong.status_code if isinstance(wrong, HTTPException) else 500
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        known = ", ".join(sorted(_methods(request)))
        return Problem("no-such-method", f"this door knows {known}", headers={"Allow": known}).response()
    return not_found("there is no such door: see /openapi.json").response()


def _methods(request: Request) -> set[str]:
    """Return every method of a path; the router lists those of one operation only."""
    doors = [one for one in request.app.routes if isinstance(one, Route)]
    fitting = [one for one in doors if one.matches(request.scope)[0] is not Match.NONE]
    return {method for one in fitting for method in one.methods or ()}


class _ErrorMiddleware:
    """Turn every exception into a problem response, log one line per request, enforce the timeout."""

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
        except Exception as wrong:  # noqa: BLE001 - its text may hold personal data
            if status:  # the response has begun: the server aborts the connection and logs this error
                _log.error("broke off in an answer", reason=error_label(wrong), where=raised_at(wrong))
                raise ConnectionAbortedError("an answer that had begun could not be ended") from None
            problem = as_problem(wrong)
            status = problem.status
            await problem.response()(scope, receive, sent)
        _log.info("answered", status=status)


def _require_one_length(scope: Scope) -> None:
    """Raise Problem 400 for two body lengths (request smuggling)."""
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}:
        raise Problem("not-http", "content-length and transfer-encoding: send one of them", headers=CLOSE)


def as_problem(wrong: Exception) -> Problem:
    """Map an exception to a problem response, by the table of `error_mapping.py`."""
    if isinstance(wrong, Problem):
        return wrong
    match problem_type(wrong):
        case "not-now":
            _log.warning("a backend is away", reason=error_label(wrong), where=raised_at(wrong))
            return unavailable(
                "the database does not answer; nothing was taken in, or ask with the same id: send it again"
            )
        case "not-found":
            return not_found()
        case "refused":
            return malformed(str(wrong))
    _log.error("a fault of ours", reason=error_label(wrong), where=raised_at(wrong))
    return Problem("our-fault", "the gateway made a mistake of its own: send it again with the same id, and tell us")
