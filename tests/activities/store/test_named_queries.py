"""Every query has one name, and every name is asked for."""

import re
from pathlib import Path

import pytest

import activities
from activities.store.named_queries import QUERIES, queries
from activities.store.pool import Pool

_ASKED = re.compile(r'query\(\s*"([a-z_]+)"')


def asked_for() -> set[str]:
    code = Path(activities.__file__).parent.rglob("*.py")
    return {name for file in code for name in _ASKED.findall(file.read_text(encoding="utf-8"))}


def test_every_name_that_is_asked_for_exists_and_every_query_is_asked_for() -> None:
    assert asked_for() == set(queries())


def test_no_code_carries_sql_of_its_own() -> None:
    folder = Path(activities.__file__).parent
    with_sql = re.compile(r'"(SELECT |INSERT INTO |UPDATE \w+ SET |DELETE FROM )')
    found = [file.name for file in folder.rglob("*.py") if with_sql.search(file.read_text(encoding="utf-8"))]
    # The runner of the migrations comes before there is anything to name.
    assert found == ["migrate.py"]


def test_two_queries_of_one_name_and_sql_without_a_name_are_refused(tmp_path: Path) -> None:
    twice = tmp_path / "twice"
    twice.mkdir()
    (twice / "a.sql").write_text("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;\n")
    with pytest.raises(ValueError, match="names a second query one"):
        queries(twice)
    nameless = tmp_path / "nameless"
    nameless.mkdir()
    (nameless / "a.sql").write_text("SELECT 1;\n")
    with pytest.raises(ValueError, match="begins without a line"):
        queries(nameless)


async def test_postgresql_understands_every_query(pool: Pool) -> None:
    async with pool.acquire() as connection:
        for name, sql in queries(QUERIES).items():
            assert await connection.prepare(sql), name
