"""Complaints that began before a release go on by it: what they passed stays as it was, what comes is done anew."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.worker import Worker

from starter.client.fast_forward import FastForward
from starter.demo.stories import BY_NAME
from tests.conftest import Running, running
from tests.engine.attacker import AGENT, Handle, Json, in_phase, message, submit, timeline, unhurt, until
from tests.engine.attacker import filing as filed
from tests.engine.telling import runs_of
from tests.replay.before import BeforeTheInbox
from tests.replay.histories import replayer
from tests.rules.playing import opened
from workers.composition.handler_metadata import KindsShown
from workers.composition.workflow_runner import workflow_runner
from workflows import wire
from workflows.complaint.domain.case import EDITION, Case
from workflows.complaint.domain.records import Payment, Record, Registration
from workflows.complaint.workflow import _GOES_ON, Complaint
from workflows.inbox import Drain, Drained, Held
from workflows.money.movement import PaymentAnswer

_HOUR = timedelta(hours=1)
_started = asynccontextmanager(running)


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack with time skipping, whose complaints should give way after some hundred events."""
    config = {"limit.historyCount.suggestContinueAsNew": 100}
    async with _started(tmp_path_factory.mktemp("older"), time_skipping=True, dynamic_config=config) as stack:
        yield stack


class World:
    """A registry that opens complaints of one edition, an inbox that holds messages, a provider that hangs if told."""

    def __init__(self, edition: int) -> None:
        now = datetime.now(UTC)
        self._case = opened(BY_NAME["the_seller_is_silent_and_the_platform_steps_in"], now).case.but(edition=edition)
        assert self._case.seller
        self.buyer, self.seller = ("buyer", self._case.buyer.id), ("seller", self._case.seller.id)
        self.held: list[Json] = []
        self.asked: list[Drain] = []
        self.recorded: set[str] = set()
        self.provider_answers = asyncio.Event()

    @activity.defn(name="register")
    async def register(self, registration: Registration) -> Case:
        return self._case.but(complaint=registration.complaint)

    @activity.defn(name="record")
    async def record(self, burst: Record) -> None:
        self.recorded |= {step.message_id or step.event for step in burst.steps}

    @activity.defn(name="drain")
    async def drain(self, wanted: Drain) -> Drained:
        self.asked.append(wanted)
        return Drained(held=tuple(Held(number=n, message=json.dumps(said)) for n, said in enumerate(self.held, 1)))

    @activity.defn(name="pay")
    async def pay(self, payment: Payment) -> PaymentAnswer:
        del payment
        await asyncio.wait_for(self.provider_answers.wait(), 9)  # or Temporal asks again
        return PaymentAnswer(result="settled", provider_reference="p-1")

    def worker(self, stack: Running, queue: str, code: type = Complaint) -> Worker:
        """Return a worker of some code; it remembers no complaint, so each task replays what was before."""
        return Worker(
            stack.client,
            task_queue=queue,
            workflows=[code],
            activities=[self.register, self.record, self.drain, self.pay],
            workflow_runner=workflow_runner(),
            interceptors=[KindsShown()],
            max_cached_workflows=0,
        )

    async def open(self, stack: Running, queue: str) -> Handle:
        """Start a complaint that is accepted at once."""
        return await stack.client.start_workflow(
            wire.COMPLAINT,
            filed("o-1"),
            id=f"C-{uuid.uuid4().hex[:12]}",
            task_queue=queue,
            start_signal="reviewed",
            start_signal_args=[message("reviewed", AGENT, decision="accept")],
        )


def newer_ways(history: WorkflowHistory) -> list[str]:
    """Return which ways a run noted to go that older runs did not know."""
    noted = [
        event.marker_recorded_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
    ]
    return [json.loads(one.details["patch-data"].payloads[0].data)["id"] for one in noted]


async def pass_time(stack: Running, handle: Handle, length: timedelta) -> None:
    await FastForward(stack.client, stack.pool).by(handle.id, length, within=60, report=lambda _: None)


@pytest.mark.parametrize("edition", range(1, EDITION))
async def test_a_complaint_that_let_one_silence_pass_unasked_asks_at_the_next_one(house: Running, edition: int) -> None:
    world, queue = World(edition), f"older-{uuid.uuid4().hex}"
    async with world.worker(house, queue, BeforeTheInbox):
        handle = await world.open(house, queue)
        await in_phase(handle, "negotiation")
        await pass_time(house, handle, _HOUR)
        offer = message(
            "offer_made", world.buyer, remedy="refund", amount={"amount": 100, "currency": "CNY"}, text="好"
        )
        assert (await submit(handle, offer))["accepted"]
        lapses_at = datetime.fromisoformat((await handle.query(wire.VIEW))["offer"]["lapses_at"]).isoformat()
        await pass_time(house, handle, 47 * _HOUR)
        await in_phase(handle, "intervention")  # unasked: the seller was silent for 48 hours
    world.held.append(message("offer_confirmed", world.seller, offer=1))
    async with world.worker(house, queue):
        await pass_time(house, handle, _HOUR)  # the offer's own 48 hours are over
        await until(lambda: _says(handle, "offer_confirmed"), what="the seller to be heard")
        assert len(world.asked) == 1
        assert "offer_lapsed" not in [step["event"] for step in await timeline(handle)]
        history = await handle.fetch_history()
        assert newer_ways(history) == [f"the inbox is asked about {lapses_at}"]
        await unhurt(handle)
        await replayer().replay_workflow(history)
        await handle.terminate("the test is over")


async def _says(handle: Handle, event: str) -> bool:
    return event in [step["event"] for step in await timeline(handle)]


@pytest.mark.parametrize("edition", range(1, EDITION + 1))
async def test_a_complaint_of_any_edition_lives_on_while_it_should_give_way_and_waits_for_a_payment(
    house: Running, edition: int
) -> None:
    world, queue = World(edition), f"older-{uuid.uuid4().hex}"
    notes = [message("noted", AGENT, text=f"第{number}次") for number in range(100)]
    late = message("noted", AGENT, text="来晚了")
    async with world.worker(house, queue):
        handle = await world.open(house, queue)
        await in_phase(handle, "negotiation")
        assert (await submit(handle, message("seller_answered", world.seller, answer="agree")))["accepted"]
        for note in notes:
            await handle.signal("noted", note)
        assert (await submit(handle, late))["accepted"]
        await until(lambda: _all(world, late, *notes), what="everything on record")
        assert len(await runs_of(house, handle.id)) == 1
        world.provider_answers.set()
        await in_phase(handle, "follow_up")
        await until(lambda: _runs(house, handle, 2), what="the next run")
        first, *_ = await runs_of(house, handle.id)
        await unhurt(handle)
        await replayer().replay_workflow(first)
        assert newer_ways(first) == ([_GOES_ON] if edition < EDITION else [])
        await handle.terminate("the test is over")


async def _all(world: World, *said: Json) -> bool:
    return {one["message_id"] for one in said} <= world.recorded


async def _runs(stack: Running, handle: Handle, number: int) -> bool:
    return len(await runs_of(stack, handle.id)) == number
