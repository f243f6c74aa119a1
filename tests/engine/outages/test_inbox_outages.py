"""Whoever is down over a deadline: what the edge received in time is heard in time, and nothing accepted is lost."""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from activities.store.inbox import Inbox
from starter.client.filing_input import number_of
from tests.conftest import Running, running
from tests.engine.attacker import (
    AGENT,
    SELLER,
    Handle,
    Json,
    filing,
    in_phase,
    message,
    order,
    submit,
    timeline,
    unhurt,
    until,
)
from tests.engine.outages.outage import PARTNERS, POSTGRES, TEMPORAL, WORKER, up_again
from tests.engine.telling import runs_of
from tests.replay.histories import replayer
from tests.starter.http.gateway.signing import Program, programs
from workers.stack.restarts import Patience
from workflows import wire
from workflows.inbox import Received
from workflows.parties import Party

GATEWAY = "the gateway"
_DUE_IN = 9.0
"""Seconds until silence is acted on: long enough to begin an outage in, short enough to wait for."""

_started = asynccontextmanager(running)


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack in real time, whose complaints continue as new after some sixty events."""
    home = tmp_path_factory.mktemp("inbox")
    config = {"limit.historyCount.suggestContinueAsNew": 60}
    async with _started(home, patience=Patience(deaths=1000, longest_pause=0.3), dynamic_config=config) as stack:
        yield stack


def family(pid: int) -> list[int]:
    """Return a process and all it has started: PostgreSQL answers by one child for each connection."""
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(one for child in started for one in family(int(child)))]


@asynccontextmanager
async def outage(stack: Running, name: str) -> AsyncIterator[None]:
    """Let nobody answer, and kill whoever does not with -9 at the end: nothing of it is finished in order."""
    pid = stack.stack.pids[name]
    os.kill(pid, signal.SIGSTOP)  # first, so that it starts no more of them
    stopped = family(pid)
    for one in stopped:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in stopped:
            os.kill(one, signal.SIGKILL)
        await up_again(stack, name, pid)


class Waiting(NamedTuple):
    """A complaint that waits for its seller, and until when."""

    handle: Handle
    due: datetime

    async def past_due(self) -> None:
        async def past() -> bool:
            return datetime.now(UTC) > self.due + timedelta(seconds=0.5)

        await until(past, what="the due instant to pass")


async def waiting_for_the_seller(stack: Running, due_in: float = _DUE_IN) -> Waiting:
    """File a complaint two days ago and accept it so that the seller's time ends in a moment, by the real clock.

    It is accepted a minute after the filing and heard with the start: an hour of the day at which the agent's own time
    (R1.6, R2.1) ends in between would put the acceptance off, and the seller's time with it.
    """
    line, due = await order(stack), datetime.now(UTC) + timedelta(seconds=due_in)
    accepted = due - timedelta(hours=48)
    given = filing(line.order_id)
    handle: Handle = await stack.client.start_workflow(
        wire.COMPLAINT,
        given,
        id=number_of(given["request_id"], due),
        task_queue=wire.TASK_QUEUE,
        memo={wire.RECEIVED_AT: (accepted - timedelta(minutes=1)).isoformat()},
        start_signal="reviewed",
        start_signal_args=[message("reviewed", AGENT, decision="accept", received_at=accepted.isoformat())],
    )
    view = await in_phase(handle, "negotiation")
    assert [datetime.fromisoformat(one["due_at"]) for one in view["waiting_on"] if one["actor"] == "seller"] == [due]
    return Waiting(handle, due)


def counters() -> Json:
    """Word what ends the seller's time and applies in no other phase."""
    return message("seller_answered", SELLER, answer="refuse", reason="goods_as_described")


def received(complaint: str, said: Json) -> Received:
    """Word what another gateway would keep."""
    return Received(
        client="seller-app",
        request=said["message_id"],
        digest=sha256(repr(said).encode()).hexdigest(),
        complaint=complaint,
        kind=said["kind"],
        message=said,
        sender=Party.model_validate(said["sender"], strict=False),
    )


def client(stack: Running, name: str) -> Program:
    return programs(stack.ready.gateway or "", stack.data_dir / "clients.toml")[name]


