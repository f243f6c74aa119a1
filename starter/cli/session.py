"""Set-up of a command: logging, endpoints, client."""

import logging
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import structlog

from starter.client import connection
from starter.client.complaints import Complaints
from starter.client.endpoints import Endpoints, find
from starter.client.errors import WrongUse
from starter.terminal import Common
from workers.telemetry.logs import configure

_LONGEST = 64


def logs(common: Common, complaint: str | None = None) -> None:
    """Configure logging to standard error by --verbose and --debug, with the complaint number on every line."""
    level = logging.DEBUG if common.debug else logging.INFO if common.verbose else logging.CRITICAL
    configure("json" if common.json else "console", level)
    if complaint is not None:
        structlog.contextvars.bind_contextvars(complaint=complaint)


def number(common: Common, complaint: str | None) -> None:
    """Configure logging; raises WrongUse for a text that cannot be a complaint number."""
    logs(common, complaint)
    if complaint is not None and not 0 < len(complaint) <= _LONGEST:
        raise WrongUse(f"{complaint[:20]!r}… is no complaint number such as C20261122-7K3M9Q0VWX")


@asynccontextmanager
async def complaints(common: Common, complaint: str | None = None) -> AsyncIterator[tuple[Complaints, Endpoints]]:
    """Open the client library for one command."""
    number(common, complaint)
    endpoints = find()
    async with connection.complaints(endpoints) as client:
        yield client, endpoints


def progress(common: Common) -> None:
    """Configure logging from INFO on, for long-running commands."""
    logs(common)
    if not common.verbose and not common.debug:
        logging.getLogger().setLevel(logging.INFO)
    if not common.json and not common.verbose and not common.debug:
        briefly: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _briefly]
        logging.getLogger().handlers[0].setFormatter(structlog.stdlib.ProcessorFormatter(processors=briefly))


def _briefly(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """Format an event of the stack briefly: `PostgreSQL started`."""
    happened = f" ({event['happened']})" if "happened" in event else ""
    return f"{event.get('child', '')} {event['event']}{happened}".strip()
