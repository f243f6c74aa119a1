"""The doors of a real stack: a gateway process of its own, PostgreSQL, Temporal, a worker."""

from collections.abc import Mapping
from uuid import uuid4

import pytest

from tests.conftest import Running
from tests.starter.gateway.signing import Program, programs


@pytest.fixture(scope="session")
def known(stack: Running) -> Mapping[str, Program]:
    """Every client of the stack, by its id."""
    return programs(stack.ready.gateway or "", stack.data_dir / "clients.toml")


@pytest.fixture
def name() -> str:
    """A name nobody has used."""
    return f"gw-{uuid4().hex[:12]}"
