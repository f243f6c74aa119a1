"""Signed requests between us and partners: sender, time, integrity.

Three headers after Standard Webhooks: `Request-Id`, `Request-Timestamp` (seconds since 1970) and
`Request-Signature`, `v1,` and the base64 of the HMAC-SHA256, under the shared secret, of
`ID.TIMESTAMP.METHOD TARGET.` and the body as sent; the target is path and query. While a
secret is rotated several signatures may be sent, separated by spaces; one valid signature is enough.
"""

import base64
import hmac
import time
from collections.abc import Mapping
from hashlib import sha256
from uuid import uuid4

from activities.errors import ActivitiesError

ID, TIMESTAMP, SIGNATURE = "Request-Id", "Request-Timestamp", "Request-Signature"

TOLERANCE = 300
"""Seconds of clock skew; older requests are rejected as replays."""

SHORTEST_SECRET = 24
"""Characters."""


class SignatureInvalid(ActivitiesError):  # noqa: N818 - an outcome of verification
    """Verification failed; `code` is unsigned, stale_signature or bad_signature."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Signer:
    """Signs and verifies with a shared secret; raises ValueError for one that is too short."""

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

    def verify(
        self, headers: Mapping[str, str], method: str, target: str, body: bytes, at: float | None = None
    ) -> None:
        """Verify a request (header names are case-insensitive); raises SignatureInvalid."""
        missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not headers.get(name)]
        if missing:
            raise SignatureInvalid("unsigned", f"{' and '.join(missing)} missing; sign the request")
        identity, timestamp = headers[ID], headers[TIMESTAMP]
        now = time.time() if at is None else at
        if not _near(timestamp, now):
            raise SignatureInvalid("stale_signature", f"not signed within {TOLERANCE} s of now; compare the clocks")
        wanted = f"v1,{self._signature(identity, timestamp, method, target, body)}".encode()
        given = headers[SIGNATURE].encode("utf-8", "replace").split()
        if not any(hmac.compare_digest(one, wanted) for one in given):
            raise SignatureInvalid("bad_signature", "the signature does not fit; compare the secrets on both sides")

    def _signature(self, identity: str, timestamp: str, method: str, target: str, body: bytes) -> str:
        signed = f"{identity}.{timestamp}.{method} {target}.".encode("utf-8", "replace") + body
        return base64.b64encode(hmac.digest(self._secret, signed, sha256)).decode()


def _near(timestamp: str, now: float) -> bool:
    # Longer numbers are no plausible time, and may exceed a float.
    return (
        timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12 and abs(now - int(timestamp)) <= TOLERANCE
    )
