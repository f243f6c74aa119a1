"""A client at the door: signs with the reference library of Standard Webhooks, knows nothing of our own code."""

import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from standardwebhooks import Webhook


@dataclass(frozen=True)
class Program:
    """A client's program: its id, its secret, where the gateway is."""

    url: str
    id: str
    secret: str

    def headers(self, signed: str, request: str | None = None, at: float | None = None) -> dict[str, str]:
        """Return the headers that sign a text, now or at that instant (seconds since 1970)."""
        now = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
        name = request or f"msg_{uuid4().hex}"
        return {
            "redress-client": self.id,
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(name, now, signed),
        }

    async def post(
        self, path: str, body: dict[str, Any] | str, request: str | None = None, at: float | None = None
    ) -> httpx2.Response:
        """Send a body, signed."""
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=30) as http:
            return await http.post(path, content=text.encode(), headers=self.headers(text, request, at))

    async def put(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        """Put something in place, signed."""
        text = json.dumps(body, ensure_ascii=False)
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=30) as http:
            return await http.put(path, content=text.encode(), headers=self.headers(text))

    async def get(self, target: str, request: str | None = None, at: float | None = None) -> httpx2.Response:
        """Read something, signed."""
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=30) as http:
            return await http.get(target, headers=self.headers(f"GET {target}", request, at))


def programs(url: str, file: Path) -> dict[str, Program]:
    """Return every client of a file as a program."""
    listed = tomllib.loads(file.read_text(encoding="utf-8"))["clients"]
    return {one["id"]: Program(url, one["id"], one["secrets"][0]) for one in listed}
