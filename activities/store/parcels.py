"""Parcels on record: which are watched, what carriers said of them, and who is still to hear it (R6.3, R6.4)."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import asyncpg

from activities.store.inbox import Inbox
from activities.store.named_queries import query
from activities.store.pool import COMMAND_SECONDS, Connection, Pool
from workflows.complaint.domain.messages import ParcelReported
from workflows.complaint.domain.parcels import Parcel, ParcelEvent, on_their_way, reports
from workflows.complaint.domain.records import Notice
from workflows.complaint.domain.view import View
from workflows.inbox import Received
from workflows.parties import Party
from workflows.values import BEIJING
from workflows.vocabulary import Role

DOUBTFUL = "parcel_doubtful"
"""The notice to the handler of a parcel that may not be that of its leg."""

_OTHERS = 1000
"""Of the numbers of other complaints, so many characters are told."""

PARKED_FOR = timedelta(days=60)
"""How long events are kept of a parcel that no complaint names: longer than any carrier takes."""


class Silent(NamedTuple):
    """A parcel that is to be looked at: its place in the list, and what is missing."""

    number: int
    parcel: Parcel
    subscribed: bool
    silent: bool


class Doubt(NamedTuple):
    """A parcel that may not be that of its leg, and what its handler has to know of it."""

    number: int
    notice: Notice


class Heard(NamedTuple):
    """What became of a carrier's word: how many new messages complaints got; parked if none waits for the parcel."""

    told: int
    parked: bool


async def watch(connection: Connection, view: View, since: datetime | None) -> None:
    """Write down, in the transaction of a record, which parcels of a complaint are on their way, and which no more.

    `since` is when the latest leg began to be owed: what happened to a parcel before is not that leg's (R6.3).
    """
    if view.goods is None:
        return
    parcels = json.dumps([one.model_dump() for one in on_their_way(view)])
    await connection.execute(query("parcels_over"), view.complaint, parcels)
    await connection.execute(query("watch_parcels"), view.complaint, parcels, since)


class Parcels:
    """What is on record of parcels; what complaints are to hear goes into the inbox, stamped by the edge's clock."""

    def __init__(self, pool: Pool, inbox: Inbox, *, stamp: bool = True) -> None:
        self._pool, self._inbox, self._stamp = pool, inbox, stamp

    async def heard(self, carrier: str, tracking: str, events: Iterable[ParcelEvent]) -> Heard:
        """Keep what a carrier said of a parcel, and tell the complaints that wait for it; again it changes nothing."""
        said = json.dumps([one.model_dump(mode="json") for one in events])
        await self._do(query("parcel_heard"), carrier, tracking, said)
        return await self.pass_on(carrier, tracking)

    async def pass_on(self, carrier: str, tracking: str) -> Heard:
        """Tell every complaint that waits for a parcel what its carrier has said so far of the leg it waits for.

        What is said is on record before it is asked who waits, and who waits is on record before it is asked what was
        said: so a push and a complaint that names its parcel at the same moment do not miss each other.
        """
        complaints = [row["complaint"] for row in await self._fetch(query("parcel_complaints"), carrier, tracking)]
        rows = await self._fetch(query("parcel_told"), carrier, tracking, self._stamp) if complaints else []
        told = 0
        for complaint in complaints:
            events = [ParcelEvent(event=row["event"], at=row["at"]) for row in rows if row["complaint"] == complaint]
            for message in reports(carrier, tracking, events):
                kept = await self._inbox.keep(_received(complaint, message), stamp=self._stamp)
                told += kept.how == "accepted"
        return Heard(told, not complaints)

    async def doubtful(self, most: int) -> Sequence[Doubt]:
        """Return parcels of which something has come up that their handlers were not told."""
        return [_doubt(row) for row in await self._fetch(query("parcels_doubtful"), most, self._stamp)]

    async def doubted(self, doubts: Iterable[Doubt]) -> None:
        """Note that the handlers of these parcels were told."""
        for one in doubts:
            await self._do(query("parcel_doubted"), one.notice.complaint, one.number)

    async def silent(self, after: int, most: int, for_as_long_as: timedelta) -> Sequence[Silent]:
        """Return a page of the parcels that nobody subscribed, or of which nothing was heard or asked for so long."""
        rows = await self._fetch(query("parcels_silent"), after, most, for_as_long_as)
        names = ("complaint", "leg", "carrier", "tracking")
        return [
            Silent(row["number"], Parcel(**{name: row[name] for name in names}), row["subscribed"], row["silent"])
            for row in rows
        ]

    async def subscribed(self, parcel: Parcel) -> None:
        """Note that the carrier has promised to push."""
        await self._do(query("parcel_subscribed"), parcel.carrier, parcel.tracking)

    async def unsubscribed(self, carrier: str, tracking: str) -> None:
        """Note that the carrier has given a parcel up: the next look subscribes it again."""
        await self._do(query("parcel_unsubscribed"), carrier, tracking)

    async def looked(self, parcel: Parcel) -> None:
        """Note that the carrier was asked."""
        await self._do(query("parcel_looked"), parcel.carrier, parcel.tracking)

    async def phone(self, parcel: Parcel) -> str:
        """Return the complainant's phone, which some carriers ask for; empty if none is known."""
        rows = await self._fetch(query("parcel_phone"), parcel.complaint)
        return str(rows[0][0] or "") if rows else ""

    async def forget(self) -> None:
        """Forget what was said long ago of parcels that nobody watches."""
        await self._do(query("forget_parcel_events"), PARKED_FOR)

    async def _fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        return await self._pool.fetch(sql, *values, timeout=COMMAND_SECONDS)

    async def _do(self, sql: str, *values: object) -> None:
        await self._pool.execute(sql, *values, timeout=COMMAND_SECONDS)


def _received(complaint: str, message: ParcelReported) -> Received:
    """Return a message as the inbox keeps it: one row for each complaint and event, whoever brought it."""
    content = message.model_dump_json(exclude_none=True)
    return Received(
        client=f"carrier:{message.sender.id}",
        request=f"{complaint}:{message.message_id}",
        digest=sha256(content.encode()).hexdigest(),
        complaint=complaint,
        kind=message.kind,
        message=json.loads(content),
        sender=message.sender,
    )


def _doubt(row: asyncpg.Record) -> Doubt:
    before = f"{row['before'].astimezone(BEIJING):%Y-%m-%d %H:%M}" if row["before"] else ""
    parcel, others = f"{row['carrier']} {row['tracking']}", (row["others"] or "")[:_OTHERS]
    said = sha256(f"{parcel} {before} {others}".encode()).hexdigest()[:16]
    notice = Notice(
        key=f"{row['complaint']}:parcel-{row['number']}:{said}",
        complaint=row["complaint"],
        to=Party(role=Role.AGENT if row["by_agent"] else Role.SUPERVISOR, id=row["handler"]),
        event=DOUBTFUL,
        data={"order": row["order_id"], "tracking": parcel, "before": before, "others": others},
    )
    return Doubt(row["number"], notice)


class UnderWay(NamedTuple):
    """How many parcels are on their way, of how many of them no carrier tells, and how many are doubtful."""

    there: int
    unwatched: int
    doubtful: int


async def under_way(pool: Pool, looked_within: timedelta, silent_for: timedelta) -> UnderWay:
    """Return how it stands with the parcels that are on their way."""
    row = await pool.fetchrow(query("parcels_stand"), looked_within, silent_for)
    assert row is not None, "a count has a row"  # noqa: S101 - law of SQL
    return UnderWay(row["open"], row["unwatched"], row["doubtful"])