async def answer_to(stack: Running, said: Json) -> Json:
    """Return the answer that was written down once there is one."""
    found: Json = {}

    async def there() -> bool:
        row = await Inbox(stack.pool).by_request("seller-app", said["message_id"])
        found.update(row.answer or {} if row else {})
        return bool(found)

    await until(there, what=f"the answer to {said['kind']}")
    return found


async def say(stack: Running, handle: Handle, said: Json, down: str) -> None:
    """Send over the gateway, or keep it as another gateway would where ours is down; it is accepted then."""
    if down == GATEWAY:
        assert (await Inbox(stack.pool).keep(received(handle.id, said))).how == "accepted"
        return
    body = {"complaint": handle.id, "message": said}
    accepted = await client(stack, "seller-app").post("/v1/messages", body, said["message_id"])
    assert accepted.status_code == 202, accepted.text


@pytest.mark.parametrize("down", [TEMPORAL, WORKER, GATEWAY])
async def test_who_was_in_time_is_heard_in_time_whoever_was_down_over_the_deadline(house: Running, down: str) -> None:
    one, other = await asyncio.gather(waiting_for_the_seller(house), waiting_for_the_seller(house))
    in_time, late = counters(), counters()
    async with outage(house, down):
        await say(house, one.handle, in_time, down)
        assert datetime.now(UTC) < min(one.due, other.due), "the outage came too late"
        await one.past_due()
        await other.past_due()
        await say(house, other.handle, late, down)
    assert (await answer_to(house, in_time))["accepted"]
    events = [step["event"] for step in await timeline(one.handle)]
    assert "intervention_started" not in events
    assert "seller_answered" in events
    assert await one.handle.query(wire.VIEW) == {**await one.handle.query(wire.VIEW), "phase": "negotiation"}
    refused = await answer_to(house, late)
    assert (refused["accepted"], refused["phase"]) == (False, "intervention")
    steps = await timeline(other.handle)
    started = next(step for step in steps if step["event"] == "intervention_started")
    assert datetime.fromisoformat(started["at"]) == other.due
    assert [step["message_id"] for step in steps if step["event"] == "refused"] == [late["message_id"]]
    for handle in (one.handle, other.handle):
        await unhurt(handle)


async def test_what_was_received_in_time_and_comes_after_the_default_all_the_same_is_overtaken(house: Running) -> None:
    """Only a door without an inbox can do that: an edge that stamps and does not keep."""
    one = await waiting_for_the_seller(house, 3.0)
    await in_phase(one.handle, "intervention")
    said = counters() | {"received_at": (one.due - timedelta(seconds=1)).isoformat()}
    assert (await submit(one.handle, said))["code"] == "overtaken"


async def test_nothing_is_decided_while_the_inbox_cannot_be_asked_and_who_is_in_time_is_heard_meanwhile(
    house: Running,
) -> None:
    silent, heard, late = await asyncio.gather(*(waiting_for_the_seller(house) for _ in range(3)))
    note = message("noted", AGENT, text="来晚了")
    async with outage(house, POSTGRES):
        assert datetime.now(UTC) < min(one.due for one in (silent, heard, late)), "the outage came too late"
        for one in (silent, heard, late):
            await one.past_due()
        said = counters() | {"received_at": heard.due.isoformat()}
        answer = await submit(heard.handle, said)
        assert answer["accepted"], answer
        await late.handle.signal("noted", note)
        waits = asyncio.create_task(submit(late.handle, message("noted", AGENT, text="也晚了")))
        for one in (silent, heard, late):
            assert (await one.handle.query(wire.VIEW))["phase"] == "negotiation"
        refused = await client(house, "seller-app").post(
            "/v1/messages", {"complaint": silent.handle.id, "message": counters()}
        )
        assert refused.status_code == 503
        assert not waits.done(), "to hear it would be to act on a silence that may be none"
    assert (await waits)["accepted"]
    for one in (silent, late):
        await in_phase(one.handle, "intervention")
    assert (await heard.handle.query(wire.VIEW))["phase"] == "negotiation"
    events = [step["event"] for step in await timeline(late.handle)]
    assert events.index("intervention_started") < events.index("noted")
    assert [event for event in events if event == "noted"] == ["noted"] * 2
    for one in (silent, heard, late):
        await unhurt(one.handle)


