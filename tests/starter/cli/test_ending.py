"""Commands end cleanly, whatever interrupts them."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from starter.client.errors import Exit
from tests import ROOT


async def started(environment: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "starter.cli.main", *arguments),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def nowhere(data_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "REDRESS_"))}
    return kept | {"REDRESS_DATA_DIR": str(data_dir), "TEMPORAL_CONFIG_FILE": os.devnull}


async def test_ctrl_c_ends_a_waiting_command_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    called = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        try:
            await asyncio.sleep(60)
        finally:
            writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        process = await started(nowhere(tmp_path) | {"TEMPORAL_ADDRESS": f"127.0.0.1:{port}"}, "show", "C1")
        await asyncio.wait_for(called.wait(), 30)
        process.send_signal(signal.SIGINT)
        _, error = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, b"Traceback" in error) == (Exit.INTERRUPTED, False), error


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_the_stack_says_once_that_it_is_ready_and_stops_when_asked(tmp_path: Path, stop: signal.Signals) -> None:
    ports = ("--temporal-port", "0", "--ui-port", "0", "--postgres-port", "0")
    process = await started(nowhere(tmp_path), "up", "--data-dir", str(tmp_path / "data"), *ports, "--json")
    assert process.stdout is not None
    ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 90))
    assert ready["ready"] is True
    assert {"temporal", "ui", "database"} <= set(ready)
    process.send_signal(stop)
    out, error = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out, b"Traceback" in error) == (0, b"", False), error
    assert not (tmp_path / "data" / "stack.json").exists()
