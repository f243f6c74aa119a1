"""What an attacker and an outage have in common: own orders, raw payloads, raw doors, looks at what happened."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from tests.conftest import Running
from workers.sandbox.shapes import SandboxOrder
from workflows import wire
from workflows.money.amount import Money

Handle = WorkflowHandle[Any, Any]
Json = dict[str, Any]

PATIENCE = 45.0
"""Seconds that anything may take before it counts as stuck: far above what a busy machine needs."""

_TAKEN_BACK = {
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
}

BUYER, SELLER, AGENT = ("buyer", "b-1"), ("seller", "s-9"), ("agent", "a-1")


def raw(data: bytes | str, encoding: str | None = "json/plain") -> RawValue:
    """Word a payload byte by byte, as no honest client would."""
    content = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    return RawValue(Payload(metadata={"encoding": encoding.encode()} if encoding else {}, data=content))


def as_raw(value: object) -> RawValue:
    """Word a value as JSON with everything Python lets through: NaN, lone surrogates, NUL."""
    return raw(json.dumps(value))


async def order(stack: Running, **changes: Any) -> SandboxOrder:
    """Put a line of its own into the order system: 299.00 yuan, delivered two days ago."""
    now = datetime.now(UTC)
    line = SandboxOrder(
        **{
            "order_id": f"o-{uuid.uuid4().hex[:12]}",
            "line": 1,
            "buyer_id": BUYER[1],
            "seller_id": SELLER[1],
            "item_id": "i-1",
            "title": "羊毛大衣",
            "paid": Money(amount=29900),
            "paid_at": now - timedelta(days=5),
            "delivered_at": now - timedelta(days=2),
            **changes,
        }
    )
    await stack.sandbox.put_orders([line])
    return line


def filing(order_id: str, **changes: Any) -> Json:
    """Word a filing that is in order, but for the changes."""
    return {
        "request_id": f"r-{uuid.uuid4().hex[:12]}",
        "channel": "order_page",
        "filed_by": {"role": "buyer", "id": BUYER[1]},
        "order_id": order_id,
        "line": 1,
        "problem": "not_as_described",
        "description": "色差很大",
        "request": {"remedy": "refund", "amount": {"amount": 29900, "currency": "CNY"}},
        **changes,
    }


async def start(stack: Running, *arguments: Any, number: str | None = None) -> Handle:
    """Start a workflow of type Complaint with whatever arguments; returns at once."""
    number = number or f"C-{uuid.uuid4().hex[:12]}"
    handle: Handle = await stack.client.start_workflow(
        wire.COMPLAINT, args=arguments, id=number, task_queue=wire.TASK_QUEUE
    )
    return handle


async def opened(stack: Running, **changes: Any) -> Handle:
    """Open a complaint over an order of its own; returns once it is registered."""
    line = await order(stack)
    handle = await start(stack, filing(line.order_id, **changes))
    await in_phase(handle, "review")
    return handle


def message(kind: str, sender: tuple[str, str], **body: Any) -> Json:
    """Word a message with an id of its own unless one is given."""
    role, one = sender
    return {"kind": kind, "message_id": uuid.uuid4().hex, "sender": {"role": role, "id": one}, **body}


async def submit(handle: Handle, *arguments: Any, within: float = PATIENCE) -> Json:
    """Send to the update door and return the receipt, or the refusal with the code, phase and what is allowed."""
    try:
        async with asyncio.timeout(within):
            return dict(await handle.execute_update(wire.SUBMIT, args=arguments))
    except WorkflowUpdateFailedError as failed:
        return refusal_of(failed.cause)


def refusal_of(cause: BaseException | None) -> Json:
    """Return the refusal in a failure; anything that is not a typed refusal fails the test."""
    assert isinstance(cause, ApplicationError), repr(cause)
    assert cause.type == wire.REFUSED, f"{cause.type}: {cause.message}"
    refusal: Json = cause.details[0]
    assert refusal["accepted"] is False
    assert refusal["code"]
    assert refusal["phase"]
    assert refusal["text"] == cause.message
    assert isinstance(refusal["allowed"], list)
    return refusal


async def refused(handle: Handle) -> Json:
    """Wait for the workflow to fail as `Refused` and return the refusal."""
    try:
        async with asyncio.timeout(PATIENCE):
            result = await handle.result()
    except WorkflowFailureError as failed:
        return refusal_of(failed.cause)
    raise AssertionError(f"{handle.id} was taken in: {result}")


async def in_phase(handle: Handle, *phases: str, within: float = PATIENCE) -> Json:
    """Wait for the complaint to come into one of the phases; returns the view."""
    view: Json = {}

    async def there() -> bool:
        nonlocal view
        view = await handle.query(wire.VIEW)
        return view["phase"] in phases

    await until(there, within, f"{handle.id} in phase {' or '.join(phases)}")
    return view


async def timeline(handle: Handle) -> list[Json]:
    """Return the steps the complaint tells of."""
    return list(await handle.query(wire.TIMELINE))


async def until(condition: Callable[[], Awaitable[bool]], within: float = PATIENCE, what: str = "it") -> None:
    """Wait for a condition of the world; fails with its name after `within` seconds."""
    deadline = asyncio.get_running_loop().time() + within
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, f"waited {within:.0f} s in vain for: {what}"
        await asyncio.sleep(0.03)


async def events(handle: Handle, *kinds: str) -> list[Any]:
    """Return the events of those kinds (names without EVENT_TYPE_) in the history."""
    wanted = {EventType.Value(f"EVENT_TYPE_{kind}") for kind in kinds}
    return [event async for event in handle.fetch_history_events() if event.event_type in wanted]


async def unhurt(handle: Handle) -> None:
    """Assert that not one workflow task of this complaint ever failed.

    The server takes a task back when something came in just as the complaint closed, or when a flood fills its
    buffer; that is how nothing is lost, and no failure.
    """
    failed = [one.workflow_task_failed_event_attributes for one in await events(handle, "WORKFLOW_TASK_FAILED")]
    hurt = [one for one in failed if one.cause not in _TAKEN_BACK]
    assert not hurt, f"{handle.id}: {WorkflowTaskFailedCause.Name(hurt[0].cause)} {hurt[0].failure.message}"


async def good_message_works(handle: Handle) -> None:
    """Assert that a complaint still hears what is in order."""
    receipt = await submit(handle, message("noted", AGENT, text="好"))
    assert receipt["accepted"], receipt


_NOT_NOW = {RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION}
"""A query that took too long, or came while a task is tried again because more had come in: `unhurt` looks why."""


async def has_steps(handle: Handle, number: int) -> bool:
    """Tell whether the complaint has come to that many steps; while its worker is too busy to say, it has not."""
    try:
        view: Json = await handle.query(wire.VIEW)
    except RPCError as wrong:
        if wrong.status not in _NOT_NOW:
            raise
        return False
    return bool(view["steps"] >= number)
