"""The doors as operators use them: real commands, as processes of their own, on the real stack."""

import asyncio
import json
import os
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.service import RPCError, RPCStatusCode

from activities.partners.signing import Signer
from activities.store.case_files import CaseFiles
from starter.client.complaints import Complaints
from starter.client.errors import Exit
from starter.client.filing_input import is_number, read_filing
from starter.client.record import Record
from tests import ROOT
from tests.conftest import Running
from tests.starter.cli.running import Ran, filing, order, ran
from workers.sandbox.shapes import SandboxOrder


class Desk:
    """An operator at the keyboard, with a stack at hand."""

    def __init__(self, stack: Running) -> None:
        self.stack = stack

    async def __call__(self, *arguments: str, given: str = "") -> Ran:
        return await ran(self.stack.environment, *arguments, given=given)

    async def done(self, *arguments: str, given: str = "") -> Ran:
        answer = await self(*arguments, given=given)
        assert (answer.code, "Traceback" in answer.err) == (0, False), answer
        return answer

    async def opened(self, **more: Any) -> str:
        """File a complaint by the client behind the commands: quicker than a process."""
        name = f"d-{uuid.uuid4().hex[:12]}"
        paid = {"paid": {"amount": 29900, "currency": "CNY"}, "shipping_fee": {"amount": 0, "currency": "CNY"}}
        await self.stack.sandbox.put_orders([SandboxOrder.model_validate_json(json.dumps(order(name, **paid, **more)))])
        client = Complaints(self.stack.client, Record(CaseFiles(self.stack.pool), self.stack.pool))
        opened = await client.open(read_filing(json.dumps(filing(name, name)), "a filing"))
        assert opened.state == "registered"
        return opened.complaint

    async def view(self, complaint: str) -> Any:
        return (await self.done("show", complaint, "--json")).data


@pytest.fixture
def desk(stack: Running) -> Desk:
    return Desk(stack)


@contextmanager
def without_a_worker(stack: Running) -> Iterator[None]:
    worker = stack.stack.pids["the worker"]
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


async def test_a_complaint_is_filed_answered_paid_and_closed_by_commands_alone(desk: Desk) -> None:
    complaint = await desk.opened()
    assert is_number(complaint)
    assert (await desk.view(complaint))["phase"] == "review"
    assert "phase negotiation" in (await desk.done("tell", complaint, "reviewed", "--set", "decision=accept")).out
    await desk.done("tell", complaint, "seller_answered", "--set", "answer=agree")
    await desk.done("fast-forward", complaint, "1h")
    money = (await desk.view(complaint))["money"]
    assert [(one["state"], one["amount"]["amount"]) for one in money] == [("settled", 29900)]
    book = await desk.done("sandbox", "book", "--complaint", complaint)
    assert [json.loads(line)["key"] for line in book.out.splitlines()] == [money[0]["key"]]
    await desk.done("tell", complaint, "survey_answered", "--set", "score=5")
    assert (await desk.view(complaint))["outcome"] == "settled"
    steps = (await desk.done("timeline", complaint, "--json")).data
    assert [one["number"] for one in steps] == list(range(1, len(steps) + 1))
    assert {"filed", "reviewed", "seller_answered", "closed"} <= {one["event"] for one in steps}


async def test_filing_twice_is_filing_once(desk: Desk) -> None:
    complaint = await desk.opened()
    request = await desk.stack.pool.fetchval("SELECT request_id FROM complaints WHERE complaint = $1", complaint)
    again = await desk.done("open", "-", "--json", given=json.dumps(filing(request, request)))
    assert (again.data["complaint"], again.data["known_before"]) == (complaint, True)


async def test_a_filing_that_a_rule_refuses_has_a_number_and_exit_code_3(desk: Desk) -> None:
    name = f"d-{uuid.uuid4().hex[:12]}"
    answer = await desk("open", "-", given=json.dumps(filing(name, "no-such-order")))
    assert (answer.code, is_number(answer.out.strip())) == (Exit.REFUSED, True)
    assert "refused by rule R1.2 (order_unknown)" in answer.err
    again = await desk("open", "-", "--json", given=json.dumps(filing(name, "no-such-order")))
    assert (again.code, again.data["accepted"], again.data["code"]) == (Exit.REFUSED, False, "order_unknown")


