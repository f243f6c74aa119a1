"""The doors of a real stack; and doors of one's own on a record of one's own, with a clock that a test moves."""

from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

import pytest

from activities.store.migrate import migrate
from activities.store.pool import open_pool
from tests.activities.conftest import Databases, address, databases, pool, shared, world
from tests.activities.world import accepted, burst
from tests.conftest import Running
from tests.starter.http.gateway.own import Carried, Own, gateway
from tests.starter.http.gateway.signing import Program, programs

__all__ = ["address", "databases", "pool", "shared", "world"]


@pytest.fixture(scope="session")
def known(stack: Running) -> Mapping[str, Program]:
    """Every client of the stack, by its id."""
    return programs(stack.ready.gateway or "", stack.data_dir / "clients.toml")


@pytest.fixture
def name() -> str:
    """A name nobody has used."""
    return f"gw-{uuid4().hex[:12]}"


@pytest.fixture(scope="session")
async def record(databases: Databases) -> AsyncIterator[str]:
    """The address of a system of record of this release."""
    async with databases.fresh() as url:
        await migrate(url)
        yield url


@pytest.fixture(scope="session")
async def complaint(record: str) -> str:
    """A complaint in negotiation, of buyer b-1 and seller sl-1, its goods carried by sf."""
    pool = await open_pool(record, most=2)
    world = Carried(pool)
    case = await world.opened()
    await world.record(burst(case, accepted(case)))
    await pool.close()
    return case.complaint


@pytest.fixture(scope="session")
async def own(record: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Own]:
    """A gateway on that record, with nothing beside its doors."""
    async with gateway(record, tmp_path_factory.mktemp("gateway")) as one:
        yield one
