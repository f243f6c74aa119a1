"""Nothing that a person wrote lies in Temporal or in a log in the clear (R11.3); and the search can find it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from pydantic import TypeAdapter
from temporalio.client import ActivityFailureError, Client, WorkflowFailureError
from temporalio.common import RetryPolicy

from activities.store.case_files import CaseFiles
from starter.client.complaints import Complaints
from starter.client.record import Record
from tests.activities.partner_events.receiving import Receiver
from tests.conftest import Running, running
from tests.engine import canaries
from tests.engine.around import Around
from tests.engine.attacker import until
from tests.starter.http.gateway.signing import programs
from workers.sandbox.faults import Mode, Partner
from workers.sandbox.shapes import SandboxOrder
from workflows import wire
from workflows.answers import Receipt
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import KINDS, Message
from workflows.complaint.domain.view import View
from workflows.vocabulary import Phase

pytestmark = pytest.mark.timeout(300)
EVERYWHERE = {
    *(f"history of {one}" for one in ("Complaint", "Reconciliation", "ParcelWatch")),
    *(f"activity {one}" for one in ("notify", "deliver_events", "watch_parcel")),
    *(f"schedule {one}" for one in ("Reconciliation", "ParcelWatch")),
}
"""What has to be there to be searched."""

PARTIES = {"buyer": "b-1", "seller": "shop-1", "agent": "a-1", "supervisor": "s-1"}


@pytest.fixture(scope="module")
async def shut(sealed: Running) -> Running:
    """A stack with keys, on which complaints were lived through whose parties wrote canaries everywhere."""
    await _live(sealed)
    return sealed


@pytest.fixture(scope="module")
async def partner(shut: Running, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Around]:
    """A shop of that stack whose own system was told of a complaint, with all that goes on around one."""
    async with Receiver() as receiver:
        yield await _around(shut, receiver, tmp_path_factory.mktemp("around"))


@pytest.fixture(scope="module")
async def open_(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The same without keys."""
    nowhere = {"REDRESS_SMTP_HOST": "127.0.0.1", "REDRESS_SMTP_PORT": "1", "REDRESS_SMTP_FROM": "redress@mail.test"}
    home = tmp_path_factory.mktemp("canaries")
    async for stack in running(home / "data", environment=nowhere):  # of its own: it leaves failures behind
        await _live(stack)
        async with Receiver() as receiver:
            await _around(stack, receiver, home)
        yield stack


async def test_nobody_without_the_keys_reads_in_temporal_what_people_wrote(shut: Running, partner: Around) -> None:
    assert canaries.in_files(*shut.data_dir.glob("temporal.db*")) == {}
    seen = await canaries.seen_in_temporal(shut)
    assert {place.rpartition(" ")[0] for place in seen} >= EVERYWHERE
    assert canaries.counted(seen) == {}
    assert partner.number


async def test_a_partner_is_told_signed_and_in_order_where_temporal_is_told_nothing(partner: Around) -> None:
    asked = partner.receiver.requests  # each was believed by the reference library, or it would not be there
    told = list(dict.fromkeys((one.number, one.event["data"]["step"]["event"]) for one in asked))
    assert [number for number, _ in told] == list(range(1, len(told) + 1))
    assert [event for _, event in told][:4] == ["filed", "assigned", "reviewed", "seller_answered"]
    assert {"goods_sent", "parcel_reported"} <= {event for _, event in told}
    assert (asked[0].body, asked[-1].number) == (asked[1].body, 4), "tried again after a failure, and replayed at last"
    assert {one.complaint for one in asked} == {partner.number}
    assert canaries.MARK.encode() not in b"".join(one.body for one in asked)


async def test_people_are_told_in_words_where_temporal_is_told_nothing(partner: Around) -> None:
    await until(partner.both_are_told, what="notices to buyer and seller")


async def test_no_log_tells_what_people_wrote(shut: Running, partner: Around) -> None:
    assert partner.number
    _logs_are_clean(shut, "worker", "postgres", "temporal", "partners", "gateway", "codec")


