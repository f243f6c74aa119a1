"""Connections to the system of record, all set up alike."""

from typing import TYPE_CHECKING, TypeAlias

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
    "idle_in_transaction_session_timeout": "15s",  # a frozen worker must not keep a lock from its retry
}


async def open_pool(url: str, *, least: int = 1, most: int = 8) -> Pool:
    """Open a pool of at most `most` connections; raises OSError or asyncpg.PostgresError if there is no database.

    With `least` 0 it opens without a database, and connects once there is one.
    """
    return await asyncpg.create_pool(
        url, min_size=least, max_size=most, timeout=5, command_timeout=COMMAND_SECONDS, server_settings=_SETTINGS
    )


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Open one connection without a limit on how long a statement takes, for migrations."""
    return await asyncpg.connect(url, timeout=5, server_settings={"application_name": "redress", "jit": "off"})
