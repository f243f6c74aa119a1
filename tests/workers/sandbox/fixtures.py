"""Fixtures shared by the tests of the sandbox and of the adapters that talk to it."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient


@pytest.fixture(scope="session")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    """One running sandbox for all tests that do not stop it."""
    async with RunningSandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
async def operator(sandbox: RunningSandbox) -> AsyncIterator[SandboxClient]:
    """The operator's client; a test must use up the faults it orders, or the next one would meet them."""
    async with sandbox.client() as client:
        yield client
        assert await client.faults() == []


@pytest.fixture(scope="session")
async def http(sandbox: RunningSandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """Bare HTTP, as a partner's own program would speak it; one for all, a new one reads every certificate."""
    async with httpx2.AsyncClient(base_url=sandbox.url, trust_env=False) as client:
        yield client