async def test_a_run_that_should_give_way_while_it_asks_hears_everything_first(house: Running) -> None:
    one = await waiting_for_the_seller(house)
    kept = [counters(), *(message("evidence_submitted", SELLER, evidence=[], final=False) for _ in range(60))]
    for said in kept:
        await Inbox(house.pool).keep(received(one.handle.id, said))
    notes = [message("noted", AGENT, text=f"第{number}次") for number in range(80)]
    async with outage(house, GATEWAY), outage(house, POSTGRES):
        await one.past_due()
        for said in notes:
            await one.handle.signal("noted", said)
    wanted = {said["message_id"] for said in (*kept, *notes)}

    async def all_heard() -> bool:
        rows = await house.pool.fetch("SELECT message_id FROM steps WHERE complaint = $1", one.handle.id)
        return wanted <= {row["message_id"] for row in rows}

    await until(lambda: _despite_outages(all_heard), what="everything on record")
    heard = [step["message_id"] for step in await timeline(one.handle) if step["message_id"] in wanted]
    assert len(heard) == len(set(heard)) == len(wanted)
    assert len(await runs_of(house, one.handle.id)) > 1
    assert (await one.handle.query(wire.VIEW))["phase"] == "negotiation"


async def test_a_run_that_should_give_way_goes_on_while_the_provider_is_silent(house: Running) -> None:
    """Time passes, everybody is answered, all of it is on record: a provider may be away for days."""
    one = await waiting_for_the_seller(house)
    decided = one.due - timedelta(hours=24)  # so that the payment's own time ends at the same instant
    said = [message("noted", AGENT, text=f"第{number}次") for number in range(60)]
    late = message("noted", AGENT, text="来晚了")

    async def recorded() -> bool:
        rows = await house.pool.fetch("SELECT message_id, event FROM steps WHERE complaint = $1", one.handle.id)
        kept, events = {row["message_id"] for row in rows}, {row["event"] for row in rows}
        return {note["message_id"] for note in (*said, late)} <= kept and "payment_overdue" in events

    async with outage(house, PARTNERS):
        agreed = message("seller_answered", SELLER, answer="agree", received_at=decided.isoformat())
        assert (await submit(one.handle, agreed))["accepted"]
        for note in said:
            await one.handle.signal("noted", note)
        await one.past_due()
        assert (await submit(one.handle, late))["accepted"]
        await until(recorded, what="everything on record")
        assert len(await runs_of(house, one.handle.id)) == 1

    async def given_way() -> bool:
        return len(await runs_of(house, one.handle.id)) > 1

    await until(given_way, what="the next run")
    await in_phase(one.handle, "follow_up")
    await unhurt(one.handle)
    for run in await runs_of(house, one.handle.id):
        await replayer().replay_workflow(run)


async def _despite_outages(look: Any) -> bool:
    try:
        return bool(await look())
    except Exception:  # noqa: BLE001 - a connection of the pool that died with the database
        return False


async def test_a_filing_over_the_gateway_counts_from_when_it_was_received_whoever_was_down(house: Running) -> None:
    line, buyer = await order(house), client(house, "buyer-app")
    given, request = filing(line.order_id), f"msg_{uuid.uuid4().hex}"
    async with outage(house, TEMPORAL):
        accepted = await buyer.post("/v1/complaints", given, request)
        assert accepted.status_code == 202, accepted.text
        note = message("withdrawn", ("buyer", "b-1"), reason="不用了")
        number = accepted.json()["complaint"]
        assert (await buyer.post("/v1/messages", {"complaint": number, "message": note})).status_code == 202

    async def ended() -> bool:
        row = await house.pool.fetchrow("SELECT outcome, filed_at FROM complaints WHERE complaint = $1", number)
        return row is not None and row["outcome"] == "withdrawn"

    await until(ended, what="the complaint to be filed and withdrawn")
    row = await Inbox(house.pool).by_request("buyer-app", request)
    assert row is not None
    filed_at = await house.pool.fetchval("SELECT filed_at FROM complaints WHERE complaint = $1", number)
    assert filed_at == row.received_at
