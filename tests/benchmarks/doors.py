"""How fast the gateway accepts messages and how soon they have their effect, beside raw signals in the same run.

Accepted: the answer 202 came, for a signal that Temporal took it. Effect: from there until the complaint has heard the
message and its answer is kept, for a signal until the workflow has done the task it came with. Both by the servers' own
clocks, which are this machine's. In a flood messages wait for those before them; at a pace they do not.
"""

import asyncio
import json
import re
import statistics
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx2
from temporalio.api.enums.v1 import EventType

from tests.benchmarks.bare import QUEUE
from tests.benchmarks.measuring import filing, put_orders
from tests.conftest import Running
from tests.starter.http.gateway.signing import Program, programs
from workflows import wire

AT_A_TIME = 32
PACE = 10.0
"""Messages a second that every machine takes in its stride."""


async def acceptance(stack: Running, messages: int, rounds: int) -> dict[str, Any]:
    """Measure both ways in turn, so that a slow minute of the machine hits both."""
    ways: dict[str, Gateway | Signals] = {"gateway": Gateway(stack), "signals": Signals(stack)}
    found: dict[str, dict[str, list[Any]]] = {way: {"rates": [], "flood": [], "pace": []} for way in ways}
    for way in ways.values():
        await way.begin(max(messages // 10, 1))
    for _ in range(rounds):
        for name, way in ways.items():
            found[name]["rates"].append(await flooded(way, messages))
            found[name]["flood"] += await way.to_effect()
            await paced(way, messages // 5)
            found[name]["pace"] += await way.to_effect()
    for way in ways.values():
        await way.end()
    return _told(found)


def _told(found: dict[str, dict[str, list[Any]]]) -> dict[str, Any]:
    ours, theirs = found["gateway"], found["signals"]
    ratios = [mine / yardstick for mine, yardstick in zip(ours["rates"], theirs["rates"], strict=True)]
    told: dict[str, Any] = {
        "accepted_per_second": {name: [round(rate, 1) for rate in one["rates"]] for name, one in found.items()}
        | {"ratio": round(statistics.median(ratios), 2)}
    }
    for how in ("flood", "pace"):
        per = {name: _percentiles(one[how]) for name, one in found.items()}
        ratio = {p: round(per["gateway"][p] / max(per["signals"][p], 0.1), 1) for p in ("p50", "p99")}
        told[f"milliseconds_to_effect_{how}"] = per | {"ratio": ratio}
    return told | {"at_a_time": AT_A_TIME, "pace_per_second": PACE}


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50": round(cuts[49] * 1000, 1), "p99": round(cuts[98] * 1000, 1), "messages": len(seconds)}


async def flooded(way: "Gateway | Signals", messages: int) -> float:
    """Send as fast as they are accepted, so many at a time; returns how many a second were."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def in_turn(number: int) -> None:
        async with places:
            await way.send(number)

    begun = time.perf_counter()
    await asyncio.gather(*(in_turn(number) for number in range(messages)))
    return messages / (time.perf_counter() - begun)


async def paced(way: "Gateway | Signals", messages: int) -> None:
    """Send at a pace, whether or not the one before was answered."""
    sent = []
    for number in range(messages):
        sent.append(asyncio.create_task(way.send(number)))
        await asyncio.sleep(1 / PACE)
    await asyncio.gather(*sent)


class Gateway:
    """Messages over HTTP, signed, to complaints."""

    def __init__(self, stack: Running) -> None:
        self._stack = stack
        self._complaints: list[str] = []
        self._requests: list[str] = []
        self._http = httpx2.AsyncClient(
            base_url=stack.ready.gateway or "", trust_env=False, timeout=60,
            limits=httpx2.Limits(max_connections=AT_A_TIME, max_keepalive_connections=AT_A_TIME),
        )  # fmt: skip
        file = stack.data_dir / "clients.toml"
        generous = re.sub(r"^(per_minute|per_complaint) = \d+", r"\1 = 1000000", file.read_text(), flags=re.MULTILINE)
        file.write_text(generous)
        self._program: Program = programs(stack.ready.gateway or "", file)["desk-agent"]

    async def begin(self, complaints: int) -> None:
        """Open as many complaints, and wait until each can hear."""
        for order in await put_orders(self._stack, complaints):
            handle = await self._stack.client.start_workflow(
                wire.COMPLAINT, filing(order), id=f"C-{order}", task_queue=wire.TASK_QUEUE
            )
            while (await handle.query(wire.VIEW))["phase"] != "review":  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.1)
            self._complaints.append(handle.id)

    async def send(self, number: int) -> None:
        """Have one message accepted."""
        name = uuid.uuid4().hex
        said = {"kind": "noted", "message_id": name, "sender": {"role": "agent", "id": "a-1"}, "text": "已联系双方"}
        text = json.dumps({"complaint": self._complaints[number % len(self._complaints)], "message": said})
        answer = await self._http.post("/v1/messages", content=text, headers=self._program.headers(text, name))
        assert answer.status_code == 202, answer.text
        self._requests.append(name)

    async def to_effect(self) -> list[float]:
        """Wait until all are answered; returns the seconds from acceptance to there of those sent since."""
        waiting = "SELECT count(*) FROM inbox WHERE state = 'accepted'"
        async with asyncio.timeout(300):
            while await self._stack.pool.fetchval(waiting):  # noqa: ASYNC110 - another process works on it
                await asyncio.sleep(0.1)
        took = "SELECT state, extract(epoch FROM answered_at - accepted_at) AS took FROM inbox WHERE request = ANY($1)"
        rows = await self._stack.pool.fetch(took, self._requests)
        assert [row["state"] for row in rows] == ["answered"] * len(self._requests)
        self._requests.clear()
        return [float(row["took"]) for row in rows]

    async def end(self) -> None:
        """Close the connections."""
        await self._http.aclose()


class Signals:
    """Signals to a bare workflow, which notes them and does nothing."""

    def __init__(self, stack: Running) -> None:
        self._stack = stack
        self._names: list[str] = []
        self._sent = 0
        self._read: Counter[str] = Counter()
        """How many of each were read before."""

    async def begin(self, complaints: int) -> None:
        """Start as many workflows, each of which waits for something else."""
        for _ in range(complaints):
            name = f"bare-{uuid.uuid4().hex[:12]}"
            await self._stack.client.start_workflow("Bare", {}, id=name, task_queue=QUEUE)
            self._names.append(name)

    async def send(self, number: int) -> None:
        """Have one signal taken."""
        handle = self._stack.client.get_workflow_handle(self._names[number % len(self._names)])
        await handle.signal("survey_answered", {"kind": "survey_answered", "text": "已联系双方"})
        self._sent += 1

    async def to_effect(self) -> list[float]:
        """Wait until all are noted; returns the seconds from each to the end of its task, of those sent since."""
        async with asyncio.timeout(300):
            while await self._noted() < self._sent:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.1)
        took: list[float] = []
        for name in self._names:
            of_it = await self._of(name)
            took += of_it[self._read[name] :]
            self._read[name] = len(of_it)
        return took

    async def _noted(self) -> int:
        handles = [self._stack.client.get_workflow_handle(name) for name in self._names]
        return sum(await asyncio.gather(*(handle.query("heard") for handle in handles)))

    async def _of(self, name: str) -> list[float]:
        history = await self._stack.client.get_workflow_handle(name).fetch_history()
        waiting: list[float] = []
        took: list[float] = []
        for event in history.events:
            at = event.event_time.ToNanoseconds() / 1e9
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                waiting.append(at)
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                took += [at - since for since in waiting]
                waiting.clear()
        return took

    async def end(self) -> None:
        """End the workflows."""
        for name in self._names:
            await self._stack.client.get_workflow_handle(name).terminate()
