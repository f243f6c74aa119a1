"""The inbox: what the edge has accepted, committed before it answers, until the complaint has answered it (R7.4)."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import asyncpg

from activities.store.named_queries import query
from activities.store.pool import Connection, Pool
from workflows.inbox import FILING, Received
from workflows.parties import Party
from workflows.vocabulary import Role

State = Literal["accepted", "answered", "parked"]
"""Accepted and on its way; answered by its complaint; or parked, with an answer, for there was none to hear it."""

PAGE, PAGE_BYTES = 50, 1_000_000
"""Rows and bytes of a page, so that it stays below the payload limit of 2 MB also where one message is the largest."""


class InboxRow(NamedTuple):
    """One request as it was accepted, and its answer once there is one."""

    number: int
    client: str
    request: str
    digest: str
    complaint: str
    kind: str
    sender: Party
    message: dict[str, Any]
    accepted_at: datetime
    received_at: datetime | None
    """What the complaint is told; None on a stack that lets time pass by hand."""
    state: State
    answer: dict[str, Any] | None
    answered_at: datetime | None

    @property
    def stamped(self) -> dict[str, Any]:
        """The message as the complaint is to hear it: with the instant the edge received it."""
        return self.message | ({"received_at": self.received_at.isoformat()} if self.received_at else {})


class Kept(NamedTuple):
    """What became of a request: accepted now, known with the same content, or known with another one.

    A filing is `taken` when somebody else filed under its `request_id` before: nothing of it is kept.
    """

    how: Literal["accepted", "repeated", "conflicting", "taken"]
    row: InboxRow
    """As it was accepted; of what is taken the filing that came before."""


class Page(NamedTuple):
    """Rows in the order of acceptance, whether there are more, and the database's clock at that moment."""

    rows: tuple[InboxRow, ...]
    more: bool
    clock: datetime


class Backlog(NamedTuple):
    """What waits in the inbox, of everybody or of one complaint, and what was parked lately."""

    waiting: int
    parked: int
    now: datetime
    complaint: str | None
    """Whose message waits longest, which it is and since when, and why the last try failed."""
    kind: str | None
    since: datetime | None
    why: str | None


