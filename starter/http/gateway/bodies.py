"""Reading what comes in: so many bytes in so much time, and JSON that cannot be read in two ways."""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from starter.client.errors import WrongUse
from starter.client.filing_input import read_object
from starter.http.gateway.problems import Problem, unread
from workflows.complaint.decoding import MOST_BYTES

BODY_SECONDS = 10.0
"""A quarter of a megabyte takes less over any line a server or a phone is on."""

_DRAINED = 2 << 20
"""A little more is read and thrown away, so that most senders hear why instead of a broken connection."""

CLOSE = {"Connection": "close"}


async def body_of(request: Request, most: int = MOST_BYTES, seconds: float = BODY_SECONDS) -> bytes:
    """Return the body as it came; raises Problem 413 beyond `most` bytes, 408 after so many seconds."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most + _DRAINED:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            await _read(request, body, most)
    except TimeoutError:
        text = f"the body did not arrive within {seconds:g} s: send it again, in one go"
        raise Problem("too-slow", text, headers=CLOSE) from None
    return bytes(body)


async def _read(request: Request, body: bytearray, most: int) -> None:
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
    """Return the JSON object that a body is; raises Problem 422."""
    try:
        given = read_object(body.decode("utf-8"), "the body")
        json.dumps(given, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise unread("the body is not UTF-8") from None
    except UnicodeEncodeError:
        raise unread("the body holds half of a surrogate pair") from None
    except WrongUse as wrong:
        raise unread(str(wrong)) from None
    return given


def as_raw(given: object) -> RawValue:
    """Return JSON as the decoder of every door takes it."""
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(given).encode()))
