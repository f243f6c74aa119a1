"""Requests as they come in: bodies bounded in size and time, JSON read one way only, Standard Webhooks signatures."""

import asyncio
import hmac
import json
import math
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from standardwebhooks import Webhook
from starlette.datastructures import Headers
from starlette.requests import Request
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from starter.client.errors import WrongUse
from starter.client.filing_input import read_object
from starter.http.gateway.problems import Problem, malformed, unauthenticated
from workflows.complaint.decoding import MOST_BYTES

BODY_SECONDS = 10.0
"""Timeout for a body of a quarter of a megabyte, over slow lines too."""

_DRAINED = 2 << 20
"""Bytes beyond the limit that are read and discarded, so that senders get a response, not a broken connection."""

CLOSE = {"Connection": "close"}


async def body_of(request: Request, most: int = MOST_BYTES, seconds: float = BODY_SECONDS) -> bytes:
    """Return the body; raises Problem 413 beyond `most` bytes, 408 after `seconds`."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most + _DRAINED:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            await _read_body(request, body, most)
    except TimeoutError:
        text = f"the body did not arrive within {seconds:g} s: send it again, in one go"
        raise Problem("too-slow", text, headers=CLOSE) from None
    return bytes(body)


async def _read_body(request: Request, body: bytearray, most: int) -> None:
    thrown = 0
    async for chunk in request.stream():
        if thrown or len(body) + len(chunk) > most:
            body.clear()
            thrown += len(chunk)
        else:
            body += chunk
        if thrown > _DRAINED:
            break
    if thrown:
        raise _too_large(most)


def _too_large(most: int) -> Problem:
    text = f"at most {most} bytes are read: send evidence as references, never as bytes"
    return Problem("too-large", text, headers=CLOSE)


def object_in(body: bytes) -> dict[str, Any]:
    """Decode a JSON object; raises Problem 422."""
    try:
        given = read_object(body.decode("utf-8"), "the body")
        json.dumps(given, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise malformed("the body is not UTF-8") from None
    except UnicodeEncodeError:
        raise malformed("the body holds half of a surrogate pair") from None
    except WrongUse as wrong:
        raise malformed(str(wrong)) from None
    return given


def as_raw(given: object) -> RawValue:
    """Return JSON as a payload for the workflow's decoder."""
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(given).encode()))


ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
CLIENT = "redress-client"

WINDOW = 300
"""Seconds of clock skew, either way; older requests are rejected as replays."""

ID_FORM = re.compile(r"[A-Za-z0-9_:-]{1,128}")
"""No full stop, which separates the signed parts."""

_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")
_MOST_SIGNATURES = 8


class Envelope(NamedTuple):
    """Signature headers, not verified yet."""

    client: str
    request: str
    timestamp: int
    signatures: tuple[str, ...]


def envelope(headers: Headers, now: float) -> Envelope:
    """Parse the signature headers; raises Problem 401 for missing, malformed or expired ones."""
    if twice := [name for name in (CLIENT, ID, TIMESTAMP, SIGNATURE) if len(headers.getlist(name)) > 1]:
        raise unauthenticated(f"{', '.join(twice)} occurs twice: whoever stands between us may read the other one")
    missing = [name for name in (CLIENT, ID, TIMESTAMP, SIGNATURE) if not headers.get(name)]
    if missing:
        raise unauthenticated(f"{', '.join(missing)} missing: sign each request (Standard Webhooks)")
    request, timestamp = headers[ID], headers[TIMESTAMP]
    if not ID_FORM.fullmatch(request):
        raise unauthenticated(f"{ID}: up to 128 letters, digits and _ : - are an id")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise unauthenticated(f"{TIMESTAMP}: write whole seconds since 1970")
    if abs(now - int(timestamp)) > WINDOW:
        raise unauthenticated(
            f"{TIMESTAMP}: not within {WINDOW} s of now ({math.floor(now)}): compare the clocks, sign again"
        )
    return Envelope(headers[CLIENT], request, int(timestamp), tuple(headers[SIGNATURE].split(" ")[:_MOST_SIGNATURES]))


def signed_headers(client: str, key: Webhook, request: str, signed: str, now: float) -> dict[str, str]:
    """Return the headers that sign a text at a time (seconds since 1970)."""
    at = datetime.fromtimestamp(now, UTC)
    signature = key.sign(request, at, signed)
    return {CLIENT: client, ID: request, TIMESTAMP: str(int(now)), SIGNATURE: signature}


def verify(envelope: Envelope, signed: bytes, keys: Sequence[Webhook]) -> bool:
    """Verify in constant time that one signature matches one of the keys over exactly these bytes."""
    try:
        text = signed.decode("utf-8")
    except UnicodeDecodeError:
        return False  # the standard signs text
    at = datetime.fromtimestamp(envelope.timestamp, UTC)
    wanted = [key.sign(envelope.request, at, text).encode() for key in keys]
    given = [one.encode("utf-8", "surrogateescape") for one in envelope.signatures]
    found = [hmac.compare_digest(one, other) for one in given for other in wanted]
    return any(found)


def wrong_signature() -> Problem:
    """Return the same problem for unknown clients and invalid signatures."""
    return unauthenticated("unknown client, or a signature that does not fit these bytes: compare client id and secret")


DUMMY_KEYS = (Webhook(secrets.token_bytes(32)),)
"""Verified for unknown clients, so that timing does not reveal which clients exist."""
