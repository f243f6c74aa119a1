"""The payload codec: what leaves for Temporal is sealed, what cannot be opened is passed on for the door to refuse."""

from collections.abc import Sequence
from typing import Self

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from workers.encryption.key_ring import LastingRing
from workflows.complaint.decoding import SEALED

CIPHER, KEY_ID, OF = "encryption-cipher", "encryption-key-id", "encryption-of"
"""Metadata of a sealed payload: `encryption-of` is the workflow id it belongs to, where that was known."""

_AES = b"AES-256-GCM"


class SealingCodec(PayloadCodec, WithSerializationContext):
    """Seals each payload whole, its metadata with it, and binds it to its key's name and to its complaint.

    A sealed payload that was moved to another complaint does not open there. Decoding never raises: a codec that
    does blocks a complaint before any door sees the message.
    """

    def __init__(self, ring: LastingRing, of: str = "") -> None:
        self._ring, self._of = ring, of

    def with_context(self, context: SerializationContext) -> Self:
        """Return the codec of one complaint."""
        of = ""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            of = context.workflow_id or ""  # a notice is an activity of its own, of no workflow
        return self if of == self._of else type(self)(self._ring, of)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal payloads by the active key."""
        return [self._sealed(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open payloads; those that were never sealed, or cannot be opened, come back as they are."""
        return [self._opened(payload) for payload in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        ring, of = self._ring.now, self._of.encode()
        key = ring.active.encode()
        metadata = {"encoding": SEALED, CIPHER: _AES, KEY_ID: key}
        sealed = ring.seal(payload.SerializeToString(), _bound_to(key, of))
        return Payload(metadata=metadata | ({OF: of} if of else {}), data=sealed)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != SEALED:
            return payload
        key, of = payload.metadata.get(KEY_ID, b""), payload.metadata.get(OF, b"")
        if of and self._of and of != self._of.encode():
            return payload
        name = key.decode("ascii", "replace")
        plain = self._ring.knowing(name).open(name, payload.data, _bound_to(key, of))
        if plain is None:
            return payload
        try:
            return Payload.FromString(plain)
        except Exception:  # noqa: BLE001 - sealed by one of our keys and no payload: passed on, like all that cannot be read
            return payload


def _bound_to(key: bytes, of: bytes) -> bytes:
    return b"redress payload 1\0%b\0%b" % (key, of)
