"""Whatever is thrown at the doors is refused with a reason, and nothing ever hurts a complaint."""

import asyncio
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import RawValue
from temporalio.service import RPCError, RPCStatusCode

from tests.conftest import Running
from tests.engine import hostile
from tests.engine.attacker import (
    AGENT,
    PATIENCE,
    Handle,
    Json,
    as_raw,
    events,
    filing,
    good_message_works,
    has_steps,
    in_phase,
    message,
    opened,
    order,
    refused,
    start,
    timeline,
    unhurt,
    until,
)
from workflows import wire
from workflows.complaint.decoding import Unreadable, read_filing


async def _refused_unhurt(handle: Handle) -> Json:
    refusal = await refused(handle)
    await unhurt(handle)
    return refusal


# -- the start ------------------------------------------------------------------------------------------------------


async def test_a_filing_that_cannot_be_read_fails_as_refused_with_the_reason(stack: Running) -> None:
    thrown = list(hostile.filings())
    handles = [await start(stack, payload) for _, payload in thrown]
    refusals = await asyncio.gather(*map(_refused_unhurt, handles))
    for (what, _), refusal in zip(thrown, refusals, strict=True):
        assert (refusal["code"], refusal["phase"]) == ("malformed", "registration"), (what, refusal)
        assert 3 < len(refusal["text"]) <= 600, (what, refusal)
        assert "Traceback" not in refusal["text"]


async def test_a_start_without_or_with_several_arguments_fails_as_refused(stack: Running) -> None:
    good = filing("o-1")
    handles = [
        await start(stack, *arguments)
        for arguments in ((), (good, good), (good, None), (None,) * 5, (hostile.BYTES["not JSON"],) * 2)
    ]
    for refusal in await asyncio.gather(*map(_refused_unhurt, handles)):
        assert refusal["code"] == "malformed"
        assert "one argument" in refusal["text"]


async def test_a_number_that_could_harm_a_key_is_refused(stack: Running) -> None:
    line = await order(stack)
    suffix = uuid.uuid4().hex[:8]
    numbers = [
        f"{name}{suffix}" for name in ("C 1", "C\n", "../", "C:refund:1", "-", ".", "中文", "%", "C'--", "C" * 60)
    ]
    handles = [await start(stack, filing(line.order_id), number=number) for number in numbers]
    for refusal in await asyncio.gather(*map(_refused_unhurt, handles)):
        assert "complaint number" in refusal["text"]


@hostile.BATCH
@given(batch=st.lists(hostile.mutilated(filing("o-none")), min_size=20, max_size=20))
async def test_any_bytes_at_the_start_are_refused_or_registered(stack: Running, batch: list[RawValue]) -> None:
    async def ends(payload: RawValue) -> None:
        handle = await start(stack, payload)
        if isinstance(read_filing([payload]), Unreadable):
            await refused(handle)
        else:
            await in_phase(handle, "review", "closed")
        await unhurt(handle)

    await asyncio.gather(*map(ends, batch))


async def _ends_refused(handle: Handle) -> Json:
    async with asyncio.timeout(PATIENCE):
        result = await handle.result()
    assert result["outcome"] == "refused"
    closed = (await timeline(handle))[-1]
    assert closed["event"] == "closed"
    await unhurt(handle)
    return closed