class Inbox:
    """The inbox of all complaints; `arrived` is called when something was accepted here.

    Raises OSError, TimeoutError or asyncpg errors when the database is away.
    """

    def __init__(self, pool: Pool, arrived: Callable[[], None] = lambda: None) -> None:
        self._pool, self._arrived = pool, arrived

    async def keep(self, received: Received, *, stamp: bool = True, on_record: bool = False) -> Kept:
        """Accept a request, once for good; it is committed when this returns.

        With `stamp` it is received at this instant by the database's clock. A filing whose complaint is `on_record`
        asks nobody here whose it is. When this raises it may have been accepted all the same: the same request again
        tells.
        """
        keep = _keep_filing if received.kind == FILING and not on_record else _keep
        async with self._pool.acquire() as connection:
            kept = await keep(connection, received, stamp=stamp)
        if kept.how == "accepted":
            self._arrived()
        return kept

    async def by_request(self, client: str, request: str) -> InboxRow | None:
        """Return what a client sent under that id, None if it was never accepted."""
        return _maybe(await self._pool.fetchrow(query("received_as"), client, request))

    async def filed(self, request_id: str) -> InboxRow | None:
        """Return the filing of that `request_id` that was accepted first."""
        return _maybe(await self._pool.fetchrow(query("filed_in_inbox"), request_id))

    async def filing_of(self, complaint: str) -> InboxRow | None:
        """Return the filing that was accepted under that number, registered or not."""
        return _maybe(await self._pool.fetchrow(query("filing_in_inbox"), complaint))

    async def undelivered(self, complaint: str, until: datetime, after: int | None = None) -> Page:
        """Return messages that were received by then and are not known to be heard, after the one of that number.

        Whatever is being kept at this moment is waited for, and what is kept later is stamped later than the clock
        that comes with the page: up to that clock nothing is missing.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(query("lock_inbox"), complaint)
            clock = await connection.fetchval(query("clock"))
            rows = await connection.fetch(query("undelivered"), complaint, until, after, PAGE, PAGE_BYTES)
        return Page(tuple(map(_row, rows)), bool(rows) and len(rows) < rows[0]["found"], clock)

    async def backlog(self, complaint: str = "", within: timedelta = timedelta(days=1)) -> Backlog:
        """Return what waits, and how much was parked within that time."""
        row = await self._pool.fetchrow(query("inbox_backlog"), complaint, within)
        assert row is not None, "a query over one row has one row"  # noqa: S101 - law of SQL
        return Backlog(*(row[name] for name in ("waiting", "parked", "now", "complaint", "kind", "accepted_at", "why")))

    async def parked_lately(
        self, complaint: str = "", within: timedelta = timedelta(days=1), most: int = 3
    ) -> tuple[InboxRow, ...]:
        """Return what was parked within that time, the latest first."""
        return tuple(map(_row, await self._pool.fetch(query("parked_lately"), complaint, within, most)))

    # -- delivering -----------------------------------------------------------------------------------------------

    async def take(self, most: int, lease: timedelta, after: str = "") -> tuple[str, ...]:
        """Take the turns of up to `most` complaints for which something waits, the next ones after that number.

        Nobody else takes a turn that is taken; one whose relay died can be taken again after the lease.
        """
        rows = await self._pool.fetch(query("take_turns"), most, lease, after)
        return tuple(row["complaint"] for row in rows)

    async def heads(self, complaint: str, most: int, after: int | None = None) -> tuple[InboxRow, ...]:
        """Return what waits for a complaint, in the order of acceptance, after the one of that number."""
        return tuple(map(_row, await self._pool.fetch(query("heads_of"), complaint, most, after)))

    async def answered(self, row: InboxRow, answer: Mapping[str, Any]) -> None:
        """Write down how the complaint answered; the first answer stands."""
        await self._pool.execute(query("answer_received"), row.complaint, row.number, "answered", json.dumps(answer))

    async def parked(self, row: InboxRow, answer: Mapping[str, Any]) -> None:
        """Write down how a message was answered that no open complaint could hear; the first answer stands."""
        await self._pool.execute(query("answer_received"), row.complaint, row.number, "parked", json.dumps(answer))

    async def turn_over(self, complaint: str) -> None:
        """Give a turn back: what still waits, or comes, can be taken at once."""
        await self._pool.execute(query("turn_over"), complaint)

    async def postponed(self, complaint: str, why: str, rest: timedelta, longest: timedelta) -> None:
        """Let a complaint rest that could not be delivered to, each time twice as long; say why to whoever looks."""
        await self._pool.execute(query("turn_postponed"), complaint, why[:500], rest, longest)


async def _keep_filing(connection: Connection, one: Received, *, stamp: bool) -> Kept:
    # Who files under a request first has it, with its number; whoever does so at the same instant waits for that.
    request_id = one.message["request_id"]
    async with connection.transaction():
        await connection.execute(query("lock_filing"), request_id)
        first = _maybe(await connection.fetchrow(query("filed_in_inbox"), request_id))
        if first is None:
            return await _keep(connection, one, stamp=stamp)
        if first.sender != one.sender:
            return Kept("taken", first)
        return await _keep(connection, one.but(complaint=first.complaint), stamp=stamp)


async def _keep(connection: Connection, one: Received, *, stamp: bool) -> Kept:
    row = await connection.fetchrow(
        query("keep_received"), one.client, one.request, one.digest, one.complaint, one.kind,
        one.sender.role, one.sender.id, json.dumps(one.message), stamp,
    )  # fmt: skip
    if row is not None:
        return Kept("accepted", _row(row))
    known = await connection.fetchrow(query("received_as"), one.client, one.request)
    assert known is not None, "it stood in the way, and no row is ever deleted"  # noqa: S101
    return Kept("repeated" if known["digest"] == one.digest else "conflicting", _row(known))


def _maybe(row: asyncpg.Record | None) -> InboxRow | None:
    return _row(row) if row is not None else None


def _row(row: asyncpg.Record) -> InboxRow:
    return InboxRow(
        number=row["number"],
        client=row["client"],
        request=row["request"],
        digest=row["digest"],
        complaint=row["complaint"],
        kind=row["kind"],
        sender=Party(role=Role(row["sender_role"]), id=row["sender_id"]),
        message=json.loads(row["message"]),
        accepted_at=row["accepted_at"],
        received_at=row["received_at"],
        state=row["state"],
        answer=json.loads(row["answer"]) if row["answer"] else None,
        answered_at=row["answered_at"],
    )
