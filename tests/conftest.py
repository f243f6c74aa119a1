"""One real stack for all tests that need one: real PostgreSQL, real Temporal, real partners, a real worker process."""

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from temporalio.client import Client
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from activities.store.pool import Pool, open_pool
from tests.chance import SEED
from tests.workers.encryption.rings import ring_file
from workers.composition.whole_stack import any_ports, whole_stack
from workers.encryption.converter import data_converter
from workers.sandbox.client import SandboxClient
from workers.stack.options import Ready
from workers.stack.supervisor import Stack

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # run in the background: what the tests start would ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long one example takes, or its making, is no fault of a test: the machine may be busy with others.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_report_header() -> str:
    return f"seed: {SEED} (REDRESS_SEED={SEED} repeats what was left to chance)"


class FileByFile(LoadScopeScheduling):
    """Where two processes share the tests, those of one file stay together, and all that look at the same stories."""

    LOOK_AT_STORIES = ("tests/engine/test_stories.py", "tests/engine/test_replay.py", "tests/engine/test_books.py")

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "the stories" if file in self.LOOK_AT_STORIES else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileByFile:
    return FileByFile(config, log)


# Deleting a workflow waits until the server has acknowledged its closing tasks: every 30 s unless told (seen: 33 s).
SOON_ACKNOWLEDGED = {
    "history.transferProcessorUpdateAckInterval": "1s",
    "history.visibilityProcessorUpdateAckInterval": "1s",
}


@dataclass(frozen=True)
class Running:
    """A stack that runs, with the clients one needs to use it."""

    stack: Stack
    ready: Ready
    client: Client
    sandbox: SandboxClient
    pool: Pool
    data_dir: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the command line finds this stack and no other."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TEMPORAL_", "REDRESS_"))}
        return kept | {"REDRESS_DATA_DIR": str(self.data_dir), "TEMPORAL_CONFIG_FILE": os.devnull, "NO_COLOR": "1"}


async def running(data_dir: Path, **more: object) -> AsyncIterator[Running]:
    """Start the whole stack on free ports and stop it at the end."""
    stack = Stack(whole_stack(data_dir, **any_ports(), **more))
    async with stack as ready:
        client = await Client.connect(ready.temporal, data_converter=data_converter(ready.key_ring))
        pool = await open_pool(ready.database, most=4)
        async with SandboxClient(ready.partners or "") as sandbox:
            yield Running(stack, ready, client, sandbox, pool, data_dir)
        await pool.close()


@pytest.fixture(scope="session")
async def sealed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack with a key ring: what Temporal is told is sealed there."""
    home = tmp_path_factory.mktemp("sealed")
    async for one in running(home / "data", time_skipping=True, key_ring=ring_file(home / "ring.toml")):
        yield one


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The stack with time skipping: a complaint waits at the real time until a test lets its time pass."""
    home = tmp_path_factory.mktemp("stack")
    async for one in running(home, time_skipping=True, dynamic_config=SOON_ACKNOWLEDGED):
        yield one
