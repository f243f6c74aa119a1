"""The operator's client of the sandbox: what `redress sandbox …` calls."""

import ssl
from collections.abc import Sequence
from typing import Self, TypeVar

import httpx2
from pydantic import TypeAdapter, ValidationError

from workers.sandbox.faults import FaultLeft, FaultOrder
from workers.sandbox.shapes import (
    ArrivedNotice,
    Happening,
    Payment,
    Reversal,
    SandboxOrder,
    SellerAccount,
    Tracked,
    places,
)
from workflows.parties import Party

T = TypeVar("T")

_ORDERS, _SELLERS = TypeAdapter(list[SandboxOrder]), TypeAdapter(list[SellerAccount])
_BOOK, _INBOX = TypeAdapter(list[Payment]), TypeAdapter(list[ArrivedNotice])
_PAYMENT, _FAULT, _FAULTS = TypeAdapter(Payment), TypeAdapter(FaultLeft), TypeAdapter(list[FaultLeft])
_TRACKED = TypeAdapter(Tracked)


class SandboxUnreachable(Exception):  # noqa: N818 - named as the news it brings
    """The sandbox does not answer, or not as the sandbox would; the text says where and what to do."""


class SandboxRefused(ValueError):  # noqa: N818 - named as the news it brings
    """The sandbox does not take what was given; the text says which place and why."""


class SandboxClient:
    """Talks to a running sandbox; raises SandboxUnreachable and SandboxRefused, nothing else."""

    def __init__(self, base_url: str, timeout: float = 30.0) -> None:
        self._base_url = base_url
        # trust_env: the sandbox is on this machine, a proxy of the surroundings would only be in the way.
        # verify: no TLS on loopback; a context that trusts nobody spares each command reading every certificate.
        trusting_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx2.AsyncClient(base_url=base_url, timeout=timeout, trust_env=False, verify=trusting_nobody)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def put_orders(self, orders: Sequence[SandboxOrder]) -> None:
        """Put order lines into the order system; a line that is there is replaced."""
        await self._call("PUT", "/sandbox/orders", _ORDERS.dump_json(list(orders), exclude_none=True))

    async def put_sellers(self, sellers: Sequence[SellerAccount]) -> None:
        """Put sellers' deposits into the order system; a seller that is there is replaced."""
        await self._call("PUT", "/sandbox/sellers", _SELLERS.dump_json(list(sellers)))

    async def book(self, complaint: str | None = None) -> list[Payment]:
        """Return the payment provider's own book, of one complaint or whole."""
        return self._read(_BOOK, await self._call("GET", "/sandbox/book", complaint=complaint))

    async def inbox(self, to: Party | None = None) -> list[ArrivedNotice]:
        """Return the notices that arrived, of one recipient or of all."""
        return self._read(_INBOX, await self._call("GET", "/sandbox/inbox", to=str(to) if to else None))

    async def reverse(self, key: str) -> Payment:
        """Take a settled payment back; SandboxRefused where there is none, or its money has moved on."""
        body = Reversal(key=key).model_dump_json().encode()
        return self._read(_PAYMENT, await self._call("POST", "/sandbox/reversals", body))

    async def fault(
        self, partner: str, mode: str, times: int = 1, operation: str | None = None, complaint: str | None = None
    ) -> FaultLeft:
        """Let the next `times` calls of a partner go wrong; SandboxRefused lists what exists."""
        try:
            order = FaultOrder.model_validate(
                {"partner": partner, "mode": mode, "times": times, "operation": operation, "complaint": complaint}
            )
        except ValidationError as wrong:
            raise SandboxRefused(places(wrong)) from None
        body = order.model_dump_json(exclude_none=True).encode()
        return self._read(_FAULT, await self._call("POST", "/sandbox/faults", body))

    async def happen(self, happening: Happening) -> Tracked:
        """Let something happen to a parcel, and push it if somebody subscribed; returns all that is known of it."""
        body = happening.model_dump_json(exclude_none=True).encode()
        return self._read(_TRACKED, await self._call("POST", "/sandbox/parcels", body))

    async def faults(self) -> list[FaultLeft]:
        """Return the faults that still wait for calls."""
        return self._read(_FAULTS, await self._call("GET", "/sandbox/faults"))

    async def _call(self, method: str, path: str, body: bytes | None = None, **query: str | None) -> bytes:
        wanted = {name: value for name, value in query.items() if value is not None}
        try:
            answer = await self._http.request(method, path, content=body, params=wanted)
        except (httpx2.HTTPError, httpx2.InvalidURL) as wrong:
            raise SandboxUnreachable(self._unreachable(str(wrong) or type(wrong).__name__)) from None
        if answer.status_code in (409, 413, 422) or _code_of(answer) == "no_such_payment":
            raise SandboxRefused(_text_of(answer))
        if not answer.is_success:
            raise SandboxUnreachable(self._unreachable(f"it answered {answer.status_code}: {_text_of(answer)}"))
        return answer.content

    def _read(self, adapter: TypeAdapter[T], content: bytes) -> T:
        try:
            return adapter.validate_json(content)
        except ValidationError:
            raise SandboxUnreachable(self._unreachable("it does not answer as the sandbox would")) from None

    def _unreachable(self, why: str) -> str:
        return f"the sandbox partners at {self._base_url} cannot be used ({why}); is `redress up` running?"


def _text_of(answer: httpx2.Response) -> str:
    return _said(answer, "text") or answer.reason_phrase


def _code_of(answer: httpx2.Response) -> str:
    return "" if answer.is_success else _said(answer, "code")


def _said(answer: httpx2.Response, name: str) -> str:
    try:
        return str(answer.json()[name])
    except (ValueError, KeyError, TypeError):
        return ""
