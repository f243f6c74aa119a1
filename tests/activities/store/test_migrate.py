"""The schema is brought up to date once, in order, and never behind anybody's back."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest

from activities.store.migrate import MIGRATIONS, MigrationRefused, migrate, migrations, unmigrated
from activities.store.pool import connect
from activities.store.prepare import prepare
from activities.store.rulebooks import RulebookChanged
from workflows.policy.loading import packaged


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The migrations of this release, free to be tampered with."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


async def applied(url: str) -> list[str]:
    connection = await connect(url)
    try:
        rows = await connection.fetch("SELECT name FROM schema_migrations ORDER BY number")
        return [row["name"] for row in rows]
    finally:
        await connection.close()


async def waiting(url: str, folder: Path) -> tuple[str, ...]:
    connection = await connect(url)
    try:
        return await unmigrated(connection, folder)
    finally:
        await connection.close()


async def test_an_empty_database_gets_every_migration_and_a_second_run_nothing(empty: str) -> None:
    names = tuple(migration.name for migration in migrations())
    assert await waiting(empty, MIGRATIONS) == names
    await migrate(empty)
    await migrate(empty)
    assert await applied(empty) == list(names)
    assert await waiting(empty, MIGRATIONS) == ()


async def test_processes_that_migrate_at_once_take_turns(empty: str) -> None:
    await asyncio.gather(*(migrate(empty) for _ in range(4)))
    assert await applied(empty) == [migration.name for migration in migrations()]


async def test_an_applied_migration_that_was_changed_is_refused(empty: str, release: Path) -> None:
    await migrate(empty, release)
    first = release / migrations()[0].name
    first.write_text(migrations()[0].sql + "\n-- an afterthought\n")
    for attempt in (migrate(empty, release), waiting(empty, release)):
        with pytest.raises(MigrationRefused, match=rf"{first.name} was applied .* with other content .* restore"):
            await attempt


async def test_a_database_of_a_newer_release_is_refused(empty: str, release: Path) -> None:
    newer = release / f"{len(migrations()) + 1:04d}_from_the_future.sql"
    newer.write_text("CREATE TABLE future (number integer);")
    await migrate(empty, release)
    with pytest.raises(MigrationRefused, match=r"newer release .*from_the_future.* use that release"):
        await migrate(empty)


async def test_a_release_with_more_migrations_applies_only_those(empty: str, release: Path) -> None:
    await migrate(empty)
    added = release / f"{len(migrations()) + 1:04d}_more.sql"
    added.write_text("CREATE TABLE more (number integer);")
    assert await waiting(empty, release) == (added.name,)
    await migrate(empty, release)
    assert (await applied(empty))[-1] == added.name


async def test_a_migration_that_fails_leaves_nothing_of_itself_behind(empty: str, release: Path) -> None:
    broken = release / f"{len(migrations()) + 1:04d}_broken.sql"
    broken.write_text("CREATE TABLE half (number integer); SELECT no_such_function();")
    with pytest.raises(MigrationRefused, match=r"broken.sql was refused by PostgreSQL: .*no_such_function"):
        await migrate(empty, release)
    connection = await connect(empty)
    try:
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.execute("SELECT * FROM half")
    finally:
        await connection.close()
    assert await waiting(empty, release) == (broken.name,)


@pytest.mark.parametrize("name", ["0099_gap.sql", "4_short.sql", "0004-dash.sql"])
def test_a_file_out_of_order_is_named(release: Path, name: str) -> None:
    (release / name).write_text("SELECT 1;")
    with pytest.raises(MigrationRefused, match=f"{name} is out of order: name it"):
        migrations(release)


async def test_a_worker_prepares_the_record_once_and_is_told_at_its_start_what_does_not_fit(empty: str) -> None:
    book = packaged()
    await asyncio.gather(*(prepare(empty, book) for _ in range(3)))
    assert await applied(empty) == [migration.name for migration in migrations()]
    changed = book.but(staff=book.staff.but(carriers=("sf",)))
    with pytest.raises(RulebookChanged, match=r"staff version .* give the changed staff a new version"):
        await prepare(empty, changed)
