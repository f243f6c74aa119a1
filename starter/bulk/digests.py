"""Short fingerprints: what a file of thousands says is remembered by these, not by its words."""

import hashlib


def short(text: str) -> bytes:
    """Return 12 bytes: among a million lines, two alike by chance are less likely than one in 10^16."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
