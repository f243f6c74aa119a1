"""The doctor says how things stand with the key ring."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from starter.checks import sealing
from starter.errors import Exit
from tests.conftest import Running
from tests.starter.running import ran
from tests.workers.sealing.rings import key, ring_file
from workers.sealing.ring import read


def test_the_doctor_says_how_things_stand_with_the_keys(tmp_path: Path) -> None:
    old, new = key(), key()
    first = read(ring_file(tmp_path / "1.toml", "2026-05", k2026_05=old))
    both = read(ring_file(tmp_path / "2.toml", "2026-11", k2026_05=old, k2026_11=new))
    after = read(ring_file(tmp_path / "3.toml", "2026-11", retired=("2026-05",), k2026_11=new))
    other = read(ring_file(tmp_path / "4.toml", "2026-05", k2026_05=new))
    for ring, known, state, why in (
        (None, {}, "ok", "in the clear"),
        (None, first.checks, "failed", "sealed with 2026-05, which is not in the key ring here"),
        (first, first.checks, "ok", "2026-05 seals, 1 in all open"),
        (both, first.checks, "failed", "no worker holds 2026-11 yet: restart them"),
        (first, both.checks, "failed", "sealed with 2026-11"),
        (after, both.checks, "ok", "2026-11 seals"),
        (other, first.checks, "failed", "other keys under the names 2026-05"),
    ):
        check = sealing(ring, known)
        assert (check.state, why in check.text) == (state, True), check.text


async def test_the_doctor_goes_on_when_the_ring_is_broken(stack: Running, tmp_path: Path) -> None:
    ring = ring_file(tmp_path / "ring.toml")
    ring.chmod(0o644)
    answer = await ran(stack.environment | {"REDRESS_KEY_RING": str(ring)}, "doctor", "--json")
    states = {one["check"]: one for one in json.loads(answer.out)}
    assert (answer.code, states["key ring"]["state"], states["worker"]["state"]) == (Exit.WRONG_USE, "failed", "ok")
    assert "chmod 600" in states["key ring"]["text"]


async def test_a_command_with_a_broken_ring_says_so(stack: Running, tmp_path: Path) -> None:
    answer = await ran(stack.environment | {"REDRESS_KEY_RING": str(tmp_path / "nowhere")}, "show", "C20261122-0")
    assert (answer.code, "REDRESS_KEY_RING" in answer.err, answer.err.count("\n")) == (Exit.WRONG_USE, True, 1)


@pytest.mark.parametrize("program", ["starter.gateway", "starter.codec"])
async def test_a_server_with_a_broken_ring_says_so_and_does_not_start(
    stack: Running, tmp_path: Path, program: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", program, "--port", "0"),
        env=stack.environment | {"REDRESS_KEY_RING": str(tmp_path / "nowhere")},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    told = said.decode()
    assert (process.returncode, "REDRESS_KEY_RING" in told, "Traceback" in told) == (Exit.WRONG_USE, True, False), told
