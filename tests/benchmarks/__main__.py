"""`python -m tests.benchmarks [--complaints N] [--open N] [--messages N]`: costs and speed, as JSON on standard output.

Seconds say little on a shared machine: read the ratios, which come from the same run.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

from tests.benchmarks.doors import acceptance
from tests.benchmarks.measuring import bare, costs, filing, ours, per_second, put_orders
from tests.conftest import Running, running
from tests.replay.histories import load, names, replayer
from workers.telemetry.logs import configure
from workflows import wire

AT_A_TIME = 50


def say(text: str) -> None:
    """Tell a person what is being done."""
    print(text, file=sys.stderr, flush=True)


@asynccontextmanager
async def bare_worker(stack: Running) -> AsyncIterator[None]:
    """Run the worker of the bare workflow as a process of its own, as ours is."""
    environment = {**os.environ, "TEMPORAL_ADDRESS": stack.ready.temporal}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.benchmarks.bare", env=environment)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def throughput(stack: Running, complaints: int, rounds: int) -> dict[str, Any]:
    """Measure both workflows in turn, so that a slow minute of the machine hits both."""
    speeds: dict[str, list[float]] = {"redress": [], "bare": []}
    for number in range(rounds):
        for name, one in (("redress", ours), ("bare", bare)):
            orders = await put_orders(stack, complaints)
            speed = await per_second(one, stack.client, orders, AT_A_TIME)
            speeds[name].append(round(speed, 2))
            say(f"round {number + 1} of {rounds}: {name} {speed:.1f} complaints/s, {AT_A_TIME} at a time")
    ratios = [mine / yardstick for mine, yardstick in zip(speeds["redress"], speeds["bare"], strict=True)]
    return {**speeds, "ratio": round(statistics.median(ratios), 3), "at_a_time": AT_A_TIME}


async def replay(stack: Running, workflow_id: str) -> dict[str, Any]:
    """Measure the replay of one complaint."""
    return await replayed(await stack.client.get_workflow_handle(workflow_id).fetch_history())


async def replay_longest() -> dict[str, Any]:
    """Measure the replay of the longest saved history."""
    return await replayed(max((load(name) for name in names()), key=lambda history: len(history.events)))


async def replayed(history: WorkflowHistory) -> dict[str, Any]:
    """Measure the replay of one history, whole, as a worker without a cache does it."""
    taken: list[float] = []
    for _ in range(5):
        begun = time.perf_counter()
        await replayer().replay_workflow(history)
        taken.append(time.perf_counter() - begun)
    return {"events": len(history.events), "milliseconds": round(min(taken) * 1000, 1)}


async def memory(stack: Running, number: int) -> dict[str, Any]:
    """Open many complaints that stay open, and read what the worker then holds in memory."""
    before = _resident(stack.stack.pids["the worker"])
    orders = await put_orders(stack, number)
    places = asyncio.Semaphore(AT_A_TIME)

    async def opened(order_id: str) -> None:
        async with places:
            handle = await stack.client.start_workflow(
                wire.COMPLAINT, filing(order_id), id=f"C-{order_id}", task_queue=wire.TASK_QUEUE
            )
            while (await handle.query(wire.VIEW))["phase"] != "review":  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.1)

    for done in range(0, number, 500):
        await asyncio.gather(*(opened(order_id) for order_id in orders[done : done + 500]))
        say(f"{min(done + 500, number)} of {number} complaints open")
    return {
        "open_complaints": number,
        "megabytes_before": before,
        "megabytes": _resident(stack.stack.pids["the worker"]),
    }


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return round(int(kilobytes) / 1024, 1)


async def measure(complaints: int, rounds: int, open_complaints: int, messages: int) -> dict[str, Any]:
    """Run everything on stacks of its own: one as it is, one whose worker tells nobody."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        async for stack in running(Path(folder)):
            say("costs of the standard complaint")
            [order] = await put_orders(stack, 1)
            handle = await ours(stack.client, order, one_by_one=True)
            result["standard_complaint"] = await costs(handle)
            result["replay_standard"] = await replay(stack, handle.id)
            async with bare_worker(stack):
                say("messages through the gateway, beside raw signals")
                result["acceptance"] = await acceptance(stack, messages, rounds)
                result["throughput"] = await throughput(stack, complaints, rounds) if complaints else None
            if open_complaints:
                result["memory"] = await memory(stack, open_complaints)
    if not complaints:
        return result
    with tempfile.TemporaryDirectory() as folder:
        async for stack in running(Path(folder), worker=[sys.executable, "-m", "tests.benchmarks.quiet"]):
            async with bare_worker(stack):
                result["throughput_notices_apart"] = await throughput(stack, complaints, rounds)
    result["replay_longest"] = await replay_longest()
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--complaints", type=int, default=200, help="complaints a round; 0: only the doors")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--open", type=int, default=5000, help="open complaints for the memory of the worker")
    parser.add_argument(
        "--messages", type=int, default=500, help="messages a round, through the gateway and as signals"
    )
    asked = parser.parse_args()
    configure("console")
    print(json.dumps(asyncio.run(measure(asked.complaints, asked.rounds, asked.open, asked.messages)), indent=2))


if __name__ == "__main__":
    main()