async def test_no_log_tells_what_people_wrote_where_there_are_no_keys_either(open_: Running) -> None:
    _logs_are_clean(open_, "worker", "postgres", "temporal", "partners", "gateway")


async def test_the_search_finds_canaries_where_nothing_is_sealed(open_: Running) -> None:
    assert canaries.in_files(*open_.data_dir.glob("temporal.db*"))
    found = {place.rpartition(" ")[0] for place in canaries.counted(await canaries.seen_in_temporal(open_))}
    assert {"history of Complaint", "activity notify"} <= found
    assert "activity deliver_events" not in found, "it is told what to look up, and quotes no receiver"
    record = (file for file in (open_.data_dir / "postgres").rglob("*") if file.is_file())
    assert canaries.in_files(*record), "the record is where it may be read (ADR 16)"


def _logs_are_clean(stack: Running, *children: str) -> None:
    logs = [*(stack.data_dir / "logs").glob("*")]
    assert {f"{child}.log" for child in children} <= {log.name for log in logs}
    assert canaries.in_files(*logs) == {}


async def _live(stack: Running) -> None:
    complaints = Complaints(stack.client, Record(CaseFiles(stack.pool), stack.pool))
    number = (await complaints.open(await _filing(stack))).complaint
    await _told_everything_by_signal(stack.client, number)
    await _to_the_end(stack, complaints, number)
    await _through_the_gateway(stack, complaints)
    late = await complaints.tell(number, _message("noted", "agent", text=f"{canaries.MARK}-late"))
    assert not late.accepted
    await _things_that_go_wrong(stack)


async def _around(stack: Running, receiver: Receiver, folder: Path) -> Around:
    around = Around(stack, Complaints(stack.client, Record(CaseFiles(stack.pool), stack.pool)), receiver, folder)
    await around.live()
    return around


async def _through_the_gateway(stack: Running, complaints: Complaints) -> None:
    """File, speak, and say what nobody understands, at the doors that outsiders use."""
    doors = programs(str(stack.ready.gateway), stack.data_dir / "clients.toml")
    buyers, filing = doors["buyer-app"], (await _filing(stack)).model_dump(mode="json", exclude_none=True)
    wishes = {"addresses": {"email": f"{canaries.MARK}@mail.test"}, "channels": ["email", "in_app"], "quiet": "none"}
    wished = await buyers.put("/v1/preferences", {"as": "buyer:b-1", "wishes": wishes})
    assert wished.status_code == 200, wished.text
    number = (await buyers.post("/v1/complaints", filing)).json()["complaint"]
    message = {
        "kind": "withdrawn",
        "message_id": "w-1",
        "sender": {"role": "buyer", "id": "b-1"},
        "reason": canaries.MARK,
    }
    for body in (
        {"complaint": number, "message": message},
        {"complaint": number, "message": message | {canaries.MARK: canaries.MARK}},
        {"complaint": canaries.MARK, "message": canaries.MARK},
        f'{{"{canaries.MARK}": ',
    ):
        await buyers.post("/v1/messages", body)

    async def withdrawn() -> bool:
        return (await complaints.view(number)).view.phase is Phase.CLOSED

    await until(withdrawn, what="the withdrawal that came by the gateway")


async def _filing(stack: Running) -> Filing:
    run = uuid4().hex[:8]
    order = {
        "order_id": f"o-{run}", "line": 1, "buyer_id": "b-1", "seller_id": "shop-1", "item_id": "i-1", "title": "coat",
        "spec": "grey", "quantity": 1, "paid": {"amount": 29900}, "shipping_fee": {"amount": 0},
        "paid_at": "2026-11-01T10:00:00+08:00",
    }  # fmt: skip
    await stack.sandbox.put_orders([SandboxOrder.model_validate_json(_json(order))])
    asked = {
        "request_id": f"app-{uuid4().hex}", "channel": "order_page", "filed_by": {"role": "buyer", "id": "b-1"},
        "order_id": f"o-{run}", "line": 1, "problem": "not_as_described",
        "request": {"remedy": "refund", "amount": {"amount": 29900}},
    }  # fmt: skip
    return Filing.model_validate_json(_json(asked | canaries.texts_of_a_filing()))


