"""kuaidi100's signatures: the MD5 of a text and what only the two sides know, as 32 hexadecimal digits."""

from hashlib import md5
from hmac import compare_digest


def signature(text: str, *secrets: str) -> str:
    """Return the signature of a text, in capitals, as a question carries it."""
    # Their scheme knows nothing else. What is forged under it can move a parcel, no money: ADR 14.
    return md5("".join((text, *secrets)).encode(), usedforsecurity=False).hexdigest().upper()


def signed(text: str, given: str, *secrets: str) -> bool:
    """Tell, in constant time, whether a text was signed; pushes are signed in small letters or capitals."""
    return compare_digest(signature(text, *secrets).encode(), given.upper().encode("utf-8", "replace"))
