"""The provider's later word on a pending payment, told to real workflows on a real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RawValue
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.adapters.payments import PaymentProvider
from tests.sandbox.running import RunningSandbox, a_movement
from workers.embedded.temporal import Temporal
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import Payment
from workflows.domain.messages import PaymentReported
from workflows.domain.payment import Movement, PaymentAnswer


@workflow.defn(name="Listening")
class Listening:
    """Takes in every signal, as a complaint does, until it is told to end."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: any(name == "end" for name, _ in self.heard))

    @workflow.signal(dynamic=True)
    def hear(self, name: str, args: Sequence[RawValue]) -> None:
        self.heard.append((name, workflow.payload_converter().from_payload(args[0].payload)))

    @workflow.query
    def told(self) -> list[dict[str, Any]]:
        return [{"name": name, **body} for name, body in self.heard]


@pytest.fixture(scope="module")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A real server with a worker that listens."""
    async with Temporal(tmp_path_factory.mktemp("temporal")) as server:
        client = await Client.connect(server.address)
        async with Worker(
            client, task_queue="listening", workflows=[Listening], workflow_runner=UnsandboxedWorkflowRunner()
        ):
            yield client


@pytest.fixture(scope="module")
async def beside(temporal: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    """A sandbox that knows where the complaints run."""
    home = tmp_path_factory.mktemp("beside")
    async with RunningSandbox(home, temporal=temporal.service_client.config.target_host) as running:
        yield running


async def listening(temporal: Client) -> WorkflowHandle[Listening, None]:
    return await temporal.start_workflow(Listening.run, id=f"C-{uuid4().hex[:10]}", task_queue="listening")


async def pend(sandbox: RunningSandbox, operator: SandboxClient, complaint: str, *callback_faults: str) -> str:
    """Ask for a payment that stays pending, its callback meeting these faults; returns its key."""
    for mode in callback_faults:
        await operator.fault("payment", mode, operation="callback")
    await operator.fault("payment", "pending", operation="send")
    async with PaymentProvider(sandbox.url) as provider:
        movement = a_movement(complaint=complaint)
        assert (await provider.pay(movement, first_attempt=True)).result == "pending"
    return movement.key


async def until(operator: SandboxClient, key: str, wanted: Callable[[Payment], bool]) -> Payment:
    """Wait until the book says what is wanted of that payment."""
    async with asyncio.timeout(20):
        while True:
            (payment,) = [line for line in await operator.book() if line.key == key]
            if wanted(payment):
                return payment
            await asyncio.sleep(0.02)


def delivered(payment: Payment) -> bool:
    return payment.callback == "delivered"


async def test_a_pending_payment_is_reported_to_its_complaint_when_it_settles(
    temporal: Client, beside: RunningSandbox
) -> None:
    complaint = await listening(temporal)
    async with beside.client() as operator:
        key = await pend(beside, operator, complaint.id)
        payment = await until(operator, key, delivered)
    (told,) = await complaint.query(Listening.told)
    assert told.pop("name") == "payment_reported"
    assert "received_at" not in told
    report = PaymentReported.model_validate_json(json.dumps(told))
    assert (report.movement, report.result, report.provider_reference) == (key, "settled", payment.reference)
    assert str(report.sender) == "payment:sandbox-pay"
    assert payment.state == "settled"
    await complaint.terminate()


async def test_a_callback_ordered_to_decline_reports_the_failure(temporal: Client, beside: RunningSandbox) -> None:
    complaint = await listening(temporal)
    async with beside.client() as operator:
        key = await pend(beside, operator, complaint.id, "declined")
        payment = await until(operator, key, delivered)
    (told,) = await complaint.query(Listening.told)
    assert (payment.state, told["result"], told["reason"]) == ("failed", "failed", "declined by the provider")
    await complaint.terminate()


async def pay_under(sandbox: RunningSandbox, mode: str, complaint: str) -> tuple[Movement, PaymentAnswer]:
    """Ask for a payment of a complaint that meets that fault; returns it with the answer."""
    async with sandbox.client() as operator, PaymentProvider(sandbox.url) as provider:
        await operator.fault("payment", mode, complaint=complaint)
        movement = a_movement(complaint=complaint)
        return movement, await provider.pay(movement, first_attempt=True)


async def all_told(operator: SandboxClient, key: str, complaint: WorkflowHandle[Any, Any], words: int) -> list[str]:
    """Wait until the complaint was told so many words; returns the results in their order."""
    async with asyncio.timeout(20):
        while len(told := await complaint.query(Listening.told)) < words:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await until(operator, key, delivered)
    assert await complaint.query(Listening.told) == told
    assert {one["movement"] for one in told} == {key}
    return [one["result"] for one in told]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("pending", ["settled"]),
        ("pending_fails", ["failed"]),
        ("callback_repeated", ["settled"] * 5),
        ("failed_then_settled", ["failed", "settled"]),
        ("settled_then_failed", ["settled", "failed"]),
    ],
)
async def test_the_words_of_a_pending_payment_are_told_in_their_order_and_the_last_is_the_truth(
    temporal: Client, beside: RunningSandbox, mode: str, words: list[str]
) -> None:
    complaint = await listening(temporal)
    movement, answer = await pay_under(beside, mode, complaint.id)
    assert answer.result == "pending"
    async with beside.client() as operator, PaymentProvider(beside.url) as provider:
        assert await all_told(operator, movement.key, complaint, len(words)) == words
        (line,) = await operator.book(complaint.id)
        assert line.state == words[-1]
        truth = "settled" if words[-1] == "settled" else "refused"
        assert (await provider.pay(movement, first_attempt=False)).result == truth
    told = await complaint.query(Listening.told)
    assert len({one["message_id"] for one in told}) == len(set(words))
    await complaint.terminate()


async def test_a_callback_may_be_told_before_the_answer_is_given(temporal: Client, beside: RunningSandbox) -> None:
    complaint = await listening(temporal)
    _, answer = await pay_under(beside, "callback_first", complaint.id)
    assert answer.result == "pending"
    assert [one["result"] for one in await complaint.query(Listening.told)] == ["settled"]
    await complaint.terminate()


async def test_what_settled_may_be_taken_back_weeks_later_and_is_told(temporal: Client, beside: RunningSandbox) -> None:
    complaint = await listening(temporal)
    async with beside.client() as operator, PaymentProvider(beside.url) as provider:
        movement = a_movement(complaint=complaint.id)
        await provider.pay(movement, first_attempt=True)
        await operator.reverse(movement.key)
        assert await all_told(operator, movement.key, complaint, 1) == ["reversed"]
    (told,) = await complaint.query(Listening.told)
    told.pop("name")
    assert PaymentReported.model_validate_json(json.dumps(told)).result == "reversed"
    await complaint.terminate()


async def test_a_word_that_was_not_told_holds_back_the_next_one(temporal: Client, beside: RunningSandbox) -> None:
    complaint = await listening(temporal)
    async with beside.client() as operator:
        await operator.fault("payment", "error_500", times=2, operation="callback", complaint=complaint.id)
        movement, _ = await pay_under(beside, "failed_then_settled", complaint.id)
        assert await all_told(operator, movement.key, complaint, 2) == ["failed", "settled"]
    await complaint.terminate()


async def test_a_callback_whose_answer_is_lost_is_told_again_with_the_same_message_id(
    temporal: Client, beside: RunningSandbox
) -> None:
    complaint = await listening(temporal)
    async with beside.client() as operator:
        key = await pend(beside, operator, complaint.id, "timeout_after", "error_500", "timeout_after")
        await until(operator, key, delivered)
        assert await operator.faults() == []
    told = await complaint.query(Listening.told)
    assert len(told) == 3
    assert len({one["message_id"] for one in told}) == 1
    await complaint.terminate()


async def test_a_complaint_that_is_gone_leaves_the_word_in_the_book(temporal: Client, beside: RunningSandbox) -> None:
    ended = await listening(temporal)
    await ended.signal("end", {})
    await ended.result()
    async with beside.client() as operator:
        for complaint in (ended.id, "C-never-was"):
            key = await pend(beside, operator, complaint)
            payment = await until(operator, key, lambda payment: payment.callback == "undeliverable")
            assert payment.state == "settled"


async def test_a_word_not_yet_told_outlives_the_sandbox_and_a_server_that_is_down(tmp_path: Path) -> None:
    server = Temporal(tmp_path / "temporal")
    async with server:
        client = await Client.connect(server.address)
        await client.start_workflow("Listening", id="C-later", task_queue="nobody-works-here")
    async with RunningSandbox(tmp_path, temporal=server.address) as own, own.client() as operator:
        key = await pend(own, operator, "C-later")
        await until(operator, key, lambda payment: payment.state == "settled")
        await own.kill()
        await own.start()
        assert (await until(operator, key, lambda _: True)).callback == "waiting"
        async with Temporal(server.home, port=server.port) as again:
            await until(operator, key, delivered)
            client = await Client.connect(again.address)
            events = [event async for event in client.get_workflow_handle("C-later").fetch_history_events()]
    signals = [event for event in events if event.HasField("workflow_execution_signaled_event_attributes")]
    assert [one.workflow_execution_signaled_event_attributes.signal_name for one in signals] == ["payment_reported"]
