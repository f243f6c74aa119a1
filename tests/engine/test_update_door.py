"""Whatever comes to the update door is answered: a receipt, or a refusal that says what can be sent instead."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from temporalio.common import RawValue

from tests.conftest import Running
from tests.engine import hostile
from tests.engine.attacker import (
    AGENT,
    BUYER,
    SELLER,
    Json,
    good_message_works,
    message,
    opened,
    submit,
    timeline,
    unhurt,
)
from workflows import wire


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
    await good_message_works(handle)
    await unhurt(handle)


async def test_an_update_without_or_with_several_arguments_is_refused(stack: Running) -> None:
    handle = await opened(stack)
    good = message("noted", AGENT, text="x")
    for arguments in ((), (good, good), (None, None, None), (hostile.BYTES["not JSON"], good)):
        refusal = await submit(handle, *arguments)
        assert refusal["code"] == "malformed"
        assert "one argument" in refusal["text"]
    await good_message_works(handle)
    await unhurt(handle)


@hostile.BATCH
@given(batch=st.lists(hostile.mutilated(message("noted", AGENT, text="x")), min_size=20, max_size=20))
async def test_any_bytes_at_the_doors_are_answered(stack: Running, batch: list[RawValue]) -> None:
    handle = await opened(stack)
    before = len(await timeline(handle))
    await asyncio.gather(*(handle.signal("noted", payload) for payload in batch))
    for payload in batch:
        assert (await submit(handle, payload))["phase"] == "review"
    assert before <= len(await timeline(handle)) <= before + 2 * len(batch)
    await good_message_works(handle)
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
