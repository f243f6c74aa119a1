"""Whatever is done to complaints behind their backs: one sweep names every unit of money that nobody answers for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from unittest.mock import AsyncMock, Mock

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyType
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import ScheduleActionExecutionStartWorkflow, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.reconciliation.cases import workflow_state
from activities.store.case_files import CaseFiles
from tests.chance import chance
from tests.conftest import SOON_ACKNOWLEDGED, Running, running
from tests.engine.attacker import AGENT, PATIENCE, SELLER, Handle, in_phase, message, opened, submit, until
from workers.sandbox.faults import Mode, Partner
from workflows import wire
from workflows.complaint.views.view import registering
from workflows.vocabulary import Role

_started = asynccontextmanager(running)


@pytest.fixture(scope="module", params=[40, pytest.param(200, marks=pytest.mark.chaos)])
def how_many(request: pytest.FixtureRequest) -> int:
    """How many complaints are struck."""
    return int(request.param)


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, how_many: int) -> AsyncIterator[Running]:
    """A stack of its own: a sweep looks at every complaint there is, and here all of them are to come to grief."""
    del how_many  # each number has its own
    async with _started(tmp_path_factory.mktemp("house"), dynamic_config=SOON_ACKNOWLEDGED) as stack:
        yield stack


async def accepted(handle: Handle) -> None:
    await submit(handle, message("reviewed", AGENT, decision="accept"))


async def asked_for(handle: Handle) -> None:
    """Agree, so that the refund is asked for; the provider has been told to keep it pending."""
    await accepted(handle)
    await submit(handle, message("seller_answered", SELLER, answer="agree"))


async def registered(handle: Handle) -> None:
    await in_phase(handle, "review")


async def terminated(stack: Running, handle: Handle) -> None:
    del stack
    await handle.terminate("by mistake")


async def cancelled(stack: Running, handle: Handle) -> None:
    del stack
    await handle.cancel()


async def deleted(stack: Running, handle: Handle) -> None:
    await stack.client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(namespace="default", workflow_execution=WorkflowExecution(workflow_id=handle.id))
    )


async def reset(stack: Running, handle: Handle) -> None:
    """Set it back to its beginning, with nothing it was told since."""
    history = await handle.fetch_history()
    first = next(e for e in history.events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    await stack.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=history.run_id),
            workflow_task_finish_event_id=first.event_id,
            request_id=handle.id,
            reason="by mistake",
            reset_reapply_type=ResetReapplyType.RESET_REAPPLY_TYPE_NONE,
        )
    )


async def ended(handle: Handle) -> bool:
    return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING


async def forgotten(handle: Handle) -> bool:
    try:
        await handle.describe()
    except RPCError as gone:
        return gone.status is RPCStatusCode.NOT_FOUND
    return False


_TAKES_EFFECT = {"cancelled": ended, "deleted": forgotten}
"""What the server does in its own time."""

MOMENTS: tuple[Callable[[Handle], Awaitable[None]], ...] = (registered, accepted, asked_for, asked_for)
BLOWS: tuple[Callable[[Running, Handle], Awaitable[None]], ...] = (terminated, cancelled, deleted, reset)


async def sweep(stack: Running) -> dict[str, int]:
    """Let the schedule start a sweep at once, as an operator would, and wait for what it found."""
    schedule = stack.client.get_schedule_handle(wire.RECONCILIATION)
    before = len((await schedule.describe()).info.recent_actions)
    await schedule.trigger()
    found: dict[str, int] = {}

    async def over() -> bool:
        nonlocal found
        recent = (await schedule.describe()).info.recent_actions
        if len(recent) == before:
            return False
        action = recent[-1].action
        assert isinstance(action, ScheduleActionExecutionStartWorkflow)
        found = await stack.client.get_workflow_handle(
            action.workflow_id, run_id=action.first_execution_run_id
        ).result()
        return True

    await until(over, PATIENCE, "the sweep")
    return found


@pytest.fixture(scope="module")
async def struck(house: Running, how_many: int) -> dict[str, str]:
    """Many complaints at all sorts of moments, each with what was done to it; the sweep has run once."""
    lot = chance("struck")
    await house.sandbox.fault(Partner.PAYMENT, Mode.PENDING, times=how_many)
    room = asyncio.Semaphore(20)

    async def one(moment: Callable[[Handle], Awaitable[None]], blow: Callable[..., Awaitable[None]]) -> tuple[str, str]:
        async with room:
            handle = await opened(house)
            await moment(handle)
            await blow(house, handle)
            return handle.id, blow.__name__

    fates = [(lot.choice(MOMENTS), BLOWS[number % len(BLOWS)]) for number in range(how_many)]
    struck = dict(await asyncio.gather(*(one(moment, blow) for moment, blow in fates)))
    for complaint, blow in struck.items():
        handle = house.client.get_workflow_handle(complaint)
        if blow in _TAKES_EFFECT:
            await until(partial(_TAKES_EFFECT[blow], handle), PATIENCE, f"{complaint} {blow}")
    return struck


async def test_one_sweep_names_every_unit_of_money_without_an_owner(house: Running, struck: dict[str, str]) -> None:
    assert {*struck.values()} == {blow.__name__ for blow in BLOWS}
    before = await ownerless(house, struck)
    found = await sweep(house)
    tasks = {task["key"] for task in await house.pool.fetch("SELECT key FROM tasks WHERE resolved_at IS NULL")}
    assert before <= tasks
    assert found["without an owner"] == len(tasks)
    assert {key.split(":")[1] for key in tasks} <= struck.keys()


async def ownerless(stack: Running, struck: dict[str, str]) -> set[str]:
    """Return the keys of the tasks there must be, from what was done to each complaint."""
    wanted: set[str] = set()
    for complaint, blow in struck.items():
        rows = await stack.pool.fetch("SELECT key, state FROM movements WHERE complaint = $1", complaint)
        if blow == "reset":
            wanted |= {f"forgotten:{row['key']}" for row in rows}
        else:
            under_way = {f"ownerless:{row['key']}" for row in rows if row["state"] == "requested"}
            wanted |= under_way or {f"ownerless:{complaint}"}
    return wanted


async def test_a_second_sweep_raises_nothing_twice_and_closes_what_is_mended(
    house: Running, struck: dict[str, str]
) -> None:
    await sweep(house)
    before = await house.pool.fetch("SELECT key, found_at, due_at FROM tasks WHERE resolved_at IS NULL ORDER BY key")
    complaint = next(number for number, blow in struck.items() if blow == "reset")
    await house.pool.execute(
        "UPDATE complaints SET phase = 'closed', outcome = 'withdrawn', closed_at = now() WHERE complaint = $1",
        complaint,
    )
    await sweep(house)
    after = await house.pool.fetch("SELECT key, found_at, due_at FROM tasks WHERE resolved_at IS NULL ORDER BY key")
    assert [row for row in before if complaint not in row["key"]] == after
    assert [row["key"] for row in after if complaint in row["key"]] == []


async def test_tasks_are_work_of_the_operations_manager(house: Running, struck: dict[str, str]) -> None:
    await sweep(house)
    due = await CaseFiles(house.pool).due(Role.OPERATIONS_MANAGER)
    tasks = [one for one in due if one.action in {"ownerless", "forgotten"}]
    assert {one.complaint for one in tasks} <= struck.keys()
    assert all(one.due_at and "redress verify" in one.otherwise for one in tasks if one.action == "ownerless")
    assert len(tasks) == await house.pool.fetchval("SELECT count(*) FROM tasks WHERE resolved_at IS NULL")


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        (WorkflowExecutionStatus.RUNNING, None),
        (WorkflowExecutionStatus.CONTINUED_AS_NEW, None),
        (WorkflowExecutionStatus.TERMINATED, "is terminated at Temporal"),
    ],
)
async def test_a_complaint_between_two_runs_is_not_without_an_owner(
    status: WorkflowExecutionStatus, ended: str | None
) -> None:
    handle, client = AsyncMock(), Mock()
    client.get_workflow_handle.return_value = handle
    raw = Mock(pending_workflow_task=Mock(attempt=1), workflow_execution_info=Mock(first_run_id="run-1"))
    handle.describe.return_value = Mock(status=status, run_id="run-2", raw_description=raw)
    handle.query.return_value = registering("C-1")
    assert (await workflow_state(client, "C-1")).problem == ended
    assert handle.query.called == (ended is None), "what the newest run knows is asked of it"
