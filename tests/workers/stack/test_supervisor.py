"""The stack with real processes: what it acknowledged lasts, whatever is killed, and nothing is left behind."""

import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.stack.world import NAMES, options, processes_on, recall, remember, until, until_restarted
from workers.stack.errors import DataDirInUse, DiskFull
from workers.stack.options import Ready
from workers.stack.supervisor import Stack


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A supervisor in a process and session of its own, not yet waited for."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.workers.stack.supervisor",
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.communicate()
    await until(lambda: not processes_on(tmp_path))


async def ready_line(process: asyncio.subprocess.Process) -> Ready:
    assert process.stdout is not None
    async with asyncio.timeout(40):
        while not (line := await process.stdout.readline()).startswith(b"{"):
            assert line, "the supervisor ended without a ready line"
    facts = json.loads(line)
    del facts["pid"]
    return Ready(**facts)


async def test_data_last_through_stop_and_start(tmp_path: Path) -> None:
    async with Stack(options(tmp_path, own_children=True)) as ready:
        assert json.loads((tmp_path / "stack.json").read_text()) == ready.facts()
        assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600
        await remember(ready, "before")
        with pytest.raises(DataDirInUse, match=str(os.getpid())):
            await Stack(options(tmp_path)).start()
        assert (tmp_path / "stack.json").exists(), "a refused start must not touch the running stack"
    assert processes_on(tmp_path) == []
    assert not (tmp_path / "stack.json").exists()
    async with Stack(options(tmp_path)) as ready:
        await recall(ready, "before")
    assert processes_on(tmp_path) == []


async def test_each_killed_child_is_started_again_and_then_all_at_once(tmp_path: Path) -> None:
    stack = Stack(options(tmp_path, own_children=True))
    async with stack as ready:
        assert set(stack.pids) == NAMES
        for number, name in enumerate(sorted(NAMES)):
            before = stack.pids
            await remember(ready, f"word-{number}")
            os.kill(before[name], signal.SIGKILL)
            await until_restarted(stack, {name: before[name]})
            assert {other: pid for other, pid in stack.pids.items() if other != name} == {
                other: pid for other, pid in before.items() if other != name
            }
        before = stack.pids
        await remember(ready, "last")
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        await until_restarted(stack, before)
        for word in [*(f"word-{number}" for number in range(len(NAMES))), "last"]:
            await recall(ready, word)
    assert processes_on(tmp_path) == []


async def test_a_killed_supervisor_takes_its_children_along_and_the_next_start_goes_on(
    tmp_path: Path, supervisor: asyncio.subprocess.Process
) -> None:
    ready = await ready_line(supervisor)
    await remember(ready, "acknowledged")
    assert len(processes_on(tmp_path)) > len(NAMES), "PostgreSQL's own processes are seen too"
    supervisor.kill()
    async with Stack(options(tmp_path)) as again:  # at once: it waits for the dying
        await recall(again, "acknowledged")
    assert processes_on(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_the_whole_stack_in_order(
    tmp_path: Path, supervisor: asyncio.subprocess.Process, number: signal.Signals
) -> None:
    await ready_line(supervisor)
    os.killpg(supervisor.pid, number)  # as the terminal does
    said, _ = await asyncio.wait_for(supervisor.communicate(), timeout=40)
    assert supervisor.returncode == 0
    stopped = [name for line in said.decode().splitlines() if "stopping" in line for name in NAMES if name in line]
    assert stopped == ["the worker", "the sandbox partners", "Temporal", "PostgreSQL"]
    assert processes_on(tmp_path) == []
    assert not (tmp_path / "stack.json").exists()
    assert "database system is shut down" in (tmp_path / "logs" / "postgres.log").read_text()


async def test_a_signal_while_starting_abandons_the_start(
    tmp_path: Path, supervisor: asyncio.subprocess.Process
) -> None:
    await until((tmp_path / "logs" / "postgres.log").exists)
    supervisor.send_signal(signal.SIGTERM)
    await asyncio.wait_for(supervisor.communicate(), timeout=40)
    assert supervisor.returncode == 0
    assert processes_on(tmp_path) == []


async def test_a_pid_file_whose_number_now_is_somebody_elses_does_not_stop_the_database(tmp_path: Path) -> None:
    stack = Stack(options(tmp_path))
    async with stack as ready:
        await remember(ready, "kept")
        left = (tmp_path / "postgres" / "postmaster.pid").read_text()
    # Not a process of our own line: PostgreSQL overlooks the numbers of its parents.
    stranger = await asyncio.create_subprocess_exec(sys.executable, "-c", "import signal; signal.pause()")
    try:
        foreign = left.replace(left.split("\n", 1)[0], str(stranger.pid), 1)
        (tmp_path / "postgres" / "postmaster.pid").write_text(foreign)
        async with Stack(options(tmp_path)) as ready:
            await recall(ready, "kept")
    finally:
        stranger.kill()
        await stranger.wait()


async def test_a_disk_that_fills_up_ends_the_stack_with_a_word(tmp_path: Path) -> None:
    stack = Stack(replace(options(tmp_path), room_to_run=1 << 60))
    async with stack:
        with pytest.raises(DiskFull, match="--data-dir"):
            await asyncio.wait_for(stack.wait(), timeout=10)
    assert processes_on(tmp_path) == []


async def test_the_database_schema_is_brought_up_to_date_before_the_worker_starts(tmp_path: Path) -> None:
    seen: list[tuple[str, set[str]]] = []

    async def migrate(database: str) -> None:
        seen.append((database, set(stack.pids)))

    stack = Stack(replace(options(tmp_path, own_children=True), migrate=migrate))
    async with stack as ready:
        assert seen == [(ready.database, {"PostgreSQL", "Temporal"})]


async def test_a_failed_start_leaves_nothing_behind(tmp_path: Path) -> None:
    async def migrate(_: str) -> None:
        raise LookupError("the schema is of a later release")

    with pytest.raises(LookupError):
        await Stack(replace(options(tmp_path), migrate=migrate)).start()
    assert processes_on(tmp_path) == []
    async with Stack(options(tmp_path)):
        pass
