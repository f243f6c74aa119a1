"""`redress gateway`, `codec` and `worker`: servers in the foreground, until SIGINT or SIGTERM."""

# ruff: noqa: D417 - `common` is explained to people option by option

import asyncio
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import Port

from activities.store.migrate import migrate as apply
from starter.cli import session
from starter.client.endpoints import Endpoints, find
from starter.http.codec.__main__ import PORT as CODEC_PORT
from starter.http.codec.__main__ import run as run_codec
from starter.http.gateway.__main__ import LOOPBACK
from starter.http.gateway.__main__ import PORT as GATEWAY_PORT
from starter.http.gateway.__main__ import run as run_gateway
from starter.terminal import PLAIN, Common, say
from workers.composition.worker import main as run_worker


def gateway(
    *,
    host: str = LOOPBACK,
    port: Port = GATEWAY_PORT,
    clients: Path | None = None,
    make_clients: Annotated[bool, Parameter(negative=())] = False,
    common: Common = PLAIN,
) -> int:
    """Serve the HTTP doors until SIGINT or SIGTERM; settings are REDRESS_* and TEMPORAL_*, else the running stack's.

    Parameters
    ----------
    host
        Address to listen on; in production behind what ends TLS.
    port
        Port to listen on; 0 takes any free one.
    clients
        File of the clients; REDRESS_CLIENTS unless said, else the one of the running stack.
    make_clients
        Write that file with fresh secrets where there is none.

    """
    session.progress(common)
    run_gateway(host, port, clients, make_clients=make_clients)
    return 0


def codec(
    *,
    host: str = LOOPBACK,
    port: Port = CODEC_PORT,
    readers: Path | None = None,
    make_readers: Annotated[bool, Parameter(negative=())] = False,
    origin: Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)] = (),
    common: Common = PLAIN,
) -> int:
    """Open sealed payloads for the web UI and the temporal program, until SIGINT or SIGTERM; needs REDRESS_KEY_RING.

    Parameters
    ----------
    host
        Address to listen on; in production behind what ends TLS.
    port
        Port to listen on; 0 takes any free one.
    readers
        File with who may read; REDRESS_CODEC_READERS unless said, else the one of the running stack.
    make_readers
        Write that file with a fresh secret where there is none.
    origin
        Where the web UI is opened from, such as https://temporal.example.com; that of REDRESS_UI_URL unless said.

    """
    session.progress(common)
    run_codec(host, port, readers, origin, made=make_readers)
    return 0


def worker(*, migrate: Annotated[bool, Parameter(negative=())] = False, common: Common = PLAIN) -> int:
    """Run a worker until SIGINT or SIGTERM; settings are REDRESS_* and TEMPORAL_*, else the running stack's.

    Parameters
    ----------
    migrate
        First bring the schema of the database up to date; safe at any time.

    """
    endpoints = find()
    for name, value in _settings(endpoints).items():
        os.environ.setdefault(name, value)
    if migrate:
        asyncio.run(apply(endpoints.need_database()))
    if not common.json:
        say(f"working for Temporal {endpoints.temporal}, namespace {endpoints.namespace}; Ctrl-C stops")
    return run_worker()


def _settings(endpoints: Endpoints) -> dict[str, str]:
    found = {
        "TEMPORAL_ADDRESS": endpoints.connect.get("target_host"),
        "REDRESS_DATABASE_URL": endpoints.database,
        "REDRESS_PARTNERS_URL": endpoints.partners,
        "REDRESS_PAYMENT_SECRET": endpoints.payment_secret,
        "REDRESS_KEY_RING": endpoints.key_ring,
    }
    return {name: str(value) for name, value in found.items() if value}
