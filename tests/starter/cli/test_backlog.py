"""What the inbox could not deliver is named to the operator, with the reason; what was parked, too."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from activities.store.inbox import Inbox
from tests.activities.store.test_inbox import received
from tests.conftest import Running
from tests.engine.attacker import AGENT, Handle, message, opened, until
from tests.starter.cli.running import ran


async def kept(stack: Running, complaint: str) -> str:
    """Keep a note as another gateway would; returns its request."""
    said, request = message("noted", AGENT, text="好"), uuid.uuid4().hex
    await Inbox(stack.pool).keep(received(request, complaint=complaint, message=said), stamp=False)
    return request


async def state(stack: Running, request: str) -> str:
    row = await Inbox(stack.pool).by_request("shop-9-erp", request)
    return row.state if row else ""


async def delivered(stack: Running, request: str) -> None:
    async def there() -> bool:
        return await state(stack, request) != "accepted"

    await until(there, what="the answer")


async def ended(stack: Running) -> Handle:
    handle = await opened(stack)
    await handle.execute_update("submit", message("withdrawn", ("buyer", "b-1"), reason="不用了"))
    async with asyncio.timeout(45):
        await handle.result()
    return handle


async def test_a_message_for_an_ended_complaint_is_parked_and_named(stack: Running) -> None:
    handle = await ended(stack)
    request = await kept(stack, handle.id)
    await delivered(stack, request)
    assert await state(stack, request) == "parked"
    shown = await ran(stack.environment, "show", handle.id)
    assert "parked: noted of seller:s-9" in shown.out
    assert ": closed" in shown.out
    doctor = {one["check"]: one for one in (await ran(stack.environment, "doctor", "--json")).data}
    assert handle.id in doctor["inbox"]["text"]
    steps = await ran(stack.environment, "timeline", handle.id)
    assert "late message" in steps.out, "it is on record with the complaint, too"


async def test_a_message_for_a_complaint_that_nobody_knows_is_parked_with_its_answer(stack: Running) -> None:
    request = await kept(stack, f"C20261122-{uuid.uuid4().hex[:10].upper()}")
    await delivered(stack, request)
    row = await Inbox(stack.pool).by_request("shop-9-erp", request)
    assert row is not None
    assert row.state == "parked"
    assert (row.answer or {})["code"] == "unknown_reference"


@pytest.mark.parametrize("minutes", [0, 5])
async def test_what_waits_too_long_is_a_warning_that_says_why(stack: Running, minutes: int) -> None:
    handle = await opened(stack)
    await stack.pool.execute(
        "INSERT INTO inbox_turns VALUES ($1, now() + interval '1 hour', 3, 'nobody works')", handle.id
    )
    request = await kept(stack, handle.id)
    async with stack.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")  # else the guard refuses, as it should
        earlier = "UPDATE inbox SET accepted_at = accepted_at - $2::interval WHERE request = $1"
        await connection.execute(earlier, request, timedelta(minutes=minutes))
    try:
        doctor = {one["check"]: one for one in (await ran(stack.environment, "doctor", "--json")).data}
        assert doctor["inbox"]["state"] == ("warning" if minutes else "ok")
        assert not minutes or f"longest noted for {handle.id}, since" in doctor["inbox"]["text"]
        assert not minutes or "(nobody works)" in doctor["inbox"]["text"]
        shown = await ran(stack.environment, "show", handle.id)
        assert "in the inbox: 1 messages that it has not answered" in shown.out
    finally:
        await stack.pool.execute("DELETE FROM inbox_turns WHERE complaint = $1", handle.id)
    await delivered(stack, request)
    assert await state(stack, request) == "answered"
