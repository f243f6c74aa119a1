"""What the inbox holds and could not deliver, in words: in `redress doctor`, and below `redress show`."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal

from activities.store.inbox import Backlog, Inbox, InboxRow
from activities.store.pool import Pool
from starter.terminal import when

_SOON = timedelta(minutes=1)
"""What is delivered takes milliseconds, after an outage seconds."""

_FOR_GOOD = timedelta(days=36_500)


async def inbox_stands(pool: Pool) -> tuple[Literal["ok", "warning"], str]:
    """Say how the inbox stands: what waits too long and why, and what was parked within a day."""
    inbox = Inbox(pool)
    found = await inbox.backlog()
    parked = [_parked(row) for row in await inbox.parked_lately()]
    told = f"{found.waiting} messages wait to be delivered, {found.parked} were parked within a day"
    told += f" (the latest: {'; '.join(parked)})" if parked else ""
    if found.since is None or found.now - found.since < _SOON:
        return "ok", told
    return "warning", f"{told}; {_longest(found)}: see that gateway, worker and Temporal run"


async def not_heard(pool: Pool, complaint: str) -> AsyncIterator[str]:
    """Tell what the inbox holds for one complaint that it has not heard, and what it could not hear any more."""
    inbox = Inbox(pool)
    found = await inbox.backlog(complaint)
    if found.waiting:
        yield f"in the inbox: {found.waiting} messages that it has not answered; {_longest(found)}"
    for row in await inbox.parked_lately(complaint, _FOR_GOOD, 10):
        yield f"parked: {_parked(row)}"


def _longest(found: Backlog) -> str:
    assert found.since is not None, "something waits"  # noqa: S101
    why = f" ({found.why.rstrip('.')})" if found.why else ""
    return f"longest {found.kind} for {found.complaint}, since {when(found.since)}{why}"


def _parked(row: InboxRow) -> str:
    code = (row.answer or {}).get("code", "")
    return f"{row.kind} of {row.sender} for {row.complaint}, {when(row.accepted_at)}: {code}"
