"""A partner that says exactly what a test puts into its mouth, byte for byte, over a real connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


def spoken(status: str, body: bytes, *headers: str) -> bytes:
    """An HTTP answer in full."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def partner_saying(answer: bytes, pause: float = 0.0) -> AsyncIterator[str]:
    """Give the base URL of a partner that answers every call with these bytes and hangs up."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            for piece in _pieces(answer) if pause else (answer,):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def partner_trickling(answer: bytes) -> contextlib.AbstractAsyncContextManager[str]:
    """Give a partner that sends the same bytes one at a time, so that no single wait is ever long."""
    return partner_saying(answer, pause=0.01)


def _pieces(answer: bytes) -> list[bytes]:
    return [answer[at : at + 1] for at in range(len(answer))]