async def test_a_complaint_that_comes_too_late_is_explained_and_no_error(desk: Desk) -> None:
    name = f"d-{uuid.uuid4().hex[:12]}"
    late = order(name, paid_at="2026-01-01T10:00:00+08:00", delivered_at="2026-01-05T10:00:00+08:00")
    await desk.done("sandbox", "order", "-", given=json.dumps(late))
    answer = await desk.done("open", "-", given=json.dumps(filing(name, name, problem="no_reason_return")))
    assert "not applicable (R1.7): filed more than" in answer.err


async def test_a_refused_message_says_what_can_be_sent_instead(desk: Desk) -> None:
    complaint = await desk.opened()
    answer = await desk("tell", complaint, "seller_answered", "--set", "answer=agree", "--json")
    assert (answer.code, answer.data["code"], answer.data["phase"]) == (Exit.REFUSED, "not_now", "review")
    assert "reviewed" in answer.data["allowed"]
    assert "what can be sent now: " in answer.err


async def test_a_message_told_twice_is_heard_once_with_the_same_answer(desk: Desk) -> None:
    complaint = await desk.opened()
    told = ("tell", complaint, "noted", "--set", "text=已联系买家", "--set", "message_id=n-1", "--json")
    first, again = await desk.done(*told), await desk.done(*told)
    assert first.data == again.data
    assert (await desk.view(complaint))["steps"] == first.data["steps"]


async def test_a_complaint_that_nobody_knows_is_exit_code_4(desk: Desk) -> None:
    nobody = "C20260101-0000000000"
    commands = [("show", nobody), ("timeline", nobody), ("why-due", nobody), ("fast-forward", nobody, "1h")]
    commands.append(("tell", nobody, "noted", "--as", "agent:a-1", "--set", "text=x"))
    for answer in await asyncio.gather(*(desk(*command) for command in commands)):
        assert (answer.code, f"there is no complaint {nobody}" in answer.err) == (Exit.NOT_FOUND, True), answer


async def test_what_is_due_is_listed_and_explained(desk: Desk) -> None:
    complaint = await desk.opened()
    seller = (await desk.done("list", "--phase", "review", "--seller", "s-77", "--json")).data
    assert complaint in {one["complaint"] for one in seller}
    handler = (await desk.view(complaint))["handler"]
    due = (await desk.done("due", "--for", f"agent:{handler}", "--limit", "1000", "--json")).data
    assert {one["rule"] for one in due if one["complaint"] == complaint} == {"R1.6", "R2.1", "R2.6"}
    explained = await desk.done("why-due", complaint)
    assert "R2.1 agent reviews" in explained.out
    assert "working day 1 of 1" in explained.out


async def test_for_people_everything_is_told_in_beijing_time_and_yuan(desk: Desk) -> None:
    complaint = await desk.opened()
    assert complaint in (await desk.done("list", "--limit", "1000")).out
    assert complaint in (await desk.done("due", "--limit", "1000")).out
    shown = (await desk.done("show", complaint)).out
    assert "who must do what (Beijing time):" in shown
    assert f"/workflows/{complaint}" in shown
    assert "299.00" in (await desk.done("timeline", complaint)).out
    assert "\x1b[" not in shown
    assert complaint in (await desk.done("sandbox", "inbox", "--to", "buyer:b-1")).out


async def test_two_fast_forwards_of_one_complaint_pass_one_after_the_other(desk: Desk) -> None:
    complaint = await desk.opened()
    await desk.done("tell", complaint, "reviewed", "--set", "decision=accept")
    both = await asyncio.gather(*(desk.done("fast-forward", complaint, "3d", "--json") for _ in range(2)))
    first, second = sorted(answer.data["now"] for answer in both)
    assert second[:10] > first[:10]
    assert (await desk.view(complaint))["phase"] == "intervention"


