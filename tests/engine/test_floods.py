"""A flood of junk, and messages that come before anybody could hear them: worked off, in order, nothing lost."""

import asyncio

from tests.conftest import Running
from tests.engine import hostile
from tests.engine.attacker import (
    AGENT,
    PATIENCE,
    Handle,
    Json,
    as_raw,
    filing,
    good_message_works,
    has_steps,
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
from tests.engine.outages.outage import REGISTRATION, frozen, locked
from workflows import wire

# -- a flood --------------------------------------------------------------------------------------------------------

_FLOOD, _DELUGE = 1_500, 4_200
"""The second is more than one run takes: the complaint continues as new in the middle of it."""


async def _flood(handle: Handle, number: int) -> None:
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
    flood = asyncio.create_task(_flood(handle, _DELUGE))
    answers = 0
    while not flood.done():
        await good_message_works(other)
        answers += 1
    await flood
    assert answers > 3, "the other complaint answered all the while"
    await until(lambda: has_steps(handle, before + _DELUGE), what="every piece of junk on record")
    await good_message_works(handle)
    assert len(await timeline(handle)) <= 1000, "more would not fit into an answer"
    await unhurt(handle)
    assert await _recorded(stack, handle, before + _DELUGE + 1)
    await until(lambda: _renewed(stack, handle), what="another run of the complaint")
    await good_message_works(handle)


async def _renewed(stack: Running, handle: Handle) -> bool:
    now = await stack.client.get_workflow_handle(handle.id).describe()
    return now.run_id != handle.first_execution_run_id


async def test_a_flood_that_piled_up_while_nobody_worked_is_worked_off(stack: Running) -> None:
    handle = await opened(stack)
    before = (await handle.query(wire.VIEW))["steps"]
    with frozen(stack):
        await _flood(handle, _FLOOD)
    await until(lambda: has_steps(handle, before + _FLOOD), what="every piece of junk on record")
    await good_message_works(handle)
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
    async with locked(stack, REGISTRATION):
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
