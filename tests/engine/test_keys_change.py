"""A complaint that began before there were keys goes on when there are some, and when they change."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from activities.store.case_files import CaseFiles
from activities.store.payload_keys import KeysMissing
from starter.client.complaints import Complaints
from starter.client.record import Record
from tests.benchmarks.measuring import put_orders
from tests.conftest import Running, running
from tests.workers.encryption.rings import key, ring_file
from workers.composition.whole_stack import any_ports, whole_stack
from workers.stack.supervisor import Stack
from workflows.answers import Receipt
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import KINDS, Message

pytestmark = pytest.mark.timeout(300)


async def test_a_complaint_outlives_its_keys(tmp_path: Path) -> None:
    home, old, new = tmp_path / "data", key(), key()
    first = ring_file(tmp_path / "first.toml", "2026-05", k2026_05=old)
    both = ring_file(tmp_path / "both.toml", "2026-11", k2026_05=old, k2026_11=new)
    number = ""
    for ring, keys in ((None, {""}), (first, {"", "2026-05"}), (both, {"", "2026-05", "2026-11"})):
        async for stack in running(home, key_ring=ring):
            number = number or await _filed(stack)
            answer = await _doors(stack).tell(number, _note())
            assert isinstance(answer, Receipt), answer
            assert await _keys(stack, number) == keys
            assert len(await _doors(stack).timeline(number)) == answer.steps
    for without in (None, first):
        with pytest.raises(KeysMissing, match="sealed with"):
            await Stack(whole_stack(home, **any_ports(), key_ring=without)).start()


def _doors(stack: Running) -> Complaints:
    return Complaints(stack.client, Record(CaseFiles(stack.pool), stack.pool))


async def _filed(stack: Running) -> str:
    (order,) = await put_orders(stack, 1)
    filing = {
        "request_id": f"app-{uuid4().hex}", "channel": "order_page", "filed_by": {"role": "buyer", "id": "b-1"},
        "order_id": order, "line": 1, "problem": "not_as_described", "description": "…",
        "request": {"remedy": "refund", "amount": {"amount": 29900}},
    }  # fmt: skip
    return (await _doors(stack).open(Filing.model_validate_json(json.dumps(filing)))).complaint


def _note() -> Message:
    note = {"kind": "noted", "message_id": uuid4().hex, "sender": {"role": "agent", "id": "a-1"}, "text": "…"}
    message: Message = KINDS["noted"].model_validate_json(json.dumps(note))
    return message


async def _keys(stack: Running, number: str) -> set[str]:
    """Return the names of the keys that seal what was said, as the server tells anybody."""
    raw, found = await Client.connect(stack.ready.temporal), set()
    async for event in raw.get_workflow_handle(number).fetch_history_events():
        for payload in event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads:
            found.add(payload.metadata.get("encryption-key-id", b"").decode())
    return found
