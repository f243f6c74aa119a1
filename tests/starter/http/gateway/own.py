"""A gateway of one's own: real HTTP, a real database, a clock that a test moves, limits that a test chooses."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activities.store.pool import Pool, open_pool
from starter.client.complaints import Complaints
from starter.client.errors import Unreachable
from starter.http.gateway.app import BackgroundTask, application
from starter.http.gateway.clients import Clients, make
from starter.http.gateway.context import GatewayContext
from starter.http.gateway.server import LimitedProtocol, Server, config, listen
from tests.activities.world import World, an_order
from tests.starter.http.gateway.signing import Program, programs
from workflows.complaint.domain.filing import OrderLine


class Clock:
    """A clock that is ahead of the real one by as much as a test says."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass(frozen=True)
class Own:
    """A gateway that runs in the test's own process."""

    url: str
    port: int
    file: Path
    clock: Clock
    pool: Pool

    @property
    def programs(self) -> Mapping[str, Program]:
        """Every client as the file has it now."""
        return programs(self.url, self.file)

    def rewrite(self, **fields: Any) -> None:
        """Give fields of every client another value, as TOML writes it."""
        text = self.file.read_text(encoding="utf-8")
        for name, value in fields.items():
            text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        self.file.write_text(text, encoding="utf-8")


@asynccontextmanager
async def gateway(
    database: str,
    home: Path,
    *,
    http: type[LimitedProtocol] = LimitedProtocol,
    beside: Sequence[BackgroundTask] = (),
    most: int = 8,
    wait: float = 10.0,
    **house: Any,
) -> AsyncIterator[Own]:
    """Serve the doors on a database; nothing runs beside them unless said."""
    file, clock = home / "clients.toml", Clock()
    make(file)
    pool = await open_pool(database, least=0, most=most, wait=wait)
    nobody = Complaints(None, None, without=Unreachable("this test has no Temporal"))
    made = GatewayContext(clients=Clients(file), pool=pool, complaints=nobody, clock=clock, **house)
    with listen("127.0.0.1", 0) as listener:
        server = Server(config(application(made, beside), http=http), listener)
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:
            assert not serving.done(), serving.result()
            await asyncio.sleep(0.01)
        port = listener.getsockname()[1]
        try:
            yield Own(f"http://127.0.0.1:{port}", port, file, clock, pool)
        finally:
            server.stop()
            await serving
            pool.terminate()


class Carried(World):
    """A platform whose orders were shipped with sf."""

    async def line(self, order_id: str, line: int) -> OrderLine | None:
        return an_order(order_id, line).but(carrier="sf", tracking="SF-1")
