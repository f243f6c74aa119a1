"""HTTP calls to partners: total timeout, bounded size, answers validated by a model, errors as PartnerError."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from activities.errors import PartnerProtocolError, PartnerUnreachable
from activities.partners.signing import Signer

M = TypeVar("M", bound=BaseModel)

CALL_SECONDS = 4.0
"""Timeout of one call: a look-up and a send together stay below a start-to-close of 10 s."""

MAX_ANSWER_BYTES = 256 * 1024
"""Far above any regular answer, far below what would hurt a worker."""

RETRYABLE = frozenset({408, 425, 429})
"""Retryable client errors, beside every 5xx."""

UNAUTHENTICATED = frozenset({401, 403})
"""The partner does not accept our credentials: operators fix that, on one side or the other."""

LONGEST_RETRY_AFTER = timedelta(hours=1)
"""Upper bound of Retry-After: one header must not stop a refund for days."""


class Answer(NamedTuple):
    """A partner's answer, not validated yet."""

    status: int
    content: bytes


class _Refusal(BaseModel):
    model_config = ConfigDict(strict=True)

    code: str
    text: str = ""


class Partner:
    """HTTP connection to one partner; with a signer every request is signed. Closes the client only if it made it."""

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
        # trust_env: no proxy from the environment; where one is needed, pass a client configured for it.
        self._client = client or httpx2.AsyncClient(trust_env=False)

    async def aclose(self) -> None:
        """Close the client if it is our own."""
        if self._owned:
            await self._client.aclose()

    async def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        key: str | None = None,
        biggest: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        """Send JSON; `key` is the idempotency key. Raises PartnerUnreachable for no answer, RETRYABLE and 5xx."""
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
        biggest: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        """Like `call`, with a body of any content type."""
        headers = {"Accept": "application/json", **headers}
        try:
            async with asyncio.timeout(self.seconds):
                return await self._stream(method, f"{self.base_url}{path}", content, headers, biggest)
        except TimeoutError:
            raise self.unreachable(f"did not answer within {self.seconds:g} s") from None
        except httpx2.TransportError as wrong:
            raise self.unreachable(f"cannot be reached ({str(wrong) or type(wrong).__name__})") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as wrong:
            raise self.protocol_error(f"gave an answer that is not HTTP as we know it ({wrong})") from None

    async def _stream(
        self, method: str, url: str, content: bytes | None, headers: dict[str, str], biggest: int
    ) -> Answer:
        if self._signer is not None:
            target = httpx2.URL(url).raw_path.decode("ascii")
            headers = headers | self._signer.headers(method, target, content or b"")
        # The whole call is bounded by the caller, so the client's own timeouts, each per step, are off.
        async with self._client.stream(method, url, content=content, headers=headers, timeout=None) as response:
            if response.status_code >= 500 or response.status_code in RETRYABLE:
                raise self.unreachable(f"answered {response.status_code}", retry_after(response))
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > biggest:
                    raise self.protocol_error(f"answered with more than {biggest} bytes")
            return Answer(response.status_code, bytes(received))

    def decode(self, model: type[M], answer: Answer) -> M:
        """Validate an answer; raises PartnerProtocolError naming the invalid places, never their content."""
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as wrong:
            faults = wrong.errors(include_url=False, include_input=False, include_context=False)
            places = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in faults[:5])
            raise self.protocol_error(f"gave an answer ({answer.status}) that cannot be read: {places}") from None

    def error_code(self, answer: Answer) -> str:
        """Return the error code in the body, so that a 404 of a wrong URL is not taken for a result."""
        return self.decode(_Refusal, answer).code

    def unexpected(self, answer: Answer) -> PartnerProtocolError:
        """Return the error to raise for an unexpected status, with code and text of the body if there are any."""
        if answer.status in UNAUTHENTICATED:
            return self._unauthenticated(answer)
        try:
            refusal = _Refusal.model_validate_json(answer.content)
        except ValidationError:
            return self.protocol_error(f"answered {answer.status} where that makes no sense")
        return self.protocol_error(f"answered {answer.status} {refusal.code[:100]}: {refusal.text[:300]}")

    def _unauthenticated(self, answer: Answer) -> PartnerProtocolError:
        try:
            refusal = _Refusal.model_validate_json(answer.content)
            why = f" {refusal.code[:100]}: {refusal.text[:300]}"
        except ValidationError:
            why = ""
        return self.protocol_error(
            f"does not accept our signature ({answer.status}{why}) and did nothing; "
            "compare the secret or key that requests are signed with on both sides, and the clocks"
        )

    def unreachable(self, what: str, retry_after: timedelta | None = None) -> PartnerUnreachable:
        """Return the error to raise when there is no answer."""
        text = f"{self.name} at {self.base_url} {what}; whether it acted is unknown, so it is asked again by key"
        return PartnerUnreachable(text, retry_after)

    def protocol_error(self, what: str) -> PartnerProtocolError:
        """Return the error to raise when the answer contradicts the request or cannot be decoded."""
        return PartnerProtocolError(
            f"{self.name} at {self.base_url} {what}; check its address and version, and compare its book with the case"
        )


def path_segment(name: str) -> str:
    """Return an id percent-encoded as one path segment."""
    quoted = quote(name, safe="")
    # HTTP clients resolve `.` and `..`.
    return quoted.replace(".", "%2E") if quoted in (".", "..") else quoted


class PartnerClient:
    """Base class of adapters; close with `aclose()` or `async with`."""

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
        """Close the client if it is our own."""
        await self._partner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def retry_after(response: httpx2.Response) -> timedelta | None:
    """Return Retry-After (seconds or date), at most an hour; None without one."""
    given = response.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        # More than nine digits would not fit into a timedelta, and mean no more than "long".
        return min(timedelta(seconds=int(given[:9])), LONGEST_RETRY_AFTER)
    try:
        wait = parsedate_to_datetime(given) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return min(max(wait, timedelta()), LONGEST_RETRY_AFTER)
