"""The looks of a sweep at complaints: open on record, and gone or forgetful at Temporal (R6.10, R9.6)."""

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

from activities.attempts import attempt
from activities.postgres.named import query
from activities.postgres.partitions import make_ahead
from activities.postgres.pool import Pool
from activities.tasks import Tasks
from workflows import wire
from workflows.domain.money import Money
from workflows.domain.reconciling import Look, Looked, Task, TaskKind
from workflows.domain.rulebook import Rulebook
from workflows.domain.view import View
from workflows.domain.vocabulary import MoneyState

AT_ONCE = 100
"""Complaints of one page: each costs Temporal one question, so that a page takes seconds."""

STUCK_FROM = 5
"""Failures of one workflow task, in a row: after so many, a minute or two, it will not mend itself."""

_ANSWERS_WITHIN = timedelta(seconds=10)
_UNDER_WAY = (MoneyState.DECIDED, MoneyState.REQUESTED)


class Found(NamedTuple):
    """A complaint at Temporal: why it does not go on, None if it does; the movements it knows, None if not asked."""

    ended: str | None
    knows: frozenset[str] | None = None


Find = Callable[[str], Awaitable[Found]]
"""Says how a complaint stands at Temporal."""


class Reconciling:
    """Implements the ports `find_ownerless` and `end_sweep`."""

    def __init__(self, pool: Pool, rulebook: Rulebook, *, find: Find | None = None) -> None:
        self._pool, self._tasks, self._find = pool, Tasks(pool, rulebook), find or _find

    @activity.defn(name="find_ownerless")
    async def find_ownerless(self, look: Look) -> Looked:
        """Raise a task for every unit of money whose complaint is gone or has forgotten it; pages go by number."""
        with attempt("sweep") as this:
            rows = await self._pool.fetch(query("open_on_record"), look.after, AT_ONCE)
            tasks = [task for row in rows for task in await self._of(row)]
            this.outcome = f"{len(tasks)} tasks"
            after = rows[-1]["complaint"] if len(rows) == AT_ONCE else None
            return Looked(tasks=await self._tasks.raised(tasks, look.sweep_at), after=after)

    @activity.defn(name="end_sweep")
    async def end_sweep(self, look: Look) -> Looked:
        """Close every task that was not seen again since the sweep began, and make the partitions of months to come."""
        with attempt("sweep") as this:
            done = await self._tasks.ended(look.sweep_at)
            await make_ahead(self._pool, look.sweep_at)
            this.outcome = f"{done} tasks are done with"
            return Looked(tasks=done)

    async def _of(self, row: asyncpg.Record) -> list[Task]:
        complaint = row["complaint"]
        found = await self._find(complaint)
        if found.ended is None and found.knows is None:
            return []
        ours = await self._pool.fetch(query("movements_of"), complaint)
        if found.ended is None:
            return [*_forgotten(complaint, ours, found.knows or frozenset())]
        return [*_ownerless(complaint, found.ended, ours, View.model_validate_json(row["view"]))]


def _ownerless(complaint: str, ended: str, ours: list[asyncpg.Record], view: View) -> Iterator[Task]:
    """Yield a task for each unit of money that stands, or for the complaint where none has moved yet."""
    units = {row["key"]: (row["amount_minor"], row["state"]) for row in ours if row["state"] in _UNDER_WAY}
    recorded = {row["key"] for row in ours}
    # What was decided and not yet asked for is known from the case alone.
    decided = (one for one in view.money if one.state in _UNDER_WAY and one.key not in recorded)
    units |= {one.key: (one.amount.amount, one.state) for one in decided}
    for key, (amount, state) in units.items():
        money = Money(amount=amount)
        text = f"{key}: {money} yuan is {state}, and complaint {complaint} {ended}: {_WHAT_TO_DO}"
        yield _task(TaskKind.OWNERLESS, key, complaint, text, money)
    yield from _whole(complaint, ended, units)


def _whole(complaint: str, ended: str, units: Mapping[str, object]) -> Iterator[Task]:
    if not units:
        text = f"complaint {complaint} is open on record but {ended}: {_WHAT_TO_DO}"
        yield Task(key=f"{TaskKind.OWNERLESS}:{complaint}", kind=TaskKind.OWNERLESS, complaint=complaint, text=text)


_WHAT_TO_DO = "compare with `redress verify`, then reset its workflow to before its end, or settle it with both parties"


def _forgotten(complaint: str, ours: list[asyncpg.Record], knows: frozenset[str]) -> Iterator[Task]:
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


async def _find(complaint: str) -> Found:
    """Ask Temporal, with the client of the running activity, how a complaint stands."""
    return await find(activity.client(), complaint)


def goes_on(described: WorkflowExecutionDescription) -> bool:
    """Tell whether a complaint has not ended; for a moment a run that was continued as new is still the newest."""
    return described.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)


async def find(client: Client, complaint: str) -> Found:
    """Say how a complaint stands; one that was reset or continued as new is asked what it knows."""
    handle = client.get_workflow_handle(complaint)
    try:
        described = await handle.describe(rpc_timeout=_ANSWERS_WITHIN)
        if not goes_on(described):
            status = described.status.name.lower() if described.status else "of unknown state"
            return Found(f"is {status} at Temporal")
        failed = described.raw_description.pending_workflow_task.attempt - 1
        if failed >= STUCK_FROM:
            return Found(f"does not get on: its workflow task has failed {failed} times (see it in the web UI)")
        info = described.raw_description.workflow_execution_info
        if info.first_run_id == described.run_id:
            return Found(None)
        view: View = await handle.query(wire.VIEW, result_type=View, rpc_timeout=_ANSWERS_WITHIN)
    except WorkflowQueryFailedError as silent:
        return Found(f"cannot say what it knows ({silent.message})")
    except RPCError as wrong:
        if wrong.status is RPCStatusCode.NOT_FOUND:
            return Found("is unknown to Temporal (deleted, or beyond its retention)")
        raise
    return Found(None, frozenset(one.key for one in view.money))
