"""One HTTP call to a partner, within a total time and a bounded size; trusted only after its model has read it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from activities.errors import PartnerConfused, PartnerUnreachable
from activities.partners.signing import Signer

M = TypeVar("M", bound=BaseModel)

CALL_SECONDS = 4.0
"""One call in all: a look-up and a send together stay below a start-to-close of 10 s."""

BIGGEST_ANSWER = 256 * 1024
"""Bytes; far above any answer of a partner, far below what would hurt a worker."""

LATER = frozenset({408, 425, 429})
"""Client errors that mean "later", beside every 5xx."""

UNBELIEVED = frozenset({401, 403})
"""The partner does not take the request for ours: mended by people, on one side or the other."""

LONGEST_RETRY_AFTER = timedelta(hours=1)
"""A partner may ask for patience, not stop a refund for days by one header."""


class Answer(NamedTuple):
    """A partner's answer as it came: nothing in it is believed yet."""

    status: int
    content: bytes


class _Refusal(BaseModel):
    model_config = ConfigDict(strict=True)

    code: str
    text: str = ""


class Partner:
    """A partner's address and the connection to it; the client is closed with it only if it made one itself.

    With a signer every request is signed.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        client: httpx2.AsyncClient | None = None,
        seconds: float = CALL_SECONDS,
        signer: Signer | None = None,
    ) -> None:
        self.name, self.base_url, self.seconds, self._signer = name, base_url.rstrip("/"), seconds, signer
        self._owned = client is None
        # trust_env: partners are addressed directly; where a proxy is needed, hand in a client that knows it.
        self._client = client or httpx2.AsyncClient(trust_env=False)

    async def aclose(self) -> None:
        """Close the connection if it is this partner's own."""
        if self._owned:
            await self._client.aclose()

    async def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        key: str | None = None,
        biggest: int = BIGGEST_ANSWER,
    ) -> Answer:
        """Return the partner's answer, its size bounded; raises PartnerUnreachable for none, 5xx and "later"."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} if content is not None else {}
        headers |= {"Idempotency-Key": key} if key is not None else {}
        return await self.exchange(method, path, content, headers, biggest)

    async def exchange(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: dict[str, str],
        biggest: int = BIGGEST_ANSWER,
    ) -> Answer:
        """Do the same with a body of any kind, whose type the headers name."""
        headers = {"Accept": "application/json", **headers}
        try:
            async with asyncio.timeout(self.seconds):
                return await self._stream(method, f"{self.base_url}{path}", content, headers, biggest)
        except TimeoutError:
            raise self.unreachable(f"did not answer within {self.seconds:g} s") from None
        except httpx2.TransportError as wrong:
            raise self.unreachable(f"cannot be reached ({str(wrong) or type(wrong).__name__})") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as wrong:
            raise self.confused(f"gave an answer that is not HTTP as we know it ({wrong})") from None

    async def _stream(
        self, method: str, url: str, content: bytes | None, headers: dict[str, str], biggest: int
    ) -> Answer:
        if self._signer is not None:
            target = httpx2.URL(url).raw_path.decode("ascii")
            headers = headers | self._signer.headers(method, target, content or b"")
        # The time of the whole call is bounded around this, so the client's own clocks, each per step, are off.
        async with self._client.stream(method, url, content=content, headers=headers, timeout=None) as response:
            if response.status_code >= 500 or response.status_code in LATER:
                raise self.unreachable(f"answered {response.status_code}", retry_after(response))
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > biggest:
                    raise self.confused(f"answered with more than {biggest} bytes")
            return Answer(response.status_code, bytes(received))

    def read(self, model: type[M], answer: Answer) -> M:
        """Return the answer as that model; raises PartnerConfused with the places, never with the content."""
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as wrong:
            faults = wrong.errors(include_url=False, include_input=False, include_context=False)
            places = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in faults[:5])
            raise self.confused(f"gave an answer ({answer.status}) that cannot be read: {places}") from None

    def code_of(self, answer: Answer) -> str:
        """Return the code of a refusal, so that a stray 404 of a wrong address is never taken for a finding."""
        return self.read(_Refusal, answer).code

    def unexpected(self, answer: Answer) -> PartnerConfused:
        """Return what to raise for an answer that should not be: with its code and text if it has them."""
        if answer.status in UNBELIEVED:
            return self._unbelieved(answer)
        try:
            refusal = _Refusal.model_validate_json(answer.content)
        except ValidationError:
            return self.confused(f"answered {answer.status} where that makes no sense")
        return self.confused(f"answered {answer.status} {refusal.code[:100]}: {refusal.text[:300]}")

    def _unbelieved(self, answer: Answer) -> PartnerConfused:
        try:
            said = _Refusal.model_validate_json(answer.content)
            why = f" {said.code[:100]}: {said.text[:300]}"
        except ValidationError:
            why = ""
        return self.confused(
            f"does not believe that it is we who ask ({answer.status}{why}) and did nothing; "
            "compare the secret or key that requests are signed with on both sides, and the clocks"
        )

    def unreachable(self, what: str, retry_after: timedelta | None = None) -> PartnerUnreachable:
        """Return what to raise when there is no answer."""
        text = f"{self.name} at {self.base_url} {what}; whether it acted is unknown, so it is asked again by key"
        return PartnerUnreachable(text, retry_after)

    def confused(self, what: str) -> PartnerConfused:
        """Return what to raise when the answer contradicts what we sent or cannot be read."""
        return PartnerConfused(
            f"{self.name} at {self.base_url} {what}; check its address and version, and compare its book with the case"
        )


def segment(name: str) -> str:
    """Return an id as one segment of a path, whatever printable characters it has."""
    quoted = quote(name, safe="")
    # A client takes `.` and `..` for directions; everything else is safe once it is quoted.
    return quoted.replace(".", "%2E") if quoted in (".", "..") else quoted


class PartnerClient:
    """What every adapter is: a partner, closed with `aclose()` or at the end of `async with`."""

    NAME = "the partner"

    def __init__(
        self,
        base_url: str,
        *,
        client: httpx2.AsyncClient | None = None,
        seconds: float = CALL_SECONDS,
        signer: Signer | None = None,
    ) -> None:
        self._partner = Partner(self.NAME, base_url, client, seconds, signer)

    async def aclose(self) -> None:
        """Close the connection if it is this adapter's own."""
        await self._partner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def retry_after(response: httpx2.Response) -> timedelta | None:
    """Return how long the answer asks to wait, at most an hour; None if it does not say."""
    given = response.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        # More than nine digits would not fit into a timedelta, and mean no more than "long".
        return min(timedelta(seconds=int(given[:9])), LONGEST_RETRY_AFTER)
    try:
        wait = parsedate_to_datetime(given) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return min(max(wait, timedelta()), LONGEST_RETRY_AFTER)
