"""Complaints as they opened: written once, read back as the identical value whenever `register` is tried again."""

import json
from typing import Any

from activities.store.case_row import as_json, standing
from activities.store.named_queries import query
from activities.store.pool import Connection
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.view import View
from workflows.money.amount import NOTHING

_PINNED = {"policy", "calendar", "staff"}
"""Parts of the rulebook: kept by version, once for all complaints."""


async def insert(connection: Connection, case: Case, view: View, filed_as: str | None) -> None:
    """Write a complaint, its first steps and its view; the rulebook it names is on record already."""
    await connection.execute(
        query("open_complaint"), case.complaint, *_filed(case, filed_as), *_now(case, view), *_documents(case, view),
        case.policy.version, case.calendar.version, case.calendar.covers_from, case.staff.version,
    )  # fmt: skip
    await connection.execute(query("append_steps"), case.complaint, as_json(case.timeline))


async def stored(connection: Connection, complaint: str) -> Case | None:
    """Return the case as it opened, or None if that complaint is not registered."""
    row = await connection.fetchrow(query("opening"), complaint)
    if row is None:
        return None
    parts = {part: json.loads(row[part]) for part in _PINNED}
    case = Case.model_validate_json(json.dumps(json.loads(row["opening"]) | parts))
    return case.but(calendar=case.calendar.since(row["calendar_from"]))


def _filed(case: Case, filed_as: str | None) -> tuple[Any, ...]:
    filing = case.filing
    amount = filing.request.amount
    return (
        filing.request_id, filed_as, filing.order_id, filing.line, filing.problem, case.buyer.id,
        case.seller.id if case.seller else None, amount.amount if amount else None,
    )  # fmt: skip


def _now(case: Case, view: View) -> tuple[Any, ...]:
    now = standing(view, NOTHING, case.closed_at)
    return (
        now.decided_minor, case.filed_at, now.phase, now.outcome, now.severity, now.handler, now.level, now.overdue,
        now.next_due_at, now.cycle, now.closed_at, now.steps,
    )  # fmt: skip


def _documents(case: Case, view: View) -> tuple[str, str, str]:
    opening = case.model_dump_json(exclude=_PINNED)
    return view.model_dump_json(), case.filing.model_dump_json(), opening
