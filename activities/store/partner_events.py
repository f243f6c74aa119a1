"""Events on their way: taken one by one by the attempt that holds their stream, delivered, given up, replayed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from activities.store.named_queries import query
from activities.store.pool import COMMAND_SECONDS, Connection, Pool
from workflows.complaint.views.partner_events import Stream

KEPT_TRYING = timedelta(hours=24)
"""How long an event is tried before it is a dead letter."""


class Waiting(NamedTuple):
    """The first event of a stream that has not been delivered."""

    id: str
    body: str
    attempts: int
    expired: bool


class DeadLetter(NamedTuple):
    """An event that was given up."""

    id: str
    subscription: str
    complaint: str
    sequence: int
    step: int
    event: str
    written_at: datetime
    ended_at: datetime
    attempts: int
    failure: str | None
    replays: int


class Standing(NamedTuple):
    """How many events are dead letters, how many wait, and how many of these nobody tries any more."""

    dead: int
    waiting: int
    forgotten: int


class Outbound:
    """The streams as an attempt to deliver them sees them; raises OSError or asyncpg errors without a database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def hold(self, stream: Stream, holder: UUID) -> bool:
        """Take the stream from any older attempt; False if this delivery is over, or another one has followed it."""
        return await self._execute(query("hold_stream"), *_key(stream), stream.run, holder) == "UPDATE 1"

    async def next(self, stream: Stream, holder: UUID) -> Waiting | None:
        """Return the next event, None if there is none: then the next burst starts a delivery of its own.

        None, too, for an attempt that another one has taken the stream from.
        """
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
            # Who writes events locks the stream as well: either they are seen here, or their writer sees it at rest.
            if not await connection.fetchval(query("held_stream"), *_key(stream), holder):
                return None
            row = await connection.fetchrow(query("next_event"), *_key(stream))
            if row is None:
                await connection.execute(query("rest_stream"), *_key(stream))
                return None
            return Waiting(**row)

    async def delivered(self, stream: Stream, event: str) -> None:
        """Write down that the receiver took it, and forget what it said."""
        await self._execute(query("event_delivered"), stream.complaint, event)

    async def failed(self, stream: Stream, event: str, failure: str, *, at_once: bool, alone: bool) -> bool:
        """Write down a try that failed; returns whether the event is a dead letter now, its time being up.

        `at_once` waits for no time; unless it failed `alone`, all that is past its time in this stream goes with it.
        """
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
            await connection.execute(query("event_failed"), stream.complaint, event, failure)
            buried = await connection.execute(query("bury_event"), stream.complaint, event, at_once)
            if buried == "UPDATE 1" and not alone:
                await connection.execute(query("bury_expired"), *_key(stream), failure)
            return buried == "UPDATE 1"

    async def _execute(self, sql: str, *arguments: object) -> str:
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection:
            return await connection.execute(sql, *arguments)


class DeadLetters:
    """What was given up, as an operator sees it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(self, subscription: str | None, complaint: str | None, limit: int) -> tuple[DeadLetter, ...]:
        """Return dead letters, the oldest first."""
        rows = await self._pool.fetch(query("dead_letters"), subscription, complaint, limit)
        return tuple(DeadLetter(**row) for row in rows)

    async def subscriptions(self) -> tuple[str, ...]:
        """Return every subscription that there are events for, still configured or not."""
        return tuple(row["subscription"] for row in await self._pool.fetch(query("subscriptions_with_events")))

    async def state(self, event: str) -> str | None:
        """Return whether an event is waiting, delivered or dead; None for one that is not known."""
        found: str | None = await self._pool.fetchval(query("event_state"), event)
        return found

    async def revive(
        self, *, event: str | None = None, subscription: str | None = None, complaint: str | None = None
    ) -> int:
        """Let dead letters be tried for another day, each stream in its order; returns how many."""
        streams = await self._pool.fetch(query("streams_of_dead_letters"), subscription, complaint, event)
        revived = 0
        for row in streams:
            async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
                revived += await _revived(connection, row["subscription"], row["complaint"], event)
        return revived

    async def running(self, subscription: str | None, complaint: str | None) -> Sequence[Stream]:
        """Return the streams that have something to deliver."""
        rows = await self._pool.fetch(query("streams_to_start"), subscription, complaint)
        return [Stream(**row) for row in rows]

    async def standing(self) -> Standing:
        """Count what is not delivered."""
        row = await self._pool.fetchrow(query("events_stand"))
        assert row is not None, "a count has one row"  # noqa: S101 - law of SQL
        return Standing(**row)


async def _revived(connection: Connection, subscription: str, complaint: str, event: str | None) -> int:
    await connection.execute(query("lock_stream"), subscription, complaint)
    done = await connection.execute(query("revive"), subscription, complaint, event, KEPT_TRYING)
    await connection.execute(query("run_stream"), subscription, complaint)
    return int(done.split()[-1])


def _key(stream: Stream) -> tuple[str, str]:
    return stream.subscription, stream.complaint
