"""A gateway process of a test's own beside the stack's: the same database and clients, other settings."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping

from tests import ROOT
from tests.conftest import Running


@contextlib.asynccontextmanager
async def own_gateway(stack: Running, settings: Mapping[str, str]) -> AsyncIterator[str]:
    """Start one with these settings and give its address; it is stopped at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "starter.http.gateway", "--port", "0"),
        stdout=PIPE,
        stderr=DEVNULL,
        env={**stack.environment, **settings, "REDRESS_CLIENTS": str(stack.data_dir / "clients.toml")},
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield str(json.loads(line)["gateway"])
    finally:
        process.terminate()
        await process.communicate()
