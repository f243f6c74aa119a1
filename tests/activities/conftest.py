"""An empty system of record for every test, in one real PostgreSQL; a real sandbox; a real Temporal for notices."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.store.migrate import migrate
from activities.store.pool import Pool, connect, open_pool
from tests.activities.world import World
from tests.workers.sandbox.fixtures import http, operator, sandbox
from workers.stack.postgres import Postgres
from workers.stack.temporal import Temporal

__all__ = ["http", "operator", "sandbox"]

_numbers = itertools.count(1)


class Databases:
    """Makes databases on one server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server

    def url(self, name: str) -> str:
        return urlunsplit(urlsplit(self._server.url)._replace(path=f"/{name}"))

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[str]:
        name = f"test_{next(_numbers)}"
        await self.order(f"CREATE DATABASE {name}")
        yield self.url(name)
        await self.order(f"DROP DATABASE {name} WITH (FORCE)")

    async def order(self, sql: str) -> None:
        connection = await connect(self.url("postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
async def databases(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Databases]:
    async with Postgres(tmp_path_factory.mktemp("postgres")) as server:
        databases = Databases(server)
        # These databases live for a test: nothing has to survive the machine.
        await databases.order("ALTER SYSTEM SET fsync = off")
        await databases.order("SELECT pg_reload_conf()")
        yield databases


@pytest.fixture
async def empty(databases: Databases) -> AsyncIterator[str]:
    """The address of a database without any schema."""
    async with databases.fresh() as url:
        yield url


@pytest.fixture(scope="session")
async def address(databases: Databases) -> AsyncIterator[str]:
    """The address of the system of record, for processes of their own."""
    async with databases.fresh() as url:
        await migrate(url)
        yield url


@pytest.fixture(scope="session")
async def shared(address: str) -> AsyncIterator[Pool]:
    pool = await open_pool(address)
    yield pool
    await pool.close()


@pytest.fixture
async def pool(shared: Pool) -> Pool:
    """The system of record of this release, without a complaint in it."""
    await shared.execute(
        "BEGIN; SET LOCAL session_replication_role = replica;"  # else the guards refuse, as they should
        "TRUNCATE complaints, requests, open_lines, steps, ended, rulebooks, late_messages, movements, "
        "movement_states, contradictions, lines, advances, transactions, postings, tasks, sweeps, inbox, "
        "inbox_requests, inbox_turns, notices, deliveries, wishes, outbound_streams, outbound_events, parcels, "
        "parcel_events; COMMIT"
    )
    return shared


@pytest.fixture
def world(pool: Pool) -> World:
    """A platform with a registry, records, orders of its own, and everything it tells people."""
    return World(pool)


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    home: Path = tmp_path_factory.mktemp("temporal")
    async with Temporal(home) as server:
        yield await Client.connect(server.address, data_converter=pydantic_data_converter)
