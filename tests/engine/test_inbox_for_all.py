"""Complaints that were opened before there was an inbox ask it too, and still replay (R7.4)."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from temporalio import activity
from temporalio.worker import Worker

from tests.conftest import Running
from tests.engine.attacker import AGENT, Handle, Json, events, in_phase, message, timeline, unhurt, until
from tests.engine.attacker import filing as filed
from tests.replay.histories import replayer
from tests.stories import BY_NAME
from tests.workflows.complaint.playing import opened
from workers.composition.handler_metadata import KindsShown
from workers.composition.workflow_runner import workflow_runner
from workflows import wire
from workflows.complaint.domain.case import EDITION, Case
from workflows.complaint.domain.records import Record, Registration
from workflows.complaint.workflow import Complaint
from workflows.inbox import Drain, Drained, Held


class World:
    """A registry that opens complaints of one edition, and an inbox that holds one message for each."""

    def __init__(self, case: Case, held: Json) -> None:
        self._case, self._held = case, held
        self.asked: list[Drain] = []

    @activity.defn(name="register")
    async def register(self, registration: Registration) -> Case:
        return self._case.but(complaint=registration.complaint)

    @activity.defn(name="record")
    async def record(self, burst: Record) -> None:
        del burst

    @activity.defn(name="drain")
    async def drain(self, wanted: Drain) -> Drained:
        self.asked.append(wanted)
        received_at = datetime.fromisoformat(self._held["received_at"])
        held = Held(number=1, message=json.dumps(self._held), received_at=received_at)
        return Drained(held=(held,) if received_at <= wanted.until else ())


@pytest.mark.parametrize("edition", range(1, EDITION + 1))
async def test_a_complaint_of_any_edition_asks_before_silence_is_acted_on(stack: Running, edition: int) -> None:
    due = datetime.now(UTC) + timedelta(seconds=4)
    accepted = due - timedelta(hours=48)
    case = opened(BY_NAME["the_seller_is_silent_and_the_platform_steps_in"], accepted - timedelta(minutes=1)).case
    seller = ("seller", case.seller.id if case.seller else "")
    in_time = (due - timedelta(seconds=1)).isoformat()
    held = message("seller_answered", seller, answer="refuse", reason="goods_as_described", received_at=in_time)
    world, queue = World(case.but(edition=edition), held), f"old-{uuid.uuid4().hex}"
    async with Worker(
        stack.client,
        task_queue=queue,
        workflows=[Complaint],
        activities=[world.register, world.record, world.drain],
        workflow_runner=workflow_runner(),
        interceptors=[KindsShown()],
    ):
        handle: Handle = await stack.client.start_workflow(
            wire.COMPLAINT,
            filed("o-1"),
            id=f"C-{uuid.uuid4().hex[:12]}",
            task_queue=queue,
            start_signal="reviewed",  # heard before the time for it (R1.6, R2.1) can pass, whatever the hour
            start_signal_args=[message("reviewed", AGENT, decision="accept", received_at=accepted.isoformat())],
        )
        await until(lambda: _has_answered(handle), what="the seller to be heard")
        assert (await in_phase(handle, "negotiation"))["phase"] == "negotiation"
        assert world.asked[-1].until >= due
        assert bool(await events(handle, "MARKER_RECORDED")) == (edition < EDITION)
        await unhurt(handle)
        await replayer().replay_workflow(await handle.fetch_history())
        await handle.terminate("the test is over")


async def _has_answered(handle: Handle) -> bool:
    return "seller_answered" in [step["event"] for step in await timeline(handle)]
