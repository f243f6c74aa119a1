"""The record: new steps, ended deadlines and the case as it now reads, in one transaction and once (R11.1)."""

from datetime import datetime

import structlog
from temporalio import activity

from activities.execution import attempt
from activities.notifications.delivery import Tell, tell
from activities.parcels.watch import Watch, watch
from activities.partner_events.publishing import NOBODY, Publishing
from activities.store import parcels
from activities.store.case_row import as_json, standing
from activities.store.movements import decide, follow
from activities.store.named_queries import query
from activities.store.pool import COMMAND_SECONDS, Connection, Pool
from workflows.complaint.domain.records import Record
from workflows.complaint.domain.view import View
from workflows.vocabulary import Phase

_log = structlog.stdlib.get_logger("redress.activities")


class NotRegistered(Exception):  # noqa: N818 - named for what it says
    """The registry has no such complaint, so nothing can be recorded of it; the text says what to do."""


class Records:
    """Implements the port `record`."""

    def __init__(self, pool: Pool, *, tell: Tell = tell, partners: Publishing = NOBODY, watch: Watch = watch) -> None:
        self._pool, self._tell, self._partners, self._watch = pool, tell, partners, watch

    @activity.defn(name="record")
    async def record(self, burst: Record) -> None:
        """Write a burst of changes, start its notices, watch its parcels; again it changes nothing, late neither."""
        with attempt(burst.complaint) as this:
            async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
                this.outcome = await write(connection, burst, self._partners)
            await self._tell(burst.notices)
            await self._partners.see_to_it(burst.complaint)
            await self._watch(burst)


async def write(connection: Connection, burst: Record, partners: Publishing = NOBODY) -> str:
    """Write a burst within the caller's transaction; returns `done`, or `known` for one that is on record already."""
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
            # A reset workflow lives a second past. The record keeps the first; somebody has to know.
            _log.error("timeline_differs", complaint=burst.complaint, first_step=other)


def _columns(burst: Record) -> tuple[object, ...]:
    now = standing(burst.view, burst.decided, _closed_at(burst))
    return (
        now.phase, now.outcome, now.severity, now.handler, now.level, now.overdue, now.next_due_at, now.cycle,
        now.closed_at, now.decided_minor, now.steps, _json(burst.view),
    )  # fmt: skip


def _closed_at(burst: Record) -> datetime | None:
    if burst.view.phase is not Phase.CLOSED:
        return None
    ends = [step.at for step in burst.steps if step.event == "closed"]
    return ends[-1] if ends else burst.steps[-1].at


def _json(view: View) -> str:
    return view.model_dump_json()