async def test_time_that_passes_beyond_the_end_stops_there(desk: Desk) -> None:
    complaint = await desk.opened()
    await desk.done("tell", complaint, "reviewed", "--set", "decision=accept")
    await desk.done("tell", complaint, "seller_answered", "--set", "answer=agree")
    forwarded = await desk.done("fast-forward", complaint, "60d")
    assert "ended on the way" in forwarded.err
    again = await desk("fast-forward", complaint, "1h")
    assert (again.code, "has ended" in again.err) == (Exit.REFUSED, True)


async def test_a_late_message_is_kept_and_answered_so(desk: Desk) -> None:
    complaint = await desk.opened()
    await desk.done("tell", complaint, "withdrawn", "--set", "reason=已解决")
    late = await desk("tell", complaint, "noted", "--as", "agent:a-1", "--set", "text=迟到", "--json")
    assert (late.code, late.data["code"], late.data["phase"]) == (Exit.REFUSED, "closed", "closed")
    steps = (await desk.done("timeline", complaint, "--json")).data
    assert (steps[-1]["event"], steps[-1]["rule"]) == ("late_message", "R10.4")
    assert (await desk.view(complaint))["steps"] == len(steps)


async def test_a_complaint_that_temporal_has_forgotten_is_read_from_the_record(desk: Desk) -> None:
    complaint = await desk.opened()
    await desk.done("tell", complaint, "withdrawn")
    await desk.done("timeline", complaint)
    await desk.stack.client.get_workflow_handle(complaint).result()
    await forgotten(desk.stack, complaint)
    shown = await desk.done("show", complaint)
    assert "from the record, because: there is no complaint" in shown.err
    assert "closed · withdrawn" in shown.out
    assert len((await desk.done("timeline", complaint, "--json")).data) == (await desk.view(complaint))["steps"]
    assert (await desk("fast-forward", complaint, "1h")).code == Exit.REFUSED
    assert (await desk("tell", complaint, "withdrawn", "--as", "buyer:b-1")).code == Exit.REFUSED


async def forgotten(stack: Running, complaint: str) -> None:
    request = DeleteWorkflowExecutionRequest(
        namespace="default", workflow_execution=WorkflowExecution(workflow_id=complaint)
    )
    await stack.client.workflow_service.delete_workflow_execution(request)
    async with asyncio.timeout(30):
        while await still_there(stack, complaint):  # noqa: ASYNC110 - Temporal tells nobody when it has deleted one
            await asyncio.sleep(0.1)


async def still_there(stack: Running, complaint: str) -> bool:
    try:
        await stack.client.get_workflow_handle(complaint).describe()
    except RPCError as gone:
        return gone.status is not RPCStatusCode.NOT_FOUND
    return True


async def test_without_a_worker_filings_are_accepted_and_the_rest_says_what_to_do(desk: Desk) -> None:
    complaint = await desk.opened()
    name = f"d-{uuid.uuid4().hex[:12]}"
    await desk.done("sandbox", "order", "-", given=json.dumps(order(name)))
    with without_a_worker(desk.stack):
        filed, told, shown, forward = await asyncio.gather(
            desk("open", "-", "--json", given=json.dumps(filing(name, name))),
            desk("tell", complaint, "noted", "--set", "text=x"),
            desk("show", complaint),
            desk("fast-forward", complaint, "30d", "--timeout", "3"),
        )
    assert (filed.code, filed.data["state"]) == (0, "accepted")
    assert "registered when a worker runs" in filed.err
    assert (told.code, "send it again with --set message_id=" in told.err) == (Exit.UNREACHABLE, True)
    assert (shown.code, "from the record, because: no worker answers" in shown.err) == (0, True)
    assert (forward.code, "waits for a worker" in forward.err) == (Exit.UNREACHABLE, True)
    assert (await desk.done("open", "-", given=json.dumps(filing(name, name)))).out.strip() == filed.data["complaint"]
    assert (await desk.view(filed.data["complaint"]))["phase"] == "review"


async def test_the_doctor_finds_nothing_to_mend_on_a_fresh_stack(desk: Desk) -> None:
    checks = (await desk.done("doctor", "--json")).data
    assert {one["state"] for one in checks} <= {"ok", "warning"}
    assert {
        "Temporal",
        "namespace",
        "search attributes",
        "worker",
        "database",
        "schema",
        "partners",
        "payment provider",
    } <= {one["check"] for one in checks}


