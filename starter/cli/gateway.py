"""`redress gateway`: the HTTP doors in the foreground, against the configured Temporal and database."""

# ruff: noqa: D417 - `common` is explained to people option by option

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import Port

from starter.cli import session
from starter.http.gateway.__main__ import LOOPBACK, PORT, run
from starter.terminal import PLAIN, Common


def gateway(
    *,
    host: str = LOOPBACK,
    port: Port = PORT,
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
    run(host, port, clients, made=make_clients)
    return 0
