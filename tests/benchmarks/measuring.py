"""What is measured: the costs of the standard complaint, and its speed beside a bare workflow in the same run."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from tests.benchmarks.bare import QUEUE
from tests.conftest import Running
from workers.sandbox.shapes import SandboxOrder
from workflows import wire
from workflows.money.amount import Money

AMOUNT = Money(amount=29900)
_BILLED = {
    "ACTIVITY_TASK_SCHEDULED": "activities",
    "TIMER_STARTED": "timers",
    "WORKFLOW_EXECUTION_SIGNALED": "signals",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": "updates",
    "WORKFLOW_EXECUTION_STARTED": "starts",
}
_MESSAGES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("reviewed", "agent", {"decision": "accept"}),
    ("seller_answered", "seller", {"answer": "agree"}),
    ("survey_answered", "buyer", {"score": 5}),
)


async def put_orders(stack: Running, number: int) -> list[str]:
    """Put as many orders into the order system; returns their ids."""
    now = datetime.now(UTC)
    orders = [
        SandboxOrder(
            order_id=f"o-{uuid.uuid4().hex[:12]}",
            line=1,
            buyer_id="b-1",
            seller_id="s-1",
            item_id="i-1",
            title="羊毛大衣",
            paid=AMOUNT,
            paid_at=now - timedelta(days=5),
            delivered_at=now - timedelta(days=2),
        )
        for _ in range(number)
    ]
    await stack.sandbox.put_orders(orders)
    return [order.order_id for order in orders]


def filing(order_id: str) -> dict[str, Any]:
    """Return the filing of the standard complaint about that order."""
    return {
        "request_id": order_id,
        "channel": "order_page",
        "filed_by": {"role": "buyer", "id": "b-1"},
        "order_id": order_id,
        "line": 1,
        "problem": "not_as_described",
        "description": "颜色与页面不符",
        "request": {"remedy": "refund", "amount": AMOUNT.model_dump()},
    }


PHASES = {"reviewed": "review", "seller_answered": "negotiation", "survey_answered": "follow_up"}


async def ours(client: Client, order_id: str, *, one_by_one: bool = False) -> WorkflowHandle[Any, Any]:
    """Live through one standard complaint: filed, accepted, seller agrees, refunded, survey answered, closed.

    `one_by_one` waits for each message to be heard and written, as people do; else they come as fast as they are taken.
    """
    handle = await client.start_workflow(
        wire.COMPLAINT, filing(order_id), id=f"C-{order_id}", task_queue=wire.TASK_QUEUE
    )
    for kind, role, body in _MESSAGES:
        if one_by_one or kind == "survey_answered":
            await _until(handle, PHASES[kind])
        while one_by_one and (await handle.describe()).raw_description.pending_activities:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await handle.signal(kind, _message(kind, role, body))
    await handle.result()
    return handle


async def _until(handle: WorkflowHandle[Any, Any], phase: str) -> None:
    while (await handle.query(wire.VIEW))["phase"] != phase:  # noqa: ASYNC110 - no event to wait for
        await asyncio.sleep(0.05)


def _message(kind: str, role: str, body: dict[str, Any]) -> dict[str, Any]:
    who = {"agent": "a-1", "seller": "s-1", "buyer": "b-1"}[role]
    return {"kind": kind, "message_id": uuid.uuid4().hex, "sender": {"role": role, "id": who}, **body}


async def bare(client: Client, order_id: str) -> WorkflowHandle[Any, Any]:
    """Do the same with the bare workflow, its waiting query included."""
    handle = await client.start_workflow("Bare", filing(order_id), id=f"bare-{order_id}", task_queue=QUEUE)
    for kind, role, body in _MESSAGES:
        while kind == "survey_answered" and await handle.query("heard") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await handle.signal(kind, _message(kind, role, body))
    await handle.result()
    return handle


async def per_second(
    one: Callable[[Client, str], Awaitable[Any]], client: Client, orders: list[str], at_a_time: int
) -> float:
    """Return complaints per second, so many at a time."""
    places = asyncio.Semaphore(at_a_time)

    async def in_turn(order_id: str) -> None:
        async with places:
            await one(client, order_id)

    begun = time.perf_counter()
    await asyncio.gather(*(in_turn(order_id) for order_id in orders))
    return len(orders) / (time.perf_counter() - begun)


async def costs(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """Count events, billable actions and bytes of one history."""
    history = await handle.fetch_history()
    events = Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events)
    actions = {name: events[event] for event, name in _BILLED.items() if events[event]}
    return {
        "events": len(history.events),
        "actions": sum(actions.values()),
        "actions_by_kind": actions,
        "search_attribute_upserts": events["UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"],
        "bytes": sum(event.ByteSize() for event in history.events),
    }
