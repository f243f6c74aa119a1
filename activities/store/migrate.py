"""Brings the schema up to date: numbered SQL files, applied once and in order, each in a transaction of its own."""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import asyncpg

from activities.store.partitions import make_ahead
from activities.store.pool import Connection, connect

MIGRATIONS = Path(__file__).parent / "migrations"

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LOCK = 0x5265_6472_6573_73
"""Key of the advisory lock ("Redress"): two processes that migrate at once take turns."""

_BOOK = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationRefused(Exception):  # noqa: N818 - named for what it says, as Refused is
    """Schema and release do not fit together; the text says why and what to do."""


class Migration(NamedTuple):
    """One file; what it says is pinned by its checksum once it was applied."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class Applied(NamedTuple):
    """A migration as the database remembers it."""

    number: int
    name: str
    checksum: str


def migrations(folder: Path = MIGRATIONS) -> tuple[Migration, ...]:
    """Return the migrations of this release in order; raises MigrationRefused unless they are 0001, 0002, and so on."""
    found = []
    for number, file in enumerate(sorted(folder.glob("*.sql")), start=1):
        named = _NAME.fullmatch(file.name)
        if named is None or int(named[1]) != number:
            raise MigrationRefused(f"{file.name} is out of order: name it {number:04d}_<words>.sql")
        found.append(Migration(number, file.name, file.read_text(encoding="utf-8")))
    return tuple(found)


async def migrate(url: str, folder: Path = MIGRATIONS) -> None:
    """Apply what is missing, and make the partitions of the months to come; safe at any time, for many at once.

    Raises MigrationRefused when an applied file was changed, or the database was migrated by a newer release.
    """
    wanted = migrations(folder)
    connection = await connect(url)
    try:
        if await unmigrated(
            connection, folder
        ):  # a role that may not change the schema need not, once it is up to date
            await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
            await connection.execute(_BOOK)
            for migration in missing(wanted, await _applied(connection)):
                await _apply(connection, migration)
        await make_ahead(connection, datetime.now(UTC))
    finally:
        await connection.close(timeout=5)


async def unmigrated(connection: Connection, folder: Path = MIGRATIONS) -> tuple[str, ...]:
    """Return the names of the migrations that wait to be applied; raises MigrationRefused as `migrate` does."""
    known = await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL")
    applied = await _applied(connection) if known else []
    return tuple(migration.name for migration in missing(migrations(folder), applied))


def missing(wanted: tuple[Migration, ...], applied: list[Applied]) -> tuple[Migration, ...]:
    """Return what is still to be applied; raises MigrationRefused if the two do not tell the same story."""
    for known in applied:
        if known.number > len(wanted):
            raise MigrationRefused(
                f"the database was migrated by a newer release ({known.name} is not known here): "
                "use that release of redress or a newer one"
            )
        ours = wanted[known.number - 1]
        if (ours.name, ours.checksum) != (known.name, known.checksum):
            raise MigrationRefused(
                f"migration {known.name} was applied to this database with other content than {ours.name} has here: "
                "restore the file as it was released, and put changes into a new migration"
            )
    return wanted[len(applied) :]


async def _applied(connection: Connection) -> list[Applied]:
    rows = await connection.fetch("SELECT number, name, checksum FROM schema_migrations ORDER BY number")
    return [Applied(*row) for row in rows]


async def _apply(connection: Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
                migration.number, migration.name, migration.checksum,
            )  # fmt: skip
    except asyncpg.PostgresError as wrong:
        raise MigrationRefused(f"migration {migration.name} was refused by PostgreSQL: {wrong.args[0]}") from None