@pytest.mark.parametrize(
    ("secret", "why"), [("x" * 24, "401 bad_signature"), ("short", "at least 24 characters")], ids=["another", "short"]
)
async def test_the_doctor_names_a_secret_that_the_provider_does_not_know(desk: Desk, secret: str, why: str) -> None:
    answer = await ran(desk.stack.environment | {"REDRESS_PAYMENT_SECRET": secret}, "doctor", "--json")
    (check,) = [one for one in json.loads(answer.out) if one["check"] == "payment provider"]
    assert (answer.code, check["state"], why in check["text"]) == (Exit.WRONG_USE, "failed", True)
    assert "REDRESS_PAYMENT_SECRET" in check["text"]


async def test_a_fault_is_ordered_by_name_and_a_wrong_one_is_explained(desk: Desk) -> None:
    slow = await desk.done("sandbox", "fault", "carrier", "slow", "--for", "look_up", "--json")
    assert (slow.data["partner"], slow.data["times"]) == ("carrier", 1)
    wrong = await desk("sandbox", "fault", "payment", "asleep")
    assert (wrong.code, "error_500" in wrong.err) == (Exit.WRONG_USE, True)


async def test_a_payment_that_is_taken_back_weeks_later_is_the_handlers_again(desk: Desk) -> None:
    complaint = await desk.opened()
    await desk.done("tell", complaint, "reviewed", "--set", "decision=accept")
    await desk.done("tell", complaint, "seller_answered", "--set", "answer=agree")
    await desk.done("fast-forward", complaint, "1h")
    key = f"{complaint}:refund:1"
    assert f"{key}: 299.00 yuan taken back" in (await desk.done("sandbox", "reverse", key)).out
    async with asyncio.timeout(20):
        while (await desk.view(complaint))["money"][0]["state"] != "reversed":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    (line,) = (await desk.done("sandbox", "book", "--complaint", complaint)).out.splitlines()
    assert (json.loads(line)["state"], json.loads(line)["postings"]) == ("reversed", [])
    for wrong in (key, f"{complaint}:refund:9"):
        refused = await desk("sandbox", "reverse", wrong)
        assert (refused.code, wrong in refused.err) == (Exit.WRONG_USE, True)


async def test_the_provider_of_a_stack_believes_its_own_workers_alone(desk: Desk) -> None:
    ready = desk.stack.ready
    async with httpx2.AsyncClient(base_url=ready.partners or "", trust_env=False) as stranger:
        answer = await stranger.get("/payments?limit=1")
        signed = Signer(ready.payment_secret).headers("GET", "/payments?limit=1", b"")
        assert (answer.status_code, answer.json()["code"]) == (401, "unsigned")
        assert (await stranger.get("/payments?limit=1", headers=signed)).status_code == 200
    assert ready.payment_secret not in f"{ready} {json.dumps(ready.line())}"


async def test_orders_with_faults_are_refused_with_the_line_they_are_in(desk: Desk) -> None:
    lines = "\n".join([json.dumps(order("d-1")), json.dumps(order("d-2", quantity=0))])
    answer = await desk("sandbox", "order", "-", given=lines)
    assert (answer.code, "standard input: line 2: quantity" in answer.err) == (Exit.WRONG_USE, True)


async def test_a_log_line_names_the_complaint(desk: Desk) -> None:
    complaint = await desk.opened()
    told = await desk.done("tell", complaint, "noted", "--set", "text=x", "--verbose", "--json")
    assert complaint in {json.loads(line).get("complaint") for line in told.err.splitlines()}


async def test_a_reader_that_has_seen_enough_is_no_error(desk: Desk) -> None:
    environment = desk.stack.environment
    process = await asyncio.create_subprocess_shell(
        "set -o pipefail; python -m starter.cli.main list --json --limit 1000 | head -c 1",
        executable="/bin/bash",
        env=environment | {"PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, error = await process.communicate()
    assert (process.returncode, error) == (0, b"")
