"""Record a burst of steps: events, deadlines, movements, the case row; one transaction, idempotent (R11.1)."""

from datetime import datetime

import structlog
from temporalio import activity

from activities.errors import ActivitiesError
from activities.execution import attempt
from activities.notifications.delivery import StartNotices, start_notices
from activities.parcels.watch import StartWatching, watch
from activities.partner_events.publishing import NO_PUBLISHER, EventPublisher
from activities.store import parcels
from activities.store.case_row import as_json, standing
from activities.store.movements import decide, follow
from activities.store.named_queries import query
from activities.store.pool import COMMAND_SECONDS, Connection, Pool
from workflows.complaint.domain.records import Record
from workflows.complaint.domain.view import View
from workflows.vocabulary import Phase

_log = structlog.stdlib.get_logger("redress.activities")


class NotRegistered(ActivitiesError):  # noqa: N818 - shown as the failure's type in the web UI
    """The complaint is not in this database, so its steps cannot be recorded."""


class CaseRecorder:
    """Implements the port `record`."""

    def __init__(
        self,
        pool: Pool,
        *,
        start_notices: StartNotices = start_notices,
        partners: EventPublisher = NO_PUBLISHER,
        watch: StartWatching = watch,
    ) -> None:
        self._pool, self._start_notices, self._partners, self._watch = pool, start_notices, partners, watch

    @activity.defn(name="record")
    async def record(self, burst: Record) -> None:
        """Write a burst, start its notices and event deliveries, watch its parcels; idempotent, in whatever order."""
        with attempt(burst.complaint) as this:
            async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
                this.outcome = await write(connection, burst, self._partners)
            await self._start_notices(burst.notices)
            await self._partners.start_pending(burst.complaint)
            await self._watch(burst)


async def write(connection: Connection, burst: Record, partners: EventPublisher = NO_PUBLISHER) -> str:
    """Write a burst within the caller's transaction; returns `done`, or `known` for one already on record."""
    if not await connection.fetchval(query("registered"), burst.complaint):
        raise NotRegistered(
            f"complaint {burst.complaint} is not in the registry: this database is not the one it was registered in, "
            "or an older copy of it; connect the worker to the right one"
        )
    await _append(connection, burst)
    await partners.write(connection, burst.complaint, burst.steps)
    if burst.ended:
        await connection.execute(query("append_ended"), burst.complaint, burst.ended_from, as_json(burst.ended))
    await decide(connection, burst.movements)
    await follow(connection, burst.complaint, burst.view.money, burst.steps)
    updated = await connection.execute(query("update_complaint"), burst.complaint, *_columns(burst))
    if updated != "UPDATE 1":
        return "known"
    await parcels.watch(connection, burst.view, burst.goods_since)
    return "done"


async def _append(connection: Connection, burst: Record) -> None:
    steps = as_json(burst.steps)
    appended = await connection.execute(query("append_steps"), burst.complaint, steps)
    if appended != f"INSERT 0 {len(burst.steps)}":
        other = await connection.fetchval(query("steps_told_otherwise"), burst.complaint, steps)
        if other:
            # A reset workflow has taken another course. The record keeps the first one; operators must know.
            _log.error("timeline_differs", complaint=burst.complaint, first_step=other)


def _columns(burst: Record) -> tuple[object, ...]:
    now = standing(burst.view, burst.decided, _closed_at(burst))
    return (
        now.phase, now.outcome, now.severity, now.handler, now.level, now.overdue, now.next_due_at, now.cycle,
        now.closed_at, now.decided_minor, now.steps, _json(burst.view),
    )  # fmt: skip


def _closed_at(burst: Record) -> datetime | None:
    if burst.view.phase is not Phase.CLOSED or burst.closed_at:
        return burst.closed_at
    ends = [step.at for step in burst.steps if step.event == "closed"]
    return ends[-1] if ends else burst.steps[-1].at


def _json(view: View) -> str:
    return view.model_dump_json()
