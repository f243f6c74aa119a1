"""What a partner asks for in `Retry-After` is what Temporal waits, not its own first interval (R6.10)."""

import time
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.payments.partners import PaymentProvider
from activities.payments.pay import Payments
from tests.activities.world import World, agreed, burst
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.calls import BUSY_SECONDS
from workers.sandbox.client import SandboxClient
from workflows import ports
from workflows.complaint.domain.records import Payment
from workflows.money.movement import PaymentAnswer


@workflow.defn(name="Paying")
class Paying:
    """Asks for one payment, with the settings that complaints ask with."""

    @workflow.run
    async def run(self, payment: Payment) -> PaymentAnswer:
        return await ports.pay(payment)


async def test_a_busy_provider_is_left_alone_as_long_as_it_asks(
    world: World, temporal: Client, sandbox: RunningSandbox, operator: SandboxClient
) -> None:
    case = await world.opened()
    after = agreed(case)
    await world.record(burst(case, after))
    movement = after.money[0].movement
    await operator.fault("payment", "busy", complaint=case.complaint)
    async with (
        PaymentProvider(sandbox.url) as provider,
        Worker(
            temporal, task_queue="paying", workflows=[Paying], activities=[Payments(world.pool, provider).pay],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ),
    ):  # fmt: skip
        began = time.monotonic()
        handle = await temporal.start_workflow(
            Paying.run, Payment(movement=movement), id=f"paying-{uuid4().hex}", task_queue="paying"
        )
        assert (await handle.result()).result == "settled"
        took = time.monotonic() - began
    (started,) = [
        event.activity_task_started_event_attributes
        async for event in handle.fetch_history_events()
        if event.HasField("activity_task_started_event_attributes")
    ]
    assert started.attempt == 2
    assert started.last_failure.application_failure_info.type == "PartnerUnreachable"
    assert took >= BUSY_SECONDS, "the first interval of the retries is 0.2 s"
