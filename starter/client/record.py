"""The PostgreSQL side of the client: case files, who owns a request, what the inbox holds and could not deliver."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal, NamedTuple

from pydantic import ValidationError

from activities.store.case_files import CaseFiles
from activities.store.inbox import Backlog, Inbox, InboxRow
from activities.store.pool import Pool
from activities.store.signed_requests import ownership
from starter.client.errors import Unreachable
from starter.client.results import FilingResult
from starter.terminal import when
from workflows import wire
from workflows.answers import Code, Refusal
from workflows.complaint.domain.filing import Filing
from workflows.vocabulary import Phase


class Record(NamedTuple):
    """Case files (the read model), and the pool of connections."""

    cases: CaseFiles
    pool: Pool


class AcceptedFiling(NamedTuple):
    """A filing in the inbox: accepted under its number, not delivered yet."""

    filing: Filing
    number: str
    received_at: str | None


async def accepted_first(pool: Pool, request_id: str) -> AcceptedFiling | None:
    """Return the pending filing of that request id in the inbox; raises Unreachable for one of a newer release."""
    row = await Inbox(pool).filed(request_id)
    if row is None or row.state != "accepted":
        return None
    try:
        filing = Filing.model_validate_json(json.dumps(row.message))
    except ValidationError:
        text = f"request {request_id} waits for a gateway of the release that accepted it: this one does not read it"
        raise Unreachable(text) from None
    return AcceptedFiling(filing, row.complaint, row.stamped.get(wire.RECEIVED_AT))


async def require_same_filer(pool: Pool, opened: FilingResult, filing: Filing) -> FilingResult:
    """Return the result, or a refusal if the complaint under that request id belongs to another filer (R1.4).

    A gateway promises a number before it can see a filing made a moment ago by another way.
    """
    known = await ownership(pool, opened.complaint)
    if known is None or known.filed_by == filing.filed_by:
        return opened
    text = f"request_id {filing.request_id} was used by somebody else: file under a fresh one"
    refusal = Refusal(code=Code.ALREADY_FILED, rule="R1.4", phase=Phase.REGISTRATION, text=text)
    return opened.but(state="refused", text=text, refusal=refusal)


_SOON = timedelta(minutes=1)
"""Messages are delivered within milliseconds, after an outage within seconds."""

_FOR_GOOD = timedelta(days=36_500)


async def inbox_state(pool: Pool) -> tuple[Literal["ok", "warning"], str]:
    """Return state and text of the inbox check: what waits too long and why, what was parked within a day."""
    inbox = Inbox(pool)
    found = await inbox.backlog()
    parked = [_parked(row) for row in await inbox.parked_lately()]
    text = f"{found.waiting} messages wait to be delivered, {found.parked} were parked within a day"
    text += f" (the latest: {'; '.join(parked)})" if parked else ""
    if found.since is None or found.now - found.since < _SOON:
        return "ok", text
    return "warning", f"{text}; {_oldest(found)}: see that gateway, worker and Temporal run"


async def undelivered(pool: Pool, complaint: str) -> AsyncIterator[str]:
    """Yield texts on inbox messages of one complaint that are not delivered yet, or were parked."""
    inbox = Inbox(pool)
    found = await inbox.backlog(complaint)
    if found.waiting:
        yield f"in the inbox: {found.waiting} messages that it has not answered; {_oldest(found)}"
    for row in await inbox.parked_lately(complaint, _FOR_GOOD, 10):
        yield f"parked: {_parked(row)}"


def _oldest(found: Backlog) -> str:
    assert found.since is not None, "something waits"  # noqa: S101
    why = f" ({found.why.rstrip('.')})" if found.why else ""
    return f"longest {found.kind} for {found.complaint}, since {when(found.since)}{why}"


def _parked(row: InboxRow) -> str:
    code = (row.answer or {}).get("code", "")
    return f"{row.kind} of {row.sender} for {row.complaint}, {when(row.accepted_at)}: {code}"
