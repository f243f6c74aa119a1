"""The partners' calls to us: signed webhooks to the gateway, as real partners make them."""

import ssl
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx2
from standardwebhooks import Webhook

PATIENCE = 5.0
"""Seconds a partner waits for our answer."""

_NEVER = frozenset({400, 403, 404, 409, 410, 413, 422})
"""Said of the call itself: the same call again meets the same answer. A wrong signature (401) is mended by people."""


class Undeliverable(Exception):  # noqa: N818 - named as the news it brings
    """The gateway has answered, and will never take this call; the text says why."""


class Deliver(Protocol):
    """Makes one call to us; raises Undeliverable if it will never be taken, anything else: not yet."""

    async def __call__(self, path: str, client: str, name: str, body: bytes) -> None:
        """Send a body as a client, under the webhook's own name, which stays the same when it is sent again."""


class Webhooks:
    """Calls the gateway at `base_url`, with the clients' secrets as their file says at that moment."""

    def __init__(self, base_url: str, clients: Path | None) -> None:
        self._clients = clients
        # trust_env, verify: on this machine, as the operator's client (client.py).
        trusting_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx2.AsyncClient(base_url=base_url, timeout=PATIENCE, trust_env=False, verify=trusting_nobody)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __call__(self, path: str, client: str, name: str, body: bytes) -> None:
        """Send one webhook; raises Undeliverable, OSError, or httpx2.HTTPError."""
        answer = await self._http.post(path, content=body, headers=self._headers(client, name, body))
        if answer.status_code in _NEVER:
            raise Undeliverable(f"{answer.status_code}: {answer.text[:200]}")
        if not answer.is_success:
            raise ConnectionError(f"the gateway answered {answer.status_code}")

    def _headers(self, client: str, name: str, body: bytes) -> dict[str, str]:
        at = datetime.now(UTC)
        return {
            "content-type": "application/json",
            "redress-client": client,
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self._secret(client)).sign(name, at, body.decode()),
        }

    def _secret(self, client: str) -> str:
        if self._clients is None:
            raise ConnectionError("nobody said where the secrets of the clients are: name their file by --clients")
        known: list[dict[str, Any]] = tomllib.loads(self._clients.read_text(encoding="utf-8")).get("clients", [])
        for one in known:
            if one.get("id") == client:
                return str(one["secrets"][0])
        raise ConnectionError(f"{self._clients} names no client {client}")