async def test_a_filing_that_a_rule_stands_against_ends_as_refused_with_the_rule(stack: Running) -> None:
    line, other = await order(stack), await order(stack, buyer_id="b-2")
    first = await start(stack, filing(line.order_id, request_id=f"r-{line.order_id}"))
    await in_phase(first, "review")
    above = {"remedy": "refund", "amount": {"amount": 29901, "currency": "CNY"}}
    much = {"remedy": "compensation", "amount": {"amount": 29900 * 3 + 1, "currency": "CNY"}}
    cases = {
        "R1.2": [filing("o-unknown"), filing(line.order_id, line=2)],
        "R1.3": [
            filing(other.order_id),
            *(
                filing(line.order_id, filed_by={"role": role, "id": one})
                for role, one in [
                    ("buyer", "b-x"), ("seller", "s-9"), ("system", "system"), ("system", "platform"),
                    ("agent", "b-1"), ("agent", "a-99"), ("carrier", "sf"), ("payment", "p"), ("supervisor", "a-1"),
                    ("department", "order"),
                ]
            ),
        ],
        "R1.4": [filing(line.order_id), filing(line.order_id, request_id=f"r-{line.order_id}")],
        "R1.8": [filing(line.order_id, problem="quality", request=request) for request in (above, much)],
    }  # fmt: skip
    for rule, filings in cases.items():
        handles = [await start(stack, one) for one in filings]
        for one, closed in zip(filings, await asyncio.gather(*map(_ends_refused, handles)), strict=True):
            assert closed["rule"] == rule, (one, closed)
    await good_message_works(first)


async def test_of_many_filings_for_one_line_at_once_one_is_open(stack: Running) -> None:
    line = await order(stack)
    handles = [await start(stack, filing(line.order_id)) for _ in range(12)]
    views = await asyncio.gather(*(in_phase(handle, "review", "closed") for handle in handles))
    assert sorted(view["phase"] for view in views) == ["closed"] * 11 + ["review"]


# -- the signals ----------------------------------------------------------------------------------------------------


async def test_signals_of_any_name_and_content_are_kept_as_refused(stack: Running) -> None:
    handle = await opened(stack)
    before = len(await timeline(handle))
    thrown: list[tuple[str, tuple[RawValue, ...]]] = [
        *(("noted", (payload,)) for what, payload in hostile.messages() if what != "no kind"),
        *((name, (as_raw(message("noted", AGENT, text="x")),)) for name in hostile.NAMES),
        *((name, ()) for name in ("noted", "submit", "__temporal_x")),
        *((name, (as_raw(message("noted", AGENT, text="x")),) * 2) for name in ("noted", "ruled")),
        ("reviewed", (as_raw(message("noted", AGENT, text="x")),)),
    ]
    await asyncio.gather(*(handle.signal(name, args=list(arguments)) for name, arguments in thrown))
    await until(lambda: has_steps(handle, before + len(thrown)), what="a step for every signal")
    steps = (await timeline(handle))[before:]
    assert len(steps) == len(thrown), "each signal is kept once"
    assert {step["event"] for step in steps} == {"refused"}
    assert all(step["reason"] for step in steps)
    await good_message_works(handle)
    await unhurt(handle)


async def test_a_signal_without_a_name_hurts_nobody(stack: Running) -> None:
    handle = await opened(stack)
    try:
        await handle.signal("", message("noted", AGENT, text="x"))
    except RPCError as refusal:
        assert refusal.status is RPCStatusCode.INVALID_ARGUMENT  # noqa: PT017 - taken or refused, both are well
    await good_message_works(handle)
    await unhurt(handle)


async def test_a_signal_in_order_is_heard_without_a_kind_inside(stack: Running) -> None:
    handle = await opened(stack)
    said = message("noted", AGENT, text="好")
    del said["kind"]
    await handle.signal("noted", said)
    await until(lambda: _said(handle, said["message_id"]), what="the note in the timeline")
    await unhurt(handle)


async def _said(handle: Handle, message_id: str) -> bool:
    return any(step["message_id"] == message_id for step in await timeline(handle))


async def test_a_blocked_task_would_be_seen(stack: Running) -> None:
    """The guard of all tests here: a workflow task that fails is found in the history."""
    handle = await stack.client.start_workflow("NoSuchType", id=f"x-{uuid.uuid4().hex}", task_queue=wire.TASK_QUEUE)
    await until(lambda: _failing(handle), what="a failed workflow task")
    with pytest.raises(AssertionError, match="NoSuchType"):
        await unhurt(handle)
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    await handle.terminate("the test is over")


async def _failing(handle: Handle) -> bool:
    return bool(await events(handle, "WORKFLOW_TASK_FAILED"))
