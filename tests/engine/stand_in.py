"""Stands in for all that a complaint asks: a registry, a record, an inbox and a provider that do as a test says."""

import asyncio
import json
import uuid
from datetime import UTC, datetime

from temporalio import activity
from temporalio.worker import Worker

from tests.conftest import Running
from tests.engine.attacker import AGENT, Handle, Json, filing, message
from tests.stories import BY_NAME
from tests.workflows.complaint.playing import opened
from workers.composition.handler_metadata import KindsShown
from workers.composition.workflow_runner import workflow_runner
from workflows import wire
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.records import Payment, Record, Registration
from workflows.complaint.workflow import Complaint
from workflows.inbox import Drain, Drained, Held
from workflows.money.movement import PaymentAnswer


def a_case(filed_at: datetime | None = None) -> Case:
    """Return a case over a refund, opened now unless said otherwise."""
    return opened(BY_NAME["the_seller_is_silent_and_the_platform_steps_in"], filed_at or datetime.now(UTC)).case


class StandIn:
    """Opens every complaint as the case it is given; its inbox holds messages, its provider answers when it is told."""

    def __init__(self, case: Case, *held: Json) -> None:
        self._case, self._held = case, held
        self._queue = f"stand-in-{uuid.uuid4().hex}"
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
        stamped = [(said, datetime.fromisoformat(said["received_at"])) for said in self._held]
        held = [Held(number=n, message=json.dumps(said), received_at=at) for n, (said, at) in enumerate(stamped, 1)]
        return Drained(held=tuple(one for one in held if one.received_at and one.received_at <= wanted.until))

    @activity.defn(name="pay")
    async def pay(self, payment: Payment) -> PaymentAnswer:
        del payment
        await asyncio.wait_for(self.provider_answers.wait(), 9)  # or Temporal asks again
        return PaymentAnswer(result="settled", provider_reference="p-1")

    def worker(self, stack: Running, code: type = Complaint) -> Worker:
        """Return a worker of some code; it remembers no complaint, so each task replays what was before."""
        return Worker(
            stack.client,
            task_queue=self._queue,
            workflows=[code],
            activities=[self.register, self.record, self.drain, self.pay],
            workflow_runner=workflow_runner(),
            interceptors=[KindsShown()],
            max_cached_workflows=0,
        )

    async def open(self, stack: Running, **reviewed: str) -> Handle:
        """Start a complaint that is accepted at once."""
        handle: Handle = await stack.client.start_workflow(
            wire.COMPLAINT,
            filing("o-1"),
            id=f"C-{uuid.uuid4().hex[:12]}",
            task_queue=self._queue,
            start_signal="reviewed",  # heard before the time for it (R1.6, R2.1) can pass, whatever the hour
            start_signal_args=[message("reviewed", AGENT, decision="accept", **reviewed)],
        )
        return handle
