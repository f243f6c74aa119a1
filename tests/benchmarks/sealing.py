"""`python -m tests.benchmarks.sealing [--messages N]`: what encryption costs, as JSON; two stacks take turns.

Read the ratios: both stacks run on the same machine at the same time, and are asked in turn.
"""

import argparse
import asyncio
import json
import logging
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from temporalio.client import Client, WorkflowHandle

from tests.benchmarks.measuring import filing, put_orders
from tests.conftest import Running, running
from tests.workers.encryption.rings import ring_file
from workers.encryption.converter import data_converter
from workflows import wire

TEXT = "买家称颜色与页面不符，已致电说明。" * 4
"""What an agent notes: some two hundred bytes."""


async def opened(stack: Running) -> WorkflowHandle[Any, Any]:
    """File a complaint and wait until it is registered."""
    (order,) = await put_orders(stack, 1)
    number = f"C20261122-{uuid4().hex[:10].upper()}"
    handle = await stack.client.start_workflow(wire.COMPLAINT, filing(order), id=number, task_queue=wire.TASK_QUEUE)
    await told(handle)
    return handle


async def told(handle: WorkflowHandle[Any, Any]) -> float:
    """Tell one message and return the milliseconds until its receipt."""
    message = {"kind": "noted", "message_id": uuid4().hex, "sender": {"role": "agent", "id": "a-1"}, "text": TEXT}
    began = time.perf_counter()
    await handle.execute_update(wire.SUBMIT, message)
    return (time.perf_counter() - began) * 1000


async def bytes_of(stack: Running, handle: WorkflowHandle[Any, Any]) -> int:
    """Return how long the history is as the server keeps it."""
    raw = await Client.connect(stack.ready.temporal)
    described = await raw.get_workflow_handle(handle.id).describe()
    return int(described.raw_description.workflow_execution_info.history_size_bytes)


async def measure(messages: int) -> dict[str, Any]:
    """Tell both complaints as many messages, in turn."""
    async with AsyncExitStack() as opening:
        home = Path(opening.enter_context(tempfile.TemporaryDirectory()))
        ring = ring_file(home / "ring.toml")
        stacks = {
            "clear": await opening.enter_async_context(whole(home / "clear")),
            "sealed": await opening.enter_async_context(whole(home / "sealed", key_ring=ring)),
        }
        handles = {name: await opened(stack) for name, stack in stacks.items()}
        times: dict[str, list[float]] = {name: [] for name in stacks}
        for _ in range(messages):
            for name, handle in handles.items():
                times[name].append(await told(handle))
        sizes = {name: await bytes_of(stacks[name], handle) for name, handle in handles.items()}
        middle = {name: round(statistics.median(one), 2) for name, one in times.items()}
        return {
            "messages": messages,
            "median_ms_per_message": middle | {"ratio": round(middle["sealed"] / middle["clear"], 3)},
            "history_bytes": sizes | {"ratio": round(sizes["sealed"] / sizes["clear"], 3)},
            "codec_us_per_payload": await codec(ring),
        }


async def codec(ring: Path) -> dict[str, float]:
    """Return the microseconds that sealing and opening take, converter included, by bytes of text."""
    found = {}
    for size in (200, 2_000, 20_000, 200_000):
        converter, rounds = data_converter(ring), 500
        began = time.perf_counter()
        for _ in range(rounds):
            assert await converter.decode(await converter.encode(["x" * size]))
        sealed = time.perf_counter() - began
        began = time.perf_counter()
        for _ in range(rounds):
            assert await data_converter(None).decode(await data_converter(None).encode(["x" * size]))
        found[str(size)] = round((sealed - (time.perf_counter() - began)) / rounds * 1e6, 1)
    return found


@asynccontextmanager
async def whole(home: Path, **more: object) -> Any:
    """Run a stack of its own."""
    async for stack in running(home, **more):
        yield stack


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=150)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print(json.dumps(asyncio.run(measure(parser.parse_args().messages)), indent=1))
