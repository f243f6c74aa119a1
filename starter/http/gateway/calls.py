"""A call to an operation: body read, signature verified, rate limited, authorised; then handed to its handler."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activities.store.signed_requests import ownership
from starter.client.errors import WrongUse
from starter.client.message_input import parse_party
from starter.http.gateway import signed_requests
from starter.http.gateway.clients import Client
from starter.http.gateway.context import GatewayContext
from starter.http.gateway.problems import Problem, malformed, not_allowed, not_found
from starter.http.gateway.signed_requests import body_of
from workflows.answers import Code
from workflows.parties import Party
from workflows.vocabulary import Role


async def require_access(context: GatewayContext, complaint: str, party: Party) -> None:
    """Authorise access to a complaint: raise Problem 404 unless it exists and concerns the party.

    A filing that is accepted and not registered yet is accessible to its filer only.
    """
    known = await ownership(context.pool, complaint)
    if known is not None:
        if not known.concerns(party):
            raise not_found()
        return
    filed = await context.inbox.filing_of(complaint)
    hidden = party.role in (Role.SELLER, Role.CARRIER) or (party.role is Role.BUYER and filed and filed.sender != party)
    if filed is None or hidden:
        raise not_found()


_BODILESS = frozenset({"GET", "HEAD", "DELETE"})


@dataclass(frozen=True)
class Call:
    """An authenticated request: client, request id (idempotency key), body as received."""

    context: GatewayContext
    client: Client
    id: str
    body: bytes
    path: Mapping[str, str]
    query: Mapping[str, str]

    def may_speak_as(self, party: Party) -> None:
        """Raise Problem 403 unless the client may act for that party."""
        if not self.client.speaks_as(party):
            raise not_allowed(f"client {self.client.id} may not speak for {party}", Code.WRONG_SENDER)

    def speaker(self, named: str) -> Party:
        """Return the party named as role:id, if the client may act for it; raises Problem 403, 422."""
        try:
            who = parse_party(named)
        except WrongUse as wrong:
            raise malformed(f"as: {wrong}") from None
        self.may_speak_as(who)
        return who

    @property
    def reader(self) -> Party:
        """The reading party, from the query `as=role:id`; raises Problem 403, 422."""
        return self.speaker(self.query.get("as", ""))

    def count(self, complaint: str) -> None:
        """Apply the client's rate limit per complaint; raises Problem 429."""
        self.context.limits.take(self.client.id, self.client.allowance, self.context.clock(), complaint)

    async def use_request_id(self) -> None:
        """Use up the request id, where nothing is stored in the inbox; raises Problem 409 if it was used before."""
        if not await self.context.requests.use(self.client.id, self.id):
            raise Problem(
                "id-used", f"{signed_requests.ID} {self.id} was used before: give each request an id of its own"
            )

    async def is_repeated(self) -> bool:
        """Record the request id with a digest of the body; returns whether the same request came before.

        For requests that leave nothing in the inbox. Raises Problem 409 if the id was used with another body.
        """
        kept = await self.context.requests.keep(self.client.id, self.id, hashlib.sha256(self.body).hexdigest())
        if kept == "other":
            raise Problem(
                "id-used", f"{signed_requests.ID} {self.id} was used before with another body: use a fresh one"
            )
        return kept == "same"


AS = {"as": "for whom, as role:id, for example buyer:b-1; the client must speak for them"}
"""The query of every read operation."""


def json_response(answer: BaseModel) -> Response:
    """Return a JSON response."""
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json")


SignedHandler = Callable[[Call], Awaitable[Response]]
OpenHandler = Callable[[GatewayContext, Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path: its handler, and its part of the OpenAPI document.

    `signed` handles authenticated requests; `open_` handles anonymous ones and verifies senders itself.
    """

    method: str
    path: str
    summary: str
    description: str = ""
    signed: SignedHandler | None = None
    open_: OpenHandler | None = None
    body: type[BaseModel] | Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    problems: Sequence[str] = ()
    media: str = "application/json"
    answers_in: str = "application/json"
    example: Mapping[str, Any] | None = None

    @property
    def route(self) -> Route:
        """The Starlette route."""
        return Route(self.path, self._serve, methods=[self.method])

    async def _serve(self, request: Request) -> Response:
        context: GatewayContext = request.app.state.context
        structlog.contextvars.bind_contextvars(door=f"{self.method} {self.path}")
        if self.signed is not None:
            return await self.signed(await authenticate(context, request))
        if self.open_ is not None:
            return await self.open_(context, request)
        raise not_found()


async def authenticate(context: GatewayContext, request: Request) -> Call:
    """Read a request, verify its signature, apply the rate limit; raises Problem 401, 408, 413, 429."""
    body = await body_of(request, seconds=context.body_seconds)
    now = context.clock()
    envelope = signed_requests.envelope(request.headers, now)
    client = context.clients.get(envelope.client)
    signed = signed_target(request) if request.method in _BODILESS else body
    if (
        not signed_requests.verify(envelope, signed, client.keys if client else signed_requests.DUMMY_KEYS)
        or client is None
    ):
        raise signed_requests.wrong_signature()
    structlog.contextvars.bind_contextvars(client=client.id, request=envelope.request)
    context.limits.take(client.id, client.allowance, now)
    return Call(context, client, envelope.request, body, request.path_params, request.query_params)


def signed_target(request: Request) -> bytes:
    """Return the signed content of a request without body: method, path and query as received."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    return f"{request.method} ".encode() + path + (b"?" + query if query else b"")
