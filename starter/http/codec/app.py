"""`/decode` and `/encode` for the web UI and the `temporal` CLI: authenticated readers, CORS for the web UI only."""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Collection, Sequence
from html import escape
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from starter.http.codec.readers import Readers
from starter.http.gateway.problems import Problem
from starter.http.gateway.signed_requests import body_of
from workflows.complaint.decoding import SEALED

_log = structlog.stdlib.get_logger("redress.codec")

MOST_BYTES = 16 << 20
"""Largest body: a page of history; one payload has at most two megabytes."""

_AT_ONCE = 8
"""Concurrent bodies, which bounds memory."""

_SECONDS = 30.0
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="redress codec", charset="UTF-8"'}
_NAMESPACE = re.compile(r"[\w.-]{1,64}")
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, authorization-extras, content-type, x-namespace",
    "Access-Control-Max-Age": "600",
}


class CodecServer:
    """The codec server; `origins`: of the web UI; `ui`: its address, for the page after signing in."""

    def __init__(self, codec: PayloadCodec, readers: Readers, origins: Collection[str], ui: str | None) -> None:
        self._codec, self._readers, self._origins, self._ui = codec, readers, frozenset(origins), ui
        self._room = asyncio.Semaphore(_AT_ONCE)

    def application(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/decode", self.answer, methods=["POST", "OPTIONS"]),
                Route("/encode", self.answer, methods=["POST", "OPTIONS"]),
                Route("/health", _health),
                Route("/", self.signed_in),
            ]
        )

    async def answer(self, request: Request) -> Response:
        """Decode or encode payloads; failures are problem responses."""
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            _log.warning("another page asks", origin=origin[:100])
            return Problem(
                "not-allowed", f"only the web UI at {', '.join(self._origins) or 'no address'} may ask"
            ).response()
        try:
            response = await self._allowed(request)
        except Problem as problem:
            response = problem.response()
        except (TimeoutError, ClientDisconnect):
            response = Problem("too-slow", f"the request did not arrive within {_SECONDS:g} s").response()
        response.headers.update(_NO_STORE)
        if origin is not None:
            credentials = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
            response.headers.update(credentials | {"Vary": "Origin"})
        return response

    async def _allowed(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        reader, what = self._reader(request), request.url.path.removeprefix("/")
        async with asyncio.timeout(_SECONDS), self._room:
            given = payloads_in(await body_of(request, MOST_BYTES))
            answered = await (self._codec.encode(given) if what == "encode" else self._codec.decode(given))
        shut = sum(one.metadata.get("encoding") == SEALED for one in answered) if what == "decode" else 0
        namespace = request.headers.get("x-namespace", "")
        known = namespace if _NAMESPACE.fullmatch(namespace) else None
        _log.info(what, reader=reader, namespace=known, payloads=len(answered), not_opened=shut)
        return JSONResponse({"payloads": [_encoded(one) for one in answered]})

    def _reader(self, request: Request) -> str:
        reader = self._readers.authenticate(request.headers.get("authorization", ""))
        if reader is None:
            _log.warning("nobody we know", path=request.url.path, said="authorization" in request.headers)
            raise Problem(
                "not-signed", "sign in as a reader: Bearer <secret>, or Basic <name:secret>", headers=_CHALLENGE
            )
        return reader

    async def signed_in(self, request: Request) -> Response:
        """Let a browser sign in, and explain the settings of the web UI."""
        try:
            reader = self._reader(request)
        except Problem as problem:
            return Response("Sign in as a reader.\n", 401, problem.headers | _NO_STORE)
        page = _PAGE.format(
            reader=escape(reader), ui=escape(self._ui or ""), codec=escape(str(request.base_url).rstrip("/"))
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": "default-src 'none'", **_NO_STORE})


async def _health(_: Request) -> Response:
    return JSONResponse({"serves": "the codec"})


def payloads_in(body: bytes) -> Sequence[Payload]:
    """Decode payloads from protobuf JSON; raises Problem 422."""
    try:
        given = json.loads(body)
        return [_payload(one) for one in given.get("payloads", [])]  # protobuf JSON omits an empty list
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        text = 'send {"payloads": [{"metadata": {"encoding": "<base64>"}, "data": "<base64>"}]}'
        raise Problem("refused", text) from None


def _payload(given: dict[str, Any]) -> Payload:
    metadata = {name: base64.b64decode(value, validate=True) for name, value in (given.get("metadata") or {}).items()}
    return Payload(metadata=metadata, data=base64.b64decode(given.get("data") or "", validate=True))


def _encoded(payload: Payload) -> dict[str, Any]:
    metadata = {name: base64.b64encode(value).decode() for name, value in payload.metadata.items()}
    return {"metadata": metadata, "data": base64.b64encode(payload.data).decode()}


_PAGE = """<!doctype html><meta charset="utf-8"><title>Redress codec</title>
<h1>Signed in as {reader}</h1>
<p>This browser may now open sealed payloads. Once, in the <a href="{ui}">web UI</a>: press the button of the codec
server at the top right, choose <em>Use my browser setting</em>, give the address <code>{codec}</code>, tick
<em>Include cross-origin credentials</em>, apply, and load the page again.</p>
"""
