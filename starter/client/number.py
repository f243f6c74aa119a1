"""The complaint number: readable, opaque, and the same for the same request (contract, Workflow)."""

import hashlib
import re
from datetime import datetime, timedelta

from workflows.values import BEIJING

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = 10
_NUMBER = re.compile(rf"C\d{{8}}-[{_CROCKFORD}]{{{_CHARACTERS}}}")


def number_of(request_id: str, filed_at: datetime) -> str:
    """Return `C` + filing date in Beijing + `-` + 50 bits of the request's SHA-256 in Crockford base32.

    The same request filed on another day gives another date with the same end; `Complaints.open` looks for that.
    """
    return f"C{filed_at.astimezone(BEIJING):%Y%m%d}-{_end(request_id)}"


def numbers_near(request_id: str, filed_at: datetime) -> tuple[str, str]:
    """Return the number of that day and the one of the day before, which a filing near midnight may carry."""
    return number_of(request_id, filed_at), number_of(request_id, filed_at - timedelta(days=1))


def is_number(text: str) -> bool:
    """Say whether a text has the form of a complaint number."""
    return _NUMBER.fullmatch(text) is not None


def _end(request_id: str) -> str:
    bits = int.from_bytes(hashlib.sha256(request_id.encode()).digest(), "big") >> (256 - 5 * _CHARACTERS)
    return "".join(_CROCKFORD[bits >> (5 * place) & 31] for place in reversed(range(_CHARACTERS)))
