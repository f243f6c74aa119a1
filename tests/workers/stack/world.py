"""What the tests of the embedded stack share: small stand-ins for its own children, and looks at the machine."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
from temporalio.client import Client, WorkflowExecutionStatus

from workers.stack.data_directory import is_alive
from workers.stack.options import Options, Ready
from workers.stack.supervisor import Stack

_PARTNERS = """
import http.server, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""
_WORKER = """
import os, pathlib, signal
pathlib.Path(os.environ["REDRESS_READY_FILE"]).touch()
signal.sigwait({signal.SIGTERM})
"""
PARTNERS = [sys.executable, "-c", _PARTNERS, "{port}"]
WORKER = [sys.executable, "-c", _WORKER]
NAMES = {"PostgreSQL", "Temporal", "the sandbox partners", "the worker"}


def options(home: Path, *, own_children: bool = False, time_skipping: bool = False) -> Options:
    """Ask for a stack on free ports; the tests may run on a nearly full disk."""
    return Options(
        data_dir=home,
        temporal_port=0,
        ui_port=0,
        postgres_port=0,
        partners=PARTNERS if own_children else (),
        worker=WORKER if own_children else (),
        time_skipping=time_skipping,
        room_needed=0,
        room_to_run=0,
    )


async def until(condition: Callable[[], bool], within: float = 20.0) -> None:
    """Wait for a condition of the machine, at most `within` seconds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what other processes do sets no event of ours
            await asyncio.sleep(0.02)


def processes_on(home: Path) -> list[str]:
    """List the living processes that work on a data directory or were told of it."""
    return [text for pid in _pids() if pid != os.getpid() and str(home) in (text := _traces(pid))]


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _traces(pid: int) -> str:
    if not is_alive(pid):
        return ""
    try:
        place = Path(f"/proc/{pid}")
        words = [(place / "cmdline").read_bytes(), (place / "environ").read_bytes(), bytes((place / "cwd").readlink())]
        return b" ".join(words).replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


async def remember(ready: Ready, word: str) -> None:
    """Leave a word in both databases; when this returns both have acknowledged it."""
    connection = await asyncpg.connect(ready.database)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS remembered (word text PRIMARY KEY)")
        await connection.execute("INSERT INTO remembered VALUES ($1)", word)
    finally:
        await connection.close()
    client = await Client.connect(ready.temporal)
    await client.start_workflow("Remembered", id=word, task_queue="nobody")


async def recall(ready: Ready, word: str) -> None:
    """Assert that both databases still know the word."""
    connection = await asyncpg.connect(ready.database)
    try:
        assert await connection.fetchval("SELECT count(*) FROM remembered WHERE word = $1", word) == 1
    finally:
        await connection.close()
    client = await Client.connect(ready.temporal)
    assert (await client.get_workflow_handle(word).describe()).status == WorkflowExecutionStatus.RUNNING


async def until_restarted(stack: Stack, before: dict[str, int]) -> None:
    """Wait until every child runs, and none as the process it was before."""
    await until(
        lambda: all(keeper.is_up and keeper.child.pid != before.get(keeper.name) for keeper in stack.keepers),
        within=30,
    )
