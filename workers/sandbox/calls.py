"""What every call of the sandbox shares: reading a body, answering, and misbehaving as ordered."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from activities.partners.signing import SignatureInvalid, Signer
from workers.sandbox.book import Book
from workers.sandbox.faults import Mode
from workers.sandbox.shapes import InputUnreadable, places

M = TypeVar("M", bound=BaseModel)

BIGGEST_BODY = 16 * 1024 * 1024
"""Bytes; thousands of orders fit, and a mistaken upload does not fill the memory."""

BUSY_SECONDS = 2
"""What a busy partner asks for: longer than a first retry would wait by itself, short for a person watching."""

log: structlog.stdlib.BoundLogger = structlog.get_logger("sandbox")


class Problem(Exception):  # noqa: N818 - named as the news it brings
    """A call that is answered with an error: status, code and one sentence."""

    def __init__(self, status: int, code: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.headers = status, code, text, headers


class House:
    """What the calls need: the book, how slow is slow (seconds), and word that the service is closing.

    With a signer the payment provider believes only what is signed.
    """

    def __init__(self, book: Book, slow: float, callback_after: float, signer: Signer | None = None) -> None:
        self.book, self.slow, self.callback_after, self.signer = book, slow, callback_after, signer
        self.closing = asyncio.Event()
        self.callback_added = asyncio.Event()
        self._awaited: dict[str, asyncio.Event] = {}

    async def until_told(self, key: str) -> None:
        """Wait until the complaint of a payment has been told of it, or as long as slow is."""
        told = self._awaited.setdefault(key, asyncio.Event())
        self.callback_added.set()
        await _until(told, self.slow)
        self._awaited.pop(key, None)

    def has_told(self, key: str) -> None:
        """Let those go on who wait for the word of a payment."""
        if key in self._awaited:
            self._awaited[key].set()


def house_of(request: Request) -> House:
    """Return the house this call came to."""
    found: House = request.app.state.house
    return found


async def body_bytes(request: Request) -> bytes:
    """Return the body as it came; raises Problem if it is too big."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > BIGGEST_BODY:
            raise Problem(413, "too_big", f"the body is over {BIGGEST_BODY} bytes; send it in several parts")
    return bytes(chunks)


async def signed_body(request: Request) -> bytes:
    """Return the body of a call that is believed; raises Problem 401 for one that is not, before it is read at all."""
    body, signer = await body_bytes(request), house_of(request).signer
    if signer is not None:
        query = request.scope["query_string"]
        target = (request.scope["raw_path"] + (b"?" + query if query else b"")).decode("latin-1")
        try:
            signer.verify(request.headers, request.method, target, body)
        except SignatureInvalid as wrong:
            raise Problem(401, wrong.code, str(wrong)) from None
    return body


async def body_text(request: Request) -> str:
    """Return the body as text; raises Problem if it is too big or not UTF-8."""
    try:
        return (await body_bytes(request)).decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise Problem(422, "invalid", f"the body is not UTF-8 at byte {wrong.start}") from None


async def read(request: Request, model: type[M]) -> M:
    """Return the body as that model; raises Problem with the places of every fault."""
    return parsed(await body_bytes(request), model)


def parsed(body: bytes, model: type[M]) -> M:
    """Return a body as that model; raises Problem with the places of every fault."""
    try:
        return model.model_validate_json(body)
    except ValidationError as wrong:
        raise Problem(422, "invalid", places(wrong)) from None


def answer(value: BaseModel | Sequence[BaseModel], status: int = 200) -> Response:
    """Answer with one value or a list of them, leaving out what is absent."""
    listed: TypeAdapter[Any] = TypeAdapter(type(value) if isinstance(value, BaseModel) else list[Any])
    content = listed.dump_json(value, exclude_none=True, by_alias=True)
    return Response(content, status, media_type="application/json")


def problem(request: Request, wrong: Exception) -> Response:
    """Answer a call that went wrong; used for every exception, so that no call ends in a traceback."""
    if isinstance(wrong, Problem):
        found = wrong
    elif isinstance(wrong, InputUnreadable):
        found = Problem(422, "invalid", str(wrong))
    elif isinstance(wrong, sqlite3.Error):
        found = Problem(503, "book_unusable", f"the book cannot be written now ({wrong}); nothing was done")
    else:
        found = Problem(500, "broken", f"the sandbox made a mistake of its own ({type(wrong).__name__})")
    log.warning("refused", method=request.method, path=request.url.path, status=found.status, reason=found.text)
    return JSONResponse({"code": found.code, "text": found.text}, found.status, found.headers)


async def misbehave(request: Request, fault: Mode | None) -> None:
    """Let the call meet its fault, after its work is done or left undone; raises Problem where no answer is given."""
    house = house_of(request)
    if fault is Mode.ERROR_500:
        raise Problem(500, "error_500", "an internal error, as ordered by a fault")
    if fault is Mode.STORED_ERROR:
        raise Problem(500, "stored_error", "an error that is kept for this key, as ordered by a fault")
    if fault is Mode.BUSY:
        raise Problem(429, "busy", "too many calls, as ordered by a fault", {"Retry-After": str(BUSY_SECONDS)})
    if fault is Mode.SLOW:
        await _until(house.closing, house.slow)
    if fault in (Mode.TIMEOUT_BEFORE, Mode.TIMEOUT_AFTER):
        await _silence(request, house.closing)
        raise Problem(504, "no_answer", "no answer in time, as ordered by a fault")


async def _until(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


async def _silence(request: Request, closing: asyncio.Event) -> None:
    """Give no answer until the caller hangs up or the service closes."""
    waits = [asyncio.ensure_future(_hung_up(request)), asyncio.ensure_future(closing.wait())]
    _, rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for one in rest:
        one.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


async def _hung_up(request: Request) -> bool:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return True
