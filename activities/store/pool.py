"""Connections to the system of record, all set up alike."""

from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Pool, Connection = asyncpg.Pool, asyncpg.Connection

COMMAND_SECONDS = 8.0
"""Below the ten seconds of an activity's attempt, so that a stuck database is told from a dead worker."""

_SETTINGS = {
    "application_name": "redress",
    "jit": "off",  # short queries only
    "max_parallel_workers_per_gather": "0",  # likewise: to start a helper takes longer than they do
    "constraint_exclusion": "off",  # months are told apart by their bounds; no other rule of theirs need be read
    "idle_in_transaction_session_timeout": "15s",  # a frozen worker must not keep a lock from its retry
}


class _Patient(Pool):
    """A pool at which nobody waits for ever while all its connections are taken, also not by `fetch` and its like."""

    def __init__(self, wait: float, /, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self._wait = wait

    def acquire(self, *, timeout: float | None = None) -> Any:
        return super().acquire(timeout=self._wait if timeout is None else timeout)


async def open_pool(url: str, *, least: int = 1, most: int = 8, wait: float = COMMAND_SECONDS) -> Pool:
    """Open a pool of at most `most` connections; raises OSError or asyncpg.PostgresError if there is no database.

    With `least` 0 it opens without a database, and connects once there is one. Whoever wants a connection waits at
    most `wait` seconds while all are taken: then TimeoutError.
    """
    return await _Patient(
        wait, url, min_size=least, max_size=most, max_queries=50_000, max_inactive_connection_lifetime=300.0, loop=None,
        connection_class=asyncpg.Connection, record_class=asyncpg.Record,
        timeout=5, command_timeout=COMMAND_SECONDS, server_settings=_SETTINGS,
    )  # fmt: skip


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Open one connection without a limit on how long a statement takes, for migrations."""
    return await asyncpg.connect(url, timeout=5, server_settings={"application_name": "redress", "jit": "off"})