async def _told_everything_by_signal(client: Client, number: str) -> None:
    """Send every kind with every text filled; most are refused, and lie in the history all the same."""
    handle = client.get_workflow_handle(number)
    for kind, message in canaries.every_kind().items():
        await handle.signal(kind, message)
    await handle.signal("noted", {canaries.MARK: canaries.MARK})
    await handle.signal("noted", canaries.MARK)


async def _to_the_end(stack: Running, complaints: Complaints, number: str) -> None:
    say = f"{canaries.MARK}-said"
    evidence = canaries.filled(Filing)["evidence"]
    for kind, role, body in (
        ("reviewed", "agent", {"decision": "accept", "text": say}),
        ("seller_answered", "seller", {"answer": "refuse", "reason": "goods_as_described", "evidence": evidence}),
        ("intervention_requested", "buyer", {"text": say}),
        ("evidence_requested", "agent", {"from": ["buyer"], "to_prove": say}),
        ("evidence_submitted", "buyer", {"evidence": evidence, "final": True}),
        ("work_order_opened", "agent", {"department": "purchasing", "question": say}),
        ("ruled", "agent", _ruling(say)),
        ("ruling_confirmed", "buyer", {"ruling": 1}),
        ("ruling_confirmed", "seller", {"ruling": 1}),
    ):
        answer = await complaints.tell(number, _message(kind, role, **body))
        assert isinstance(answer, Receipt), answer

    async def in_follow_up() -> bool:
        seen: View = (await complaints.view(number)).view
        return seen.phase is Phase.FOLLOW_UP

    await until(in_follow_up, what="the refund")
    refused = await complaints.tell(number, _message("noted", "agent", sender={"role": "buyer", "id": "b-1"}, text=say))
    assert not refused.accepted
    answered = await complaints.tell(number, _message("survey_answered", "buyer", score=5, comment=say))
    assert answered.accepted
    await stack.client.get_workflow_handle(number).result()


def _ruling(say: str) -> dict[str, Any]:
    return {
        "liability": "seller", "remedy": "refund", "amount": {"amount": 29900}, "freight": "seller",
        "reason": "not_as_described", "text": say,
    }  # fmt: skip


def _message(kind: str, role: str, **body: Any) -> Message:
    sender = {"role": role, "id": PARTIES[role]}
    whole = {"kind": kind, "message_id": f"m-{uuid4().hex}", "sender": sender} | body
    message: Message = TypeAdapter(KINDS[kind]).validate_json(_json(whole))
    return message


async def _things_that_go_wrong(stack: Running) -> None:
    """Whatever fails is logged, and what it failed on must not be."""
    await stack.sandbox.fault(Partner.ORDERS, Mode.ERROR_500, times=2)
    with pytest.raises(WorkflowFailureError):
        await stack.client.execute_workflow(
            wire.COMPLAINT, {"description": canaries.MARK}, id=f"C-{uuid4().hex[:8]}", task_queue=wire.TASK_QUEUE
        )
    for argument in ({"key": canaries.MARK, "to": canaries.MARK}, canaries.MARK, [canaries.MARK]):
        with pytest.raises(ActivityFailureError):
            await stack.client.execute_activity(
                "notify", argument, id=uuid4().hex, task_queue=wire.NOTICES_QUEUE,
                start_to_close_timeout=timedelta(seconds=5), retry_policy=RetryPolicy(maximum_attempts=1),
            )  # fmt: skip
    for statement in (
        "INSERT INTO tasks (key, text) VALUES ($1, $1)",
        "SELECT $1::text::json",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await stack.pool.execute(statement, canaries.MARK)


def _json(value: object) -> bytes:
    return TypeAdapter(object).dump_json(value)
