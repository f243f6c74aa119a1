"""Standard Webhooks, the receiving side: who signed these very bytes, and when."""

import hmac
import math
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from standardwebhooks import Webhook
from starlette.datastructures import Headers

from starter.http.gateway.problems import Problem, not_signed

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
CLIENT = "redress-client"

WINDOW = 300
"""Seconds between two clocks, both ways; an older request is somebody's recording."""

ID_FORM = re.compile(r"[A-Za-z0-9_:-]{1,128}")
"""No full stop: it separates what is signed, and an id with one could be read in two ways."""

_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")
_MOST_SIGNATURES = 8


class Envelope(NamedTuple):
    """What the headers say of a request; nothing of it is believed yet."""

    client: str
    request: str
    timestamp: int
    signatures: tuple[str, ...]


def envelope(said: Headers, now: float) -> Envelope:
    """Read the headers of a request; raises Problem 401 for one that cannot be a fresh one of a client's."""
    if twice := [name for name in (CLIENT, ID, TIMESTAMP, SIGNATURE) if len(said.getlist(name)) > 1]:
        raise not_signed(f"{', '.join(twice)} occurs twice: whoever stands between us may read the other one")
    missing = [name for name in (CLIENT, ID, TIMESTAMP, SIGNATURE) if not said.get(name)]
    if missing:
        raise not_signed(f"{', '.join(missing)} missing: sign each request (Standard Webhooks)")
    request, timestamp = said[ID], said[TIMESTAMP]
    if not ID_FORM.fullmatch(request):
        raise not_signed(f"{ID}: up to 128 letters, digits and _ : - are an id")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise not_signed(f"{TIMESTAMP}: write whole seconds since 1970")
    if abs(now - int(timestamp)) > WINDOW:
        raise not_signed(
            f"{TIMESTAMP}: not within {WINDOW} s of now ({math.floor(now)}): compare the clocks, sign again"
        )
    return Envelope(said[CLIENT], request, int(timestamp), tuple(said[SIGNATURE].split(" ")[:_MOST_SIGNATURES]))


def headers(client: str, key: Webhook, request: str, signed: str, now: float) -> dict[str, str]:
    """Return the headers with which a client signs a text at an instant (seconds since 1970)."""
    at = datetime.fromtimestamp(now, UTC)
    signature = key.sign(request, at, signed)
    return {CLIENT: client, ID: request, TIMESTAMP: str(int(now)), SIGNATURE: signature}


def fits(envelope: Envelope, signed: bytes, keys: Sequence[Webhook]) -> bool:
    """Say whether one of the signatures is one of these keys' for exactly these bytes, in constant time."""
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
    """Answer alike for an unknown client and for a signature that does not fit."""
    return not_signed("unknown client, or a signature that does not fit these bytes: compare client id and secret")


NOBODY = (Webhook(secrets.token_bytes(32)),)
"""Checked for an unknown client, so that it takes as long as for a known one."""
