"""What reaches a complaint in one workflow task has one winner, by rule and on record, and loses no money (R9.6)."""

import asyncio
from itertools import permutations

import pytest
from temporalio.api.enums.v1 import EventType

from starter.http.gateway.resources.payments import report_id
from tests.conftest import Running
from tests.engine.attacker import (
    AGENT,
    BUYER,
    SELLER,
    Handle,
    Json,
    events,
    in_phase,
    message,
    opened,
    submit,
    timeline,
    unhurt,
    until,
)
from tests.engine.outages.outage import frozen
from workflows import wire

SUPERVISOR = ("supervisor", "s-1")
WHOLE = {"amount": 29900, "currency": "CNY"}
RULED = {
    "liability": "seller",
    "remedy": "refund",
    "amount": WHOLE,
    "freight": "seller",
    "reason": "not_as_described",
    "text": "支持买家",
}
_HELD_BACK = 4
"""Tries of the provider to report by itself that are lost, so that the test says when it is heard."""


async def advanced_and_pending(stack: Running) -> Handle:
    """Rule for the buyer and order an advance, of which the provider says neither yes nor no."""
    handle = await opened(stack)
    await stack.sandbox.fault("payment", "pending", operation="send", complaint=handle.id)
    await stack.sandbox.fault("payment", "timeout_before", _HELD_BACK, operation="callback", complaint=handle.id)
    for kind, sender, body in (
        ("reviewed", AGENT, {"decision": "accept"}),
        ("seller_answered", SELLER, {"answer": "refuse", "reason": "goods_as_described"}),
        ("intervention_requested", BUYER, {"text": "请介入"}),
        ("ruled", AGENT, RULED),
        ("advance_ordered", AGENT, {"amount": WHOLE, "reason": "垫付"}),
    ):
        receipt = await submit(handle, message(kind, sender, **body))
        assert receipt["accepted"], receipt
    await until(lambda: _is_pending(stack, handle), what="an advance that is under way")
    return handle


async def _is_pending(stack: Running, handle: Handle) -> bool:
    booked = await stack.sandbox.book(handle.id)
    moved: list[Json] = (await handle.query(wire.VIEW))["money"]
    return [one.state for one in booked] == ["pending"] and [one["state"] for one in moved] == ["requested"]


async def report_of(stack: Running, handle: Handle) -> Json:
    """Word the provider's report as it will word it itself."""
    (booked,) = await stack.sandbox.book(handle.id)
    told = {"movement": booked.key, "result": "settled", "provider_reference": booked.reference}
    said = report_id(booked.key, booked.reference, "settled")
    return {**message("payment_reported", ("payment", "provider"), **told), "message_id": said}


async def in_one_task(stack: Running, handle: Handle, said: list[Json]) -> None:
    """Let a complaint hear several messages in one workflow task, in that order.

    A note goes ahead: its task may be handed to the frozen worker already, and what comes then waits for the next one.
    """
    note = message("noted", AGENT, text="以下同时到达")
    with frozen(stack):
        await handle.signal("noted", note)
        await _a_task_is_given(handle)
        for one in said:
            await handle.signal(one["kind"], one)
    wanted = {one["message_id"] for one in (note, *said)}

    async def heard() -> bool:
        return wanted <= {step["message_id"] for step in await timeline(handle)}

    await until(heard, what="all of them on record")
    assert await _tasks_that_heard(handle, len(said)) == 1


async def _a_task_is_given(handle: Handle) -> None:
    """Wait until the note's task is with the frozen worker; with nobody asking for one, all of it waits together."""
    for _ in range(50):
        begun = await events(handle, "WORKFLOW_TASK_STARTED", "WORKFLOW_EXECUTION_SIGNALED")
        if begun[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            return
        await asyncio.sleep(0.02)


async def _tasks_that_heard(handle: Handle, many: int) -> int:
    """Return in how many workflow tasks the messages after the note were heard."""
    started = [one.event_id for one in await events(handle, "WORKFLOW_TASK_STARTED")]
    signals = await events(handle, "WORKFLOW_EXECUTION_SIGNALED")
    heard = [one.event_id for one in signals][1 : 1 + many]
    return len({next(task for task in started if task > number) for number in heard})


async def ended_whole(stack: Running, handle: Handle) -> Json:
    """Wait for the end; assert that the advance is whole, nothing stays frozen, and the provider says the same."""
    view = await in_phase(handle, "closed", "follow_up")
    shown = view["advance"]
    parts = [shown[name]["amount"] for name in ("frozen", "unfrozen", "clawed_back")]
    assert (sum(parts), parts[0]) == (29900, 0)
    promised = [(one["key"], "settled") for one in view["money"]]

    async def agreed() -> bool:  # what the provider was held back from saying, it says in the end
        return [(one.key, one.state) for one in await stack.sandbox.book(handle.id)] == promised

    await until(agreed, what=f"the provider's book to say {promised}")
    await unhurt(handle)
    return view


@pytest.mark.parametrize("order", [*permutations(("withdrawn", "ruled", "payment_reported"))], ids="-".join)
async def test_withdrawal_second_ruling_and_the_providers_word_in_one_task(
    stack: Running, order: tuple[str, ...]
) -> None:
    handle = await advanced_and_pending(stack)
    await submit(handle, message("ruling_appealed", SELLER, ruling=1, grounds="新证据"))
    await submit(handle, message("appeal_decided", SUPERVISOR, decision="send_back", text="重新核实"))
    words = {
        "withdrawn": message("withdrawn", BUYER, reason="和解"),
        "ruled": message("ruled", AGENT, **RULED),
        "payment_reported": await report_of(stack, handle),
    }
    said = [words[kind] for kind in order]
    await in_one_task(stack, handle, said)
    view = await ended_whole(stack, handle)
    assert (view["outcome"], view["advance"]["state"]) == ("withdrawn", "clawed_back")
    overtaken = [step["message_id"] for step in await timeline(handle) if step["event"] in {"refused", "late_message"}]
    late = [words["ruled"]["message_id"]] if order.index("ruled") > order.index("withdrawn") else []
    assert overtaken == late


@pytest.mark.parametrize("order", [*permutations(("withdrawn", "confirmed"))], ids="-".join)
async def test_a_final_ruling_or_a_withdrawal_wins_whichever_was_heard_first(
    stack: Running, order: tuple[str, ...]
) -> None:
    handle = await advanced_and_pending(stack)
    both = [message("ruling_confirmed", sender, ruling=1) for sender in (BUYER, SELLER)]
    words = {"withdrawn": [message("withdrawn", BUYER, reason="和解")], "confirmed": both}
    said = [await report_of(stack, handle), *words[order[0]], *words[order[1]]]
    await in_one_task(stack, handle, said)
    view = await ended_whole(stack, handle)
    final = order[0] == "confirmed"
    assert view["advance"]["state"] == ("unfrozen" if final else "clawed_back")
    assert (view["outcome"] == "withdrawn") is not final
    refused = [step["message_id"] for step in await timeline(handle) if step["event"] == "refused"]
    assert refused == [one["message_id"] for one in words[order[1]]]
