"""The reading side: cases, work lists and histories, also of complaints the engine has forgotten (R11.2, R11.3)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import asyncpg
from pydantic import Field

from activities.store.named_queries import query
from activities.store.pool import Pool
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.parts import Ended
from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import View, WaitingOn
from workflows.complaint.domain.why_due import WhyDue, why_due
from workflows.money.amount import Money
from workflows.policy.model import Policy
from workflows.time.calendar import Calendar
from workflows.values import Instant, Value
from workflows.vocabulary import Outcome, Phase, Problem, Role, Severity

MOST = 1000
"""Rows of a list: more than a person reads, few enough to hold."""


class Listed(Value):
    """One complaint in a list."""

    complaint: str
    phase: Phase
    outcome: Outcome | None
    problem: Problem
    severity: Severity
    handler: str | None
    order_id: str
    line: int
    buyer_id: str
    seller_id: str | None
    amount: Money | None
    level: int
    overdue: bool
    waiting_on: tuple[WaitingOn, ...]
    next_due_at: Instant | None
    filed_at: Instant
    closed_at: Instant | None
    steps: int


class DueWork(WaitingOn):
    """Something somebody must do, and in which complaint; of a task the complaint may be one we do not know."""

    complaint: str | None
    phase: Phase | None
    problem: Problem | None
    severity: Severity | None
    handler: str | None
    order_id: str | None
    level: int | None
    overdue: bool


class Wanted(Value):
    """Which complaints to list; what is empty filters nothing."""

    phase: Phase | None = None
    waiting_on: Role | None = None
    problem: Problem | None = None
    seller: str | None = None
    handler: str | None = None
    severity: Severity | None = None
    overdue: bool | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100


class CaseFiles:
    """What is on record. Raises OSError or asyncpg errors when the database cannot be reached."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def view(self, complaint: str) -> View | None:
        """Return the case as it reads now, None if there is no such complaint."""
        found = await self._pool.fetchval(query("view_of"), complaint)
        return None if found is None else View.model_validate_json(found)

    async def timeline(self, complaint: str) -> tuple[Step, ...]:
        """Return every step, the first one first (R11.1); nothing for a complaint that is not on record."""
        return tuple(step_of(row) for row in await self._pool.fetch(query("timeline_of"), complaint))

    async def ended(self, complaint: str) -> tuple[WhyDue, ...]:
        """Explain every deadline that is over, by the pinned policy and the calendar it ended under (R7.5, R7.6)."""
        pinned = await self._pool.fetchrow(query("pinned_for"), complaint)
        if pinned is None:
            return ()
        policy = Policy.model_validate_json(pinned["policy"])
        calendar = Calendar.model_validate_json(pinned["calendar"]).since(pinned["calendar_from"])
        applied = {
            row["version"]: Calendar.model_validate_json(row["document"]).since(pinned["calendar_from"])
            for row in await self._pool.fetch(query("ended_by"), complaint)
        }
        over = [_ended(row) for row in await self._pool.fetch(query("ended_of"), complaint)]
        return tuple(why_due(one, policy, applied.get(one.calendar or "", calendar)) for one in over)

    async def by_request(self, request_id: str) -> str | None:
        """Return the number under which a request is registered, None if it never was (R1.2)."""
        found: str | None = await self._pool.fetchval(query("by_request"), request_id)
        return found

    async def filing(self, complaint: str) -> Filing | None:
        """Return what was filed, None if there is no such complaint; raises ValidationError for an older release's."""
        found = await self._pool.fetchval(query("filing_of"), complaint)
        return None if found is None else Filing.model_validate_json(found)

    async def outcomes(self, complaints: Sequence[str]) -> dict[str, Outcome | None]:
        """Return the outcome, if there is one yet, of each of these that is registered."""
        rows = await self._pool.fetch(query("outcomes"), complaints)
        return {row["complaint"]: None if row["outcome"] is None else Outcome(row["outcome"]) for row in rows}

    async def list(self, wanted: Wanted | None = None, *, after: Listed | None = None) -> tuple[Listed, ...]:
        """List complaints, the newest first; `after` the last one of a page the next page."""
        by = wanted or Wanted()
        last = (after.filed_at, after.complaint) if after else (None, None)
        rows = await self._pool.fetch(
            query("list_complaints"), by.phase, by.waiting_on, by.problem, by.seller, by.handler, by.severity,
            by.overdue, *last, by.limit,
        )  # fmt: skip
        return tuple(_listed(row) for row in rows)

    async def due(self, role: Role | None = None, who: str | None = None, limit: int = MOST) -> tuple[DueWork, ...]:
        """List what somebody must do, the earliest first (R7.1).

        `who` narrows it to one buyer, seller or handler; supervisors and managers share what waits for their role.
        """
        rows = await self._pool.fetch(query("due_work"), role, who, limit)
        return tuple(DueWork.model_validate_json(_json(dict(row))) for row in rows)


def step_of(row: asyncpg.Record) -> Step:
    """Return a row of the table steps as the step it is."""
    fields = _priced(row)
    said = fields["said"]
    return Step.model_validate_json(
        _json(
            fields
            | {"said": None if said is None else json.loads(str(said)), "facts": json.loads(str(fields["facts"]))}
        )
    )


def _ended(row: asyncpg.Record) -> Ended:
    return Ended.model_validate_json(_json(dict(row) | {"stops": json.loads(row["stops"])}))


def _listed(row: asyncpg.Record) -> Listed:
    return Listed.model_validate_json(_json(_priced(row) | {"waiting_on": json.loads(row["waiting_on"])}))


def _priced(row: asyncpg.Record) -> dict[str, object]:
    fields = dict(row)
    amount = fields.pop("amount_minor")
    return fields | {"amount": None if amount is None else {"amount": amount}}


def _json(fields: dict[str, object]) -> str:
    # Strict models take enums and instants as text from JSON, and only from there.
    return json.dumps(fields, default=_as_text)


def _as_text(value: datetime) -> str:
    return value.isoformat()
