"""Told for a saved history: who was received in time and is heard from the inbox, and who comes when it is too late."""

from datetime import datetime, timedelta
from hashlib import sha256

from activities.store.inbox import Inbox
from starter.client.fast_forward import FastForward
from tests.conftest import Running
from tests.engine.attacker import AGENT, BUYER, SELLER, Handle, Json, in_phase, message, opened, submit, timeline
from workflows import wire
from workflows.inbox import Received
from workflows.parties import Party

_HOURS = timedelta(hours=1)


async def in_time_and_overtaken(stack: Running) -> str:
    """Hear a seller from the inbox, and refuse what the edge stamped in time and told after silence was acted on."""
    handle = await opened(stack)
    await _takes(handle, message("reviewed", AGENT, decision="accept"))
    await Inbox(stack.pool).keep(_kept(handle.id, message("seller_answered", SELLER, answer="refuse", reason="other")))
    await _passes(stack, handle, 49 * _HOURS)
    await _takes(handle, message("offer_made", BUYER, remedy="coupon", amount={"amount": 900, "currency": "CNY"}))
    lapses_at = datetime.fromisoformat((await handle.query(wire.VIEW))["offer"]["lapses_at"])
    await _passes(stack, handle, 49 * _HOURS)
    late = message("offer_confirmed", SELLER, offer=1, received_at=(lapses_at - _HOURS).isoformat())
    assert (await submit(handle, late))["code"] == "overtaken"
    await _takes(handle, message("withdrawn", BUYER, reason="不用了"))
    await in_phase(handle, "closed")
    events = [step["event"] for step in await timeline(handle)]
    assert ("seller_answered" in events, "offer_lapsed" in events, "intervention_started" in events) == (1, 1, 0)
    await handle.result()
    return handle.id


async def _takes(handle: Handle, said: Json) -> None:
    answer = await submit(handle, said)
    assert answer["accepted"], answer


async def _passes(stack: Running, handle: Handle, length: timedelta) -> None:
    await FastForward(stack.client, stack.pool).by(handle.id, length, within=60, report=lambda _: None)


def _kept(complaint: str, said: Json) -> Received:
    return Received(
        client="seller-app",
        request=said["message_id"],
        digest=sha256(repr(said).encode()).hexdigest(),
        complaint=complaint,
        kind=said["kind"],
        message=said,
        sender=Party.model_validate(said["sender"], strict=False),
    )
