"""The rulebooks complaints were opened under, by version: a version means one content, for good (R7.6)."""

import hashlib
from typing import NamedTuple

from activities.store.named_queries import query
from activities.store.pool import Connection
from workflows.policy.rulebook import Rulebook
from workflows.values import Value


class RulebookChanged(Exception):  # noqa: N818 - named for what it says, as Refused is
    """A version that complaints are pinned to has another content now; the text says which and what to do."""


class Document(NamedTuple):
    """One part of a rulebook as it is kept."""

    kind: str
    version: str
    value: Value
    json: str
    checksum: str


def documents(rulebook: Rulebook) -> tuple[Document, ...]:
    """Return policy, calendar and staff table as they are kept."""
    return (
        _document("policy", rulebook.policy.version, rulebook.policy),
        _document("calendar", rulebook.calendar.version, rulebook.calendar),
        _document("staff", rulebook.staff.version, rulebook.staff),
    )


async def keep(connection: Connection, wanted: tuple[Document, ...]) -> None:
    """Put documents on record that are not there yet; raises RulebookChanged if a version was known otherwise."""
    for one in wanted:
        known = await connection.fetchval(query("kept_checksum"), one.kind, one.version)
        if known is None:
            await connection.execute(query("keep_rulebook"), one.kind, one.version, one.checksum, one.json)
        elif known != one.checksum:
            await _check_same(connection, one)


async def _check_same(connection: Connection, one: Document) -> None:
    # A later release writes the same content with fields of its own, at their defaults: it is still the same.
    kept = await connection.fetchval(query("kept_document"), one.kind, one.version)
    if type(one.value).model_validate_json(kept) != one.value:
        raise RulebookChanged(
            f"{one.kind} version {one.version} is on record with other content: complaints are pinned to it, so "
            f"give the changed {one.kind} a new version"
        )


def _document(kind: str, version: str, value: Value) -> Document:
    json = value.model_dump_json()
    return Document(kind, version, value, json, hashlib.sha256(json.encode()).hexdigest())
