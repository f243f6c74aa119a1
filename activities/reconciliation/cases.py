"""Reconcile record and Temporal: complaints open on record with a workflow gone, stuck or reset (R6.10, R9.6)."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

import asyncpg
from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.execution import attempt
from activities.reconciliation.tasks import TaskRegister
from activities.store.named_queries import query
from activities.store.partitions import make_ahead
from activities.store.pool import Pool
from workflows import wire
from workflows.complaint.domain.view import View
from workflows.money.amount import Money
from workflows.policy.rulebook import Rulebook
from workflows.upkeep.tasks import Look, Looked, Task, TaskKind
from workflows.vocabulary import MoneyState

PAGE_SIZE = 100
"""Complaints per page, at one call to Temporal each."""

STUCK_FROM = 5
"""Consecutive failures of a workflow task after which it counts as stuck."""

_ANSWERS_WITHIN = timedelta(seconds=10)
_UNDER_WAY = (MoneyState.DECIDED, MoneyState.REQUESTED)


class WorkflowState(NamedTuple):
    """A workflow at Temporal: its problem, None if it runs; the movements it knows, None if not queried."""

    problem: str | None
    known_movements: frozenset[str] | None = None


FindState = Callable[[str], Awaitable[WorkflowState]]
"""Returns the state of a complaint's workflow."""


class CaseReconciliation:
    """Implements the ports `find_ownerless` and `end_sweep`."""

    def __init__(self, pool: Pool, rulebook: Rulebook, *, workflow_state: FindState | None = None) -> None:
        self._pool, self._tasks, self._find = pool, TaskRegister(pool, rulebook), workflow_state or _workflow_state

    @activity.defn(name="find_ownerless")
    async def find_ownerless(self, look: Look) -> Looked:
        """Raise a task for every movement whose complaint is gone or does not know it; one page by complaint number."""
        with attempt("sweep") as this:
            rows = await self._pool.fetch(query("open_on_record"), look.after, PAGE_SIZE)
            tasks = [task for row in rows for task in await self._tasks_for(row)]
            this.outcome = f"{len(tasks)} tasks"
            after = rows[-1]["complaint"] if len(rows) == PAGE_SIZE else None
            return Looked(tasks=await self._tasks.raise_all(tasks, look.sweep_at), after=after)

    @activity.defn(name="end_sweep")
    async def end_sweep(self, look: Look) -> Looked:
        """Close every task that this sweep has not raised again, and make the partitions of the months to come."""
        with attempt("sweep") as this:
            done = await self._tasks.close_unseen(look.sweep_at)
            await make_ahead(self._pool, look.sweep_at)
            this.outcome = f"{done} tasks are done with"
            return Looked(tasks=done)

    async def _tasks_for(self, row: asyncpg.Record) -> list[Task]:
        complaint = row["complaint"]
        found = await self._find(complaint)
        if found.problem is None and found.known_movements is None:
            return []
        ours = await self._pool.fetch(query("movements_of"), complaint)
        if found.problem is None:
            return [*_unknown_to_workflow(complaint, ours, found.known_movements or frozenset())]
        return [*_ownerless(complaint, found.problem, ours, View.model_validate_json(row["view"]))]


def _ownerless(complaint: str, ended: str, ours: list[asyncpg.Record], view: View) -> Iterator[Task]:
    """Yield a task per unfinished movement, or one for the complaint if there is none."""
    units = {row["key"]: (row["amount_minor"], row["state"]) for row in ours if row["state"] in _UNDER_WAY}
    recorded = {row["key"] for row in ours}
    # Movements decided and not requested yet are known from the view only.
    decided = (one for one in view.money if one.state in _UNDER_WAY and one.key not in recorded)
    units |= {one.key: (one.amount.amount, one.state) for one in decided}
    for key, (amount, state) in units.items():
        money = Money(amount=amount)
        text = f"{key}: {money} yuan is {state}, and complaint {complaint} {ended}: {_WHAT_TO_DO}"
        yield _task(TaskKind.OWNERLESS, key, complaint, text, money)
    yield from _complaint_task(complaint, ended, units)


def _complaint_task(complaint: str, ended: str, units: Mapping[str, object]) -> Iterator[Task]:
    if not units:
        text = f"complaint {complaint} is open on record but {ended}: {_WHAT_TO_DO}"
        yield Task(key=f"{TaskKind.OWNERLESS}:{complaint}", kind=TaskKind.OWNERLESS, complaint=complaint, text=text)


_WHAT_TO_DO = "compare with `redress verify`, then reset its workflow to before its end, or settle it with both parties"


def _unknown_to_workflow(complaint: str, ours: list[asyncpg.Record], knows: frozenset[str]) -> Iterator[Task]:
    for row in ours:
        if row["key"] not in knows:
            money = Money(amount=row["amount_minor"])
            text = (
                f"{row['key']}: {money} yuan is {row['state']}, and complaint {complaint}, reset, has not come to it: "
                "see that it comes to the same decision, or correct it by hand"
            )
            yield _task(TaskKind.FORGOTTEN, row["key"], complaint, text, money)


def _task(kind: TaskKind, movement: str, complaint: str, text: str, amount: Money) -> Task:
    return Task(key=f"{kind}:{movement}", kind=kind, complaint=complaint, movement=movement, amount=amount, text=text)


async def _workflow_state(complaint: str) -> WorkflowState:
    """Return the state of a workflow, with the client of the running activity."""
    return await workflow_state(activity.client(), complaint)


def is_running(described: WorkflowExecutionDescription) -> bool:
    """Tell whether a workflow runs; right after continue-as-new the old run is still the latest for a moment."""
    return described.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)


async def workflow_state(client: Client, complaint: str) -> WorkflowState:
    """Return the state of a complaint's workflow; one reset or continued as new is queried for its movements."""
    handle = client.get_workflow_handle(complaint)
    try:
        described = await handle.describe(rpc_timeout=_ANSWERS_WITHIN)
        if not is_running(described):
            status = described.status.name.lower() if described.status else "of unknown state"
            return WorkflowState(f"is {status} at Temporal")
        failed = described.raw_description.pending_workflow_task.attempt - 1
        if failed >= STUCK_FROM:
            return WorkflowState(f"does not get on: its workflow task has failed {failed} times (see it in the web UI)")
        info = described.raw_description.workflow_execution_info
        if info.first_run_id == described.run_id:
            return WorkflowState(None)
        view: View = await handle.query(wire.VIEW, result_type=View, rpc_timeout=_ANSWERS_WITHIN)
    except WorkflowQueryFailedError as silent:
        return WorkflowState(f"cannot say what it knows ({silent.message})")
    except RPCError as wrong:
        if wrong.status is RPCStatusCode.NOT_FOUND:
            return WorkflowState("is unknown to Temporal (deleted, or beyond its retention)")
        raise
    return WorkflowState(None, frozenset(one.key for one in view.money))
