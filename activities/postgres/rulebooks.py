"""The rulebooks complaints were opened under, by version: a version means one content, for good (R7.6)."""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from activities.postgres.named import query
from activities.postgres.pool import Connection
from workflows.domain.base import Value
from workflows.domain.rulebook import Rulebook


class RulebookChanged(Exception):  # noqa: N818 - named for what it says, as Refused is
    """A version that complaints are pinned to has another content now; the text says which and what to do."""


class _Document(NamedTuple):
    kind: str
    version: str
    value: Value
    json: str
    checksum: str


async def keep(connection: Connection, rulebook: Rulebook) -> None:
    """Put policy, calendar and staff table on record; raises RulebookChanged if a version was known otherwise."""
    documents = _documents(rulebook)
    kept = {row["kind"]: row for row in await connection.fetch(query("kept_rulebooks"), *_versions(rulebook))}
    for one in documents:
        if one.kind not in kept:
            await connection.execute(query("keep_rulebook"), one.kind, one.version, one.checksum, one.json)
        elif kept[one.kind]["checksum"] != one.checksum and not _same(one, kept[one.kind]["document"]):
            raise RulebookChanged(
                f"{one.kind} version {one.version} is on record with other content: complaints are pinned to it, so "
                f"give the changed {one.kind} a new version"
            )


def _versions(rulebook: Rulebook) -> tuple[str, str, str]:
    return rulebook.policy.version, rulebook.calendar.version, rulebook.staff.version


def _same(one: _Document, document: str) -> bool:
    # A later release writes the same content with fields of its own, at their defaults: it is still the same.
    return type(one.value).model_validate_json(document) == one.value


@lru_cache(maxsize=4)
def _written(json: str) -> str:
    return hashlib.sha256(json.encode()).hexdigest()


def _documents(rulebook: Rulebook) -> tuple[_Document, ...]:
    values: dict[str, tuple[str, Value]] = {
        "policy": (rulebook.policy.version, rulebook.policy),
        "calendar": (rulebook.calendar.version, rulebook.calendar),
        "staff": (rulebook.staff.version, rulebook.staff),
    }
    written = {kind: value.model_dump_json() for kind, (_, value) in values.items()}
    return tuple(
        _Document(kind, version, value, written[kind], _written(written[kind]))
        for kind, (version, value) in values.items()
    )
