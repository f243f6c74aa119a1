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

from activities.store.signed_requests import belonging
from starter.client.errors import WrongUse
from starter.client.message_input import party
from starter.http.gateway import signed_requests
from starter.http.gateway.clients import Client
from starter.http.gateway.context import House
from starter.http.gateway.problems import Problem, not_allowed, not_found, unread
from starter.http.gateway.signed_requests import body_of
from workflows.answers import Code
from workflows.parties import Party
from workflows.vocabulary import Role


async def require_access(house: House, complaint: str, party: Party) -> None:
    """Raise Problem 404 unless a complaint is there and the party has to do with it.

    A filing that was accepted and is not registered yet is the buyer's already; others do not know of it.
    """
    known = await belonging(house.pool, complaint)
    if known is not None:
        if not known.concerns(party):
            raise not_found()
        return
    filed = await house.inbox.filing_of(complaint)
    hidden = party.role in (Role.SELLER, Role.CARRIER) or (party.role is Role.BUYER and filed and filed.sender != party)
    if filed is None or hidden:
        raise not_found()


_BODILESS = frozenset({"GET", "HEAD", "DELETE"})


@dataclass(frozen=True)
class Call:
    """A request that is believed: whose it is, its id, and the body as it came."""

    house: House
    client: Client
    id: str
    body: bytes
    path: Mapping[str, str]
    query: Mapping[str, str]

    def may_speak_as(self, party: Party) -> None:
        """Raise Problem 403 unless the client may speak for that party."""
        if not self.client.speaks_as(party):
            raise not_allowed(f"client {self.client.id} may not speak for {party}", Code.WRONG_SENDER)

    def speaker(self, named: str) -> Party:
        """Return the party named as role:id, whom the client speaks for; raises Problem 403, 422."""
        try:
            who = party(named)
        except WrongUse as wrong:
            raise unread(f"as: {wrong}") from None
        self.may_speak_as(who)
        return who

    @property
    def reader(self) -> Party:
        """Who reads: the query's `as=role:id`; raises Problem 403, 422."""
        return self.speaker(self.query.get("as", ""))

    def count(self, complaint: str) -> None:
        """Count a request about a complaint; raises Problem 429."""
        self.house.limits.take(self.client.id, self.client.allowance, self.house.clock(), complaint)

    async def once(self) -> None:
        """Use the id up, for what keeps nothing in the inbox; raises Problem 409 when it was used before."""
        if not await self.house.requests.use(self.client.id, self.id):
            raise Problem(
                "id-used", f"{signed_requests.ID} {self.id} was used before: give each request an id of its own"
            )

    async def again(self) -> bool:
        """Keep the id for good, for what keeps nothing in the inbox; says whether the same body came under it before.

        Raises Problem 409 when another one did, or the id was used for a read.
        """
        kept = await self.house.requests.keep(self.client.id, self.id, hashlib.sha256(self.body).hexdigest())
        if kept == "other":
            raise Problem(
                "id-used", f"{signed_requests.ID} {self.id} was used before with another body: use a fresh one"
            )
        return kept == "same"


AS = {"as": "for whom, as role:id, for example buyer:b-1; the client must speak for them"}
"""The query of whatever is read for somebody."""


def as_read(answer: BaseModel) -> Response:
    """Return what was read."""
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json")


Answering = Callable[[Call], Awaitable[Response]]
Open = Callable[[House, Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path: what serves it, and what the description says of it.

    `signed` serves what a client signed; `open_` serves everybody and answers for its own security.
    """

    method: str
    path: str
    summary: str
    told: str = ""
    signed: Answering | None = None
    open_: Open | None = None
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
        """The route for Starlette."""
        return Route(self.path, self._serve, methods=[self.method])

    async def _serve(self, request: Request) -> Response:
        house: House = request.app.state.house
        structlog.contextvars.bind_contextvars(door=f"{self.method} {self.path}")
        if self.signed is not None:
            return await self.signed(await believed(house, request))
        if self.open_ is not None:
            return await self.open_(house, request)
        raise not_found()


async def believed(house: House, request: Request) -> Call:
    """Read a request and check who signed it; raises Problem 401, 408, 413, 429."""
    body = await body_of(request, seconds=house.patience)
    now = house.clock()
    envelope = signed_requests.envelope(request.headers, now)
    client = house.clients.get(envelope.client)
    signed = target(request) if request.method in _BODILESS else body
    if (
        not signed_requests.verify(envelope, signed, client.keys if client else signed_requests.DUMMY_KEYS)
        or client is None
    ):
        raise signed_requests.wrong_signature()
    structlog.contextvars.bind_contextvars(client=client.id, request=envelope.request)
    house.limits.take(client.id, client.allowance, now)
    return Call(house, client, envelope.request, body, request.path_params, request.query_params)


def target(request: Request) -> bytes:
    """Return what stands in for the body where there is none: method, path and query as they came."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    return f"{request.method} ".encode() + path + (b"?" + query if query else b"")
