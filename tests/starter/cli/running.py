"""The command line as an operator runs it: in this process without servers, or as a process of its own."""

import asyncio
import atexit
import functools
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import ROOT

ORDER = {
    "item_id": "i-1",
    "title": "羊毛围巾",
    "spec": "灰色",
    "paid": "299.00",
    "shipping_fee": "0",
    "paid_at": "2026-11-15T10:00:00+08:00",
}


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@functools.cache
def loaded() -> str:
    """Start the process that has every command loaded, once; returns its address. It ends with this process."""
    address = str(Path(tempfile.mkdtemp()) / "commands")
    server = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.starter.cli.forking", address],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"

    def end() -> None:
        server.communicate()
        shutil.rmtree(Path(address).parent)

    atexit.register(end)
    return address


async def ran(
    environment: Mapping[str, str], *arguments: str, given: str = "", within: float = 60, anew: bool = False
) -> Ran:
    """Run `redress` as a process of its own; `anew` loads its modules as an operator's does, which takes a second."""
    quickly = ("-S", "-E", str(Path(__file__).parent / "asking.py"))
    program = ("-m", "starter.cli.main") if anew else (*quickly, await asyncio.to_thread(loaded))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *program, *arguments),
        cwd=ROOT,
        env=dict(environment),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(given.encode()), within)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return Ran(process.returncode or 0, out.decode(), err.decode())


def filing(request_id: str, order_id: str, **more: Any) -> dict[str, Any]:
    """Return a filing as an operator writes it, amounts in yuan."""
    return {
        "request_id": request_id,
        "channel": "order_page",
        "filed_by": {"role": "buyer", "id": "b-1"},
        "order_id": order_id,
        "line": 1,
        "problem": "not_as_described",
        "description": "颜色与描述不符",
        "request": {"remedy": "refund", "amount": "299.00"},
    } | more


def order(order_id: str, **more: Any) -> dict[str, Any]:
    """Return an order line of buyer b-1 with seller s-77, as an operator writes it."""
    return {"order_id": order_id, "line": 1, "buyer_id": "b-1", "seller_id": "s-77", **ORDER, **more}
