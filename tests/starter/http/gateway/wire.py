"""Requests as bytes on a socket: whatever no HTTP library would send."""

import asyncio
import re
from collections.abc import Iterable, Mapping

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def written(path: str, headers: Mapping[str, str], body: bytes, method: str = "POST") -> bytes:
    """Return a request as bytes, whatever its headers hold."""
    head = {"host": "redress", "content-length": str(len(body)), "content-type": "application/json", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def answered(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer: its status and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    status, length = _STATUS.match(head), _LENGTH.search(head)
    assert status, head
    return int(status[1]), await reader.readexactly(int(length[1]) if length else 0)


async def statuses(port: int, requests: Iterable[bytes], at_once: int = 32) -> list[int]:
    """Send requests over one connection, some ahead of their answers; a connection that is closed is opened anew."""
    waiting, found = list(requests), []
    while waiting:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while waiting:
                batch = waiting[:at_once]
                writer.write(b"".join(batch))
                for _ in batch:
                    found.append((await answered(reader))[0])
                    waiting.pop(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            at_once = 1  # one of them closes the connection: which one is seen one by one
        finally:
            writer.close()
    return found
