"""Whatever is thrown at the doors is refused with a reason, and nothing ever hurts a complaint."""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import RawValue
from temporalio.service import RPCError, RPCStatusCode

from tests.conftest import Running
from tests.engine import hostile
from tests.engine.attacker import (
    AGENT,
    BUYER,
    PATIENCE,
    SELLER,
    Handle,
    Json,
    as_raw,
    events,
    filing,
    in_phase,
    message,
    opened,
    order,
    refused,
    start,
    submit,
    timeline,
    unhurt,
    until,
)
from workflows import wire
from workflows.understanding import NotUnderstood, understand_filing

_BATCH = settings(
    max_examples=3,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
"""Each example is a batch of 20, thrown at once: shrinking one would cost minutes, and its bytes are in the message."""


async def _refused_unhurt(handle: Handle) -> Json:
    refusal = await refused(handle)
    await unhurt(handle)
    return refusal


async def _good_message_works(handle: Handle) -> None:
    receipt = await submit(handle, message("noted", AGENT, text="好"))
    assert receipt["accepted"], receipt


# -- the start ------------------------------------------------------------------------------------------------------


async def test_a_filing_that_cannot_be_read_fails_as_refused_with_the_reason(stack: Running) -> None:
    given_ = list(hostile.filings())
    handles = [await start(stack, payload) for _, payload in given_]
    refusals = await asyncio.gather(*map(_refused_unhurt, handles))
    for (what, _), refusal in zip(given_, refusals, strict=True):
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


@_BATCH
@given(batch=st.lists(hostile.mutilated(filing("o-none")), min_size=20, max_size=20))
async def test_any_bytes_at_the_start_are_refused_or_registered(stack: Running, batch: list[RawValue]) -> None:
    async def ends(payload: RawValue) -> None:
        handle = await start(stack, payload)
        if isinstance(understand_filing([payload]), NotUnderstood):
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
    await _good_message_works(first)


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
    await until(lambda: _has_steps(handle, before + len(thrown)), what="a step for every signal")
    steps = (await timeline(handle))[before:]
    assert len(steps) == len(thrown), "each signal is kept once"
    assert {step["event"] for step in steps} == {"refused"}
    assert all(step["reason"] for step in steps)
    await _good_message_works(handle)
    await unhurt(handle)


async def _has_steps(handle: Handle, number: int) -> bool:
    view: Json = await handle.query(wire.VIEW)
    return bool(view["steps"] >= number)


async def test_a_signal_without_a_name_hurts_nobody(stack: Running) -> None:
    handle = await opened(stack)
    try:
        await handle.signal("", message("noted", AGENT, text="x"))
    except RPCError as refusal:
        assert refusal.status is RPCStatusCode.INVALID_ARGUMENT  # noqa: PT017 - taken or refused, both are well
    await _good_message_works(handle)
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


# -- the updates ----------------------------------------------------------------------------------------------------


async def test_messages_that_cannot_be_read_are_refused_at_the_update_door(stack: Running) -> None:
    handle = await opened(stack)
    before: Json = await handle.query(wire.VIEW)
    thrown = list(hostile.messages())
    for start_ in range(0, len(thrown), 5):  # the server takes ten updates of one workflow at once
        part = thrown[start_ : start_ + 5]
        for (what, _), refusal in zip(
            part, await asyncio.gather(*(submit(handle, payload) for _, payload in part)), strict=True
        ):
            assert not refusal["accepted"], what
            assert refusal["code"] in {"malformed", "unknown_kind"}, (what, refusal)
            assert refusal["phase"] == "review"
            assert "reviewed" in refusal["allowed"], "says what can be sent instead"
            assert refusal["text"]
    assert await handle.query(wire.VIEW) == before, "what cannot be read changes nothing"
    await _good_message_works(handle)
    await unhurt(handle)


async def test_an_update_without_or_with_several_arguments_is_refused(stack: Running) -> None:
    handle = await opened(stack)
    good = message("noted", AGENT, text="x")
    for arguments in ((), (good, good), (None, None, None), (hostile.BYTES["not JSON"], good)):
        refusal = await submit(handle, *arguments)
        assert refusal["code"] == "malformed"
        assert "one argument" in refusal["text"]
    await _good_message_works(handle)
    await unhurt(handle)


@_BATCH
@given(batch=st.lists(hostile.mutilated(message("noted", AGENT, text="x")), min_size=20, max_size=20))
async def test_any_bytes_at_the_doors_are_answered(stack: Running, batch: list[RawValue]) -> None:
    handle = await opened(stack)
    before = len(await timeline(handle))
    await asyncio.gather(*(handle.signal("noted", payload) for payload in batch))
    for payload in batch:
        assert (await submit(handle, payload))["phase"] == "review"
    assert before <= len(await timeline(handle)) <= before + 2 * len(batch)
    await _good_message_works(handle)
    await unhurt(handle)


async def test_the_same_message_id_gets_the_same_answer_whatever_came_between(stack: Running) -> None:
    handle = await opened(stack)
    early, note = message("seller_answered", SELLER, answer="agree"), message("noted", AGENT, text="好")
    refusal, receipt = await submit(handle, early), await submit(handle, note)
    assert refusal["code"] == "not_now"
    assert receipt["accepted"]
    assert (await submit(handle, message("reviewed", AGENT, decision="accept")))["phase"] == "negotiation"
    steps = (await handle.query(wire.VIEW))["steps"]
    assert await submit(handle, early) == refusal, "agreeing would be in time now, but this message was answered"
    assert await submit(handle, note) == receipt
    assert await submit(handle, {**message("ruled", SELLER), **note, "text": "another"}) == receipt
    await asyncio.gather(*(handle.signal("noted", note) for _ in range(20)))
    assert await submit(handle, note) == receipt
    assert (await handle.query(wire.VIEW))["steps"] == steps, "hearing it again changes nothing"
    await unhurt(handle)


async def test_only_those_who_may_speak_are_heard(stack: Running) -> None:
    handle = await opened(stack)
    note, decision = {"text": "x"}, {"decision": "accept"}
    wrong: list[tuple[str, tuple[str, str], Json]] = [
        *(
            ("noted", who, note)
            for who in (BUYER, SELLER, ("carrier", "sf"), ("payment", "p"), ("department", "order"))
        ),
        *(
            ("noted", who, note)
            for who in (("agent", "a-99"), ("agent", "s-1"), ("supervisor", "a-1"), ("agent", "b-1"))
        ),
        *(("noted", ("system", one), note) for one in ("system", "platform", "unknown-sender")),
        *(
            ("reviewed", who, decision)
            for who in (BUYER, SELLER, ("supervisor", "s-1"), ("agent", "A-1"), ("agent", "g-1"))
        ),
        *(("withdrawn", who, {}) for who in (SELLER, AGENT, ("buyer", "b-2"), ("buyer", "s-9"), ("system", "system"))),
        *(("hold_placed", who, {"reason": "x", "until": "2030-01-01T00:00:00Z"}) for who in (BUYER, AGENT)),
        *(("payment_reported", who, _report(handle.id)) for who in (BUYER, AGENT, ("system", "platform"))),
        ("parcel_reported", ("carrier", "dhl"), {"tracking": "t", "event": "lost", "at": "2026-11-22T00:00:00Z"}),
        ("survey_answered", SELLER, {"score": 1}),
        ("letter_sent", ("agent", "o-1"), note),
    ]
    for kind, who, body in wrong:
        refusal = await submit(handle, message(kind, who, **body))
        assert not refusal["accepted"], (kind, who)
        assert refusal["code"] in {"wrong_role", "wrong_sender", "not_now"}, (kind, who, refusal)
    for kind, who, body in (("reviewed", AGENT, decision), ("noted", ("agent", "a-4"), note)):
        assert (await submit(handle, message(kind, who, **body)))["accepted"]
    for who in (BUYER, AGENT, ("seller", "s-8"), ("seller", BUYER[1])):
        refusal = await submit(handle, message("seller_answered", who, answer="agree"))
        assert refusal["code"] in {"wrong_role", "wrong_sender"}, (who, refusal)
    refusal = await submit(handle, message("payment_reported", ("payment", "p"), **_report(handle.id)))
    assert not refusal["accepted"], "nothing was requested, so nothing can have settled"
    assert (await handle.query(wire.VIEW))["money"] == []
    await unhurt(handle)


def _report(number: str) -> Json:
    return {"movement": f"{number}:refund:1", "result": "settled", "provider_reference": "sp-forged"}


# -- a flood --------------------------------------------------------------------------------------------------------

_FLOOD = 1500


async def _flood(handle: Handle, number: int = _FLOOD) -> None:
    payloads = [
        payload for what, payload in hostile.messages() if what != "no kind" and len(payload.payload.data) < 2000
    ]
    at_once = asyncio.Semaphore(100)

    async def throw(one: int) -> None:
        async with at_once:
            await handle.signal(f"junk-{one}" if one % 3 else "noted", payloads[one % len(payloads)])

    await asyncio.gather(*(throw(one) for one in range(number)))


async def test_a_flood_of_junk_neither_blocks_the_complaint_nor_another_one(stack: Running) -> None:
    handle, other = await opened(stack), await opened(stack)
    before = (await handle.query(wire.VIEW))["steps"]
    flood = asyncio.create_task(_flood(handle))
    answers = 0
    while not flood.done():
        await _good_message_works(other)
        answers += 1
    await flood
    assert answers > 3, "the other complaint answered all the while"
    await until(lambda: _has_steps(handle, before + _FLOOD), what="every piece of junk on record")
    await _good_message_works(handle)
    assert await timeline(handle)
    await unhurt(handle)
    assert await _recorded(stack, handle, before + _FLOOD + 1)


async def test_a_flood_that_piled_up_while_nobody_worked_is_worked_off(stack: Running) -> None:
    handle = await opened(stack)
    before = (await handle.query(wire.VIEW))["steps"]
    with frozen(stack):
        await _flood(handle)
    await until(lambda: _has_steps(handle, before + _FLOOD), what="every piece of junk on record")
    await _good_message_works(handle)
    await unhurt(handle)
    assert await _recorded(stack, handle, before + _FLOOD + 1)


async def _recorded(stack: Running, handle: Handle, steps: int) -> bool:
    """Wait until that many steps are in the record, without a gap."""

    async def there() -> bool:
        return bool(await stack.pool.fetchval("SELECT max(number) FROM steps WHERE complaint = $1", handle.id) == steps)

    await until(there, what=f"{steps} steps of {handle.id} on record")
    number: int = await stack.pool.fetchval("SELECT count(*) FROM steps WHERE complaint = $1", handle.id)
    return number == steps


# -- before registration is finished --------------------------------------------------------------------------------


@contextmanager
def frozen(stack: Running) -> Iterator[None]:
    """Let the worker stand still."""
    pid = stack.stack.pids["the worker"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def registry_locked(stack: Running) -> AsyncIterator[None]:
    """Let no complaint be registered meanwhile; below the eight seconds after which the attempt gives up."""
    async with stack.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('registration', 0))")
        yield


async def test_messages_that_come_before_the_first_task_are_heard_after_registration(stack: Running) -> None:
    line = await order(stack)
    note, accept = message("noted", AGENT, text="好"), message("reviewed", AGENT, decision="accept")
    with frozen(stack):
        handle = await start(stack, filing(line.order_id))
        await handle.signal("noted", note)
        await handle.signal("junk", "x")
        await handle.signal("reviewed", accept)
        update = asyncio.create_task(submit(handle, message("noted", AGENT, text="later")))
    await _all_heard_in_order(handle, note, accept)
    assert (await update)["accepted"]
    await unhurt(handle)


async def test_messages_that_come_while_registering_are_heard_afterwards(stack: Running) -> None:
    line = await order(stack)
    note, accept = message("noted", AGENT, text="好"), message("reviewed", AGENT, decision="accept")
    async with registry_locked(stack):
        handle = await start(stack, filing(line.order_id))
        await until(lambda: _view_answers(handle), what="the view while registering")
        await handle.signal("noted", note)
        await handle.signal("junk", "x")
        await handle.signal("reviewed", accept)
        good = asyncio.create_task(submit(handle, message("noted", AGENT, text="later")))
        assert (await submit(handle, as_raw("x")))["phase"] == "registration", "refused before it is registered"
        assert (await submit(handle))["phase"] == "registration"
        assert not good.done()
    await _all_heard_in_order(handle, note, accept)
    assert (await good)["accepted"]
    await unhurt(handle)


async def _view_answers(handle: Handle) -> bool:
    return bool((await handle.query(wire.VIEW))["phase"] == "registration")


async def _all_heard_in_order(handle: Handle, note: Json, accept: Json) -> None:
    await in_phase(handle, "negotiation")
    told = [(step["event"], step["message_id"]) for step in await timeline(handle)]
    told = told[told.index(("noted", note["message_id"])) :]
    assert told[:3] == [("noted", note["message_id"]), ("refused", None), ("reviewed", accept["message_id"])]


async def test_messages_to_a_filing_that_is_refused_are_answered_too(stack: Running) -> None:
    with frozen(stack):
        malformed, inadmissible = await start(stack, {}), await start(stack, filing("o-unknown"))
        await malformed.signal("noted", message("noted", AGENT, text="x"))
        await inadmissible.signal("noted", message("noted", AGENT, text="x"))
        answer = asyncio.create_task(submit(inadmissible, message("noted", AGENT, text="x")))
    assert (await refused(malformed))["code"] == "malformed"
    closed = (await asyncio.gather(_result(inadmissible), answer))[1]
    assert closed["code"] == "closed"
    assert [step["event"] for step in await timeline(inadmissible)][-2:] == ["late_message"] * 2
    for handle in (malformed, inadmissible):
        await unhurt(handle)
    assert await _recorded(stack, inadmissible, len(await timeline(inadmissible)))


async def _result(handle: Handle) -> Json:
    async with asyncio.timeout(PATIENCE):
        return dict(await handle.result())


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
