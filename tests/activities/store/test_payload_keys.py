"""Every worker holds every key that payloads may be sealed with, or does not start."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from activities.store.migrate import migrate
from activities.store.payload_keys import KeysMissing, agree_on_keys, known_keys
from activities.store.pool import connect
from tests.workers.encryption.rings import key, ring_file
from workers.encryption.key_ring import read


@pytest.fixture
async def record(empty: str) -> str:
    await migrate(empty)
    return empty


async def test_workers_without_keys_start_until_one_had_some(record: str) -> None:
    await agree_on_keys(record, {}, ())
    await agree_on_keys(record, {"2026-05": "a"}, ())
    with pytest.raises(KeysMissing, match="sealed with 2026-05, which is not in the key ring here: give REDRESS_KEY"):
        await agree_on_keys(record, {}, ())


async def test_a_key_that_one_worker_knows_is_needed_by_all_who_start_later(record: str) -> None:
    await agree_on_keys(record, {"2026-05": "a"}, ())
    await agree_on_keys(record, {"2026-05": "a", "2026-11": "b"}, ())
    with pytest.raises(KeysMissing, match="2026-11"):
        await agree_on_keys(record, {"2026-05": "a"}, ())
    await agree_on_keys(record, {"2026-11": "b"}, ("2026-05",))


async def test_another_key_under_a_known_name_is_refused(record: str) -> None:
    await agree_on_keys(record, {"2026-05": "a"}, ())
    with pytest.raises(KeysMissing, match="other keys under the names 2026-05"):
        await agree_on_keys(record, {"2026-05": "b"}, ())


async def test_a_worker_that_may_not_start_leaves_nothing_behind(record: str) -> None:
    await agree_on_keys(record, {"2026-05": "a"}, ())
    with pytest.raises(KeysMissing):
        await agree_on_keys(record, {"2026-12": "c"}, ())
    connection = await connect(record)
    try:
        assert await known_keys(connection) == {"2026-05": "a"}
    finally:
        await connection.close()


async def test_workers_that_start_at_once_agree(record: str) -> None:
    rings = [{f"2026-1{number % 2}": str(number % 2)} for number in range(8)]
    outcomes = await asyncio.gather(*(agree_on_keys(record, ring, ()) for ring in rings), return_exceptions=True)
    assert all(one is None or isinstance(one, KeysMissing) for one in outcomes)
    connection = await connect(record)
    try:
        known = set(await known_keys(connection))
    finally:
        await connection.close()
    started = [set(ring) for ring, one in zip(rings, outcomes, strict=True) if one is None]
    assert started
    assert all(ring == known for ring in started)


async def test_a_worker_without_its_whole_ring_does_not_start(record: str, tmp_path: Path) -> None:
    whole = read(ring_file(tmp_path / "whole.toml", "2026-11", k2026_05=key(), k2026_11=key()))
    await agree_on_keys(record, whole.checks, ())
    part = ring_file(tmp_path / "part.toml", "2026-11", k2026_11=key())
    for ring, why in (
        (None, "sealed with 2026-05, 2026-11, which is not in the key ring here"),
        (part, "sealed with 2026-05, which is not in the key ring here"),
        (tmp_path / "nowhere", "cannot be read"),
    ):
        code, said = await _worker(record, ring)
        assert (code, why in said, "Traceback" in said) == (2, True, False), said


async def _worker(record: str, ring: Path | None) -> tuple[int | None, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "REDRESS_"))}
    environment |= {"REDRESS_DATABASE_URL": record, "REDRESS_PARTNERS_URL": "http://127.0.0.1:1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.composition.worker"),
        env=environment | ({"REDRESS_KEY_RING": str(ring)} if ring else {}),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()
