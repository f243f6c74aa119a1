"""Signed requests: who sends it, when, and that nothing of it was changed on the way.

Three headers in the way of Standard Webhooks, for requests: `Request-Id`, `Request-Timestamp` (seconds since 1970) and
`Request-Signature`, `v1,` and the base64 of the HMAC-SHA256, under the shared secret, of
`ID.TIMESTAMP.METHOD TARGET.` and the body as it goes over the wire; the target is path and query. Whoever rotates
the secret sends several signatures, separated by spaces; one that fits is enough.
"""

import base64
import hmac
import time
from collections.abc import Mapping
from hashlib import sha256
from uuid import uuid4

ID, TIMESTAMP, SIGNATURE = "Request-Id", "Request-Timestamp", "Request-Signature"

TOLERANCE = 300
"""Seconds between two clocks; an older request is somebody's recording."""

SHORTEST_SECRET = 24
"""Characters: a shorter one can be guessed."""


class SignatureWrong(Exception):  # noqa: N818 - named as the news it brings
    """A request that is not believed: `code` is unsigned, stale_signature or bad_signature; the text says why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Signer:
    """Signs what we send, with the secret that only the partner shares; raises ValueError for one that is too short."""

    def __init__(self, secret: str) -> None:
        if len(secret) < SHORTEST_SECRET:
            raise ValueError(f"a secret for signatures needs at least {SHORTEST_SECRET} characters")
        self._secret = secret.encode()

    def __repr__(self) -> str:
        return "Signer(…)"

    def headers(self, method: str, target: str, body: bytes, at: float | None = None) -> dict[str, str]:
        """Return the headers that sign one request, at that instant (seconds since 1970) or now."""
        identity, timestamp = uuid4().hex, str(int(time.time() if at is None else at))
        signature = self._signature(identity, timestamp, method, target, body)
        return {ID: identity, TIMESTAMP: timestamp, SIGNATURE: f"v1,{signature}"}

    def check(self, headers: Mapping[str, str], method: str, target: str, body: bytes, at: float | None = None) -> None:
        """Believe a request, whose headers are found whatever their case; raises SignatureWrong."""
        missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not headers.get(name)]
        if missing:
            raise SignatureWrong("unsigned", f"{' and '.join(missing)} missing; sign the request")
        identity, timestamp = headers[ID], headers[TIMESTAMP]
        now = time.time() if at is None else at
        if not _near(timestamp, now):
            raise SignatureWrong("stale_signature", f"not signed within {TOLERANCE} s of now; compare the clocks")
        wanted = f"v1,{self._signature(identity, timestamp, method, target, body)}".encode()
        given = headers[SIGNATURE].encode("utf-8", "replace").split()
        if not any(hmac.compare_digest(one, wanted) for one in given):
            raise SignatureWrong("bad_signature", "the signature does not fit; compare the secrets on both sides")

    def _signature(self, identity: str, timestamp: str, method: str, target: str, body: bytes) -> str:
        signed = f"{identity}.{timestamp}.{method} {target}.".encode("utf-8", "replace") + body
        return base64.b64encode(hmac.digest(self._secret, signed, sha256)).decode()


def _near(timestamp: str, now: float) -> bool:
    # More than eleven digits is no instant of ours, and may be more than a float holds.
    return (
        timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12 and abs(now - int(timestamp)) <= TOLERANCE
    )
