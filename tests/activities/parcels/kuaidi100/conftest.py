"""A played kuaidi100: it checks what we sign by itself, keeps what was asked, and says what a test wants it to."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest

from activities.parcels.kuaidi100.adapter import Account, Kuaidi100
from tests.activities.partners.hostile import spoken

ACCOUNT = Account(
    customer="C0FFEE", key="johrufiZ0816", salt="a-salt-of-at-least-24-chars", callback="https://redress.example/kd"
)


@dataclass
class Played:
    """`answers` are given one after the other, the last one for ever; `asked` is path and form of every call."""

    url: str = ""
    answers: list[bytes] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def says(self, *documents: dict[str, Any], status: str = "200 OK") -> None:
        self.answers = [spoken(status, json.dumps(one, ensure_ascii=False).encode()) for one in documents]

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
        form = {name: values[0] for name, values in parse_qs((await reader.readexactly(length)).decode()).items()}
        path = head.split(" ")[1]
        if path == "/poll/query.do":
            signed = form["param"] + ACCOUNT.key + form["customer"]
            assert form["sign"] == hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest().upper()
        self.asked.append((path, form))
        writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        await writer.drain()
        writer.close()


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    one = Played()
    server = await asyncio.start_server(one.speak, "127.0.0.1", 0)
    async with server:
        one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield one


@pytest.fixture
async def kuaidi100(played: Played) -> AsyncIterator[Kuaidi100]:
    async with contextlib.aclosing(Kuaidi100(ACCOUNT, played.url)) as adapter:
        yield adapter
