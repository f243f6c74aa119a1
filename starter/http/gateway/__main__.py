"""`python -m starter.http.gateway [--host H] [--port P] [--clients FILE] [--make-clients]`: one gateway process."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from activities.errors import CONNECTION_ERRORS
from activities.parcels.kuaidi100.pushes import PushReader
from activities.payments.alipay.notifications import Notifications
from activities.store.case_files import CaseFiles
from activities.store.pool import open_pool
from starter.client import connection
from starter.client.complaints import Complaints
from starter.client.endpoints import Endpoints, find
from starter.client.error_mapping import exit_code
from starter.client.errors import ClientError, WrongUse
from starter.client.record import Record
from starter.http.gateway.app import application, dispatch_inbox, forget_old_requests
from starter.http.gateway.clients import Clients, clients_file, make
from starter.http.gateway.context import GatewayContext
from starter.http.gateway.server import Server, config, listen
from workers.config.parcels import kuaidi100_pushes
from workers.config.payments import alipay_notifications
from workers.config.settings import Settings, SettingsInvalid
from workers.telemetry.logs import configure

PORT = 7480
LOOPBACK = "127.0.0.1"

DATABASE_SECONDS = 3.0
"""How long a request waits for a database connection before it is answered 503."""


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns 0, or an exit code with one sentence on standard error."""
    given = _arguments(arguments)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    configure("console" if os.environ.get("REDRESS_LOG_FORMAT") == "console" else "json")
    try:
        run(given.host, given.port, given.clients, make_clients=given.make_clients)
    except ClientError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return int(exit_code(wrong))
    return 0


def run(host: str, port: int, clients: Path | None, *, make_clients: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; `make_clients` writes a clients file with fresh secrets if there is none.

    Raises WrongUse or Unreachable.
    """
    endpoints, file = find(), clients or clients_file()
    if make_clients:
        make(file)
    known, readers = Clients(file), _push_readers()
    try:
        listener = listen(host, port)
    except (OSError, OverflowError) as taken:
        raise WrongUse(f"port {port} on {host} cannot be used ({taken}): choose another with --port") from None
    with listener:
        asyncio.run(_serve(listener, endpoints, known, readers))


class _PushReaders(NamedTuple):
    """Decoders of webhooks with formats of their own; None if not configured."""

    kuaidi100: PushReader | None
    alipay: Notifications | None


def _push_readers() -> _PushReaders:
    try:
        settings = Settings.given()
        return _PushReaders(kuaidi100_pushes(settings), alipay_notifications(settings))
    except SettingsInvalid as wrong:
        raise WrongUse(str(wrong)) from None


async def _serve(listener: socket.socket, endpoints: Endpoints, clients: Clients, readers: _PushReaders) -> None:
    pool = await open_pool(endpoints.need_database(), least=0, most=16, wait=DATABASE_SECONDS)
    client = await connection.temporal(endpoints, lazily=True)
    context = GatewayContext(
        clients=clients,
        pool=pool,
        complaints=Complaints(client, Record(CaseFiles(pool), pool)),
        stamps=not skips_time(endpoints),
        kuaidi100=readers.kuaidi100,
        alipay=readers.alipay,
    )
    with contextlib.suppress(*CONNECTION_ERRORS):
        await connection.require_keys(endpoints, pool)
    dispatch = GuardedDispatch(endpoints)
    server = Server(config(application(context, (forget_old_requests, dispatch.run))), listener)
    dispatch.refused = server.stop
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    try:
        await server.serve([listener])
    finally:
        pool.terminate()
    if dispatch.why:
        raise dispatch.why


class GuardedDispatch:
    """Dispatches once the key ring is known to match the workers'; the database may be unreachable at the start."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._where = endpoints
        self.why: WrongUse | None = None
        self.refused: Callable[[], None] = lambda: None

    async def run(self, context: GatewayContext) -> None:
        """Dispatch the inbox; stops the gateway if the key ring is wrong. Accepted messages stay in the inbox."""
        try:
            await connection.require_keys(self._where, context.pool)
        except WrongUse as wrong:
            self.why = wrong
            self.refused()
            return
        await dispatch_inbox(context)


def skips_time(endpoints: Endpoints) -> bool:
    """Tell whether this stack skips time: then `received_at` is never set (contract, Messages)."""
    setting = os.environ.get("REDRESS_TIME_SKIPPING")
    return bool(endpoints.time_skipping) if setting is None else setting not in {"", "0"}


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m starter.http.gateway", description="The HTTP gateway.")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on")
    parser.add_argument("--port", type=int, default=PORT, help="port to listen on; 0 takes a free one")
    parser.add_argument("--clients", type=Path, default=None, help="file of the clients; REDRESS_CLIENTS unless said")
    parser.add_argument(
        "--make-clients", action="store_true", help="write that file with fresh secrets if there is none"
    )
    return parser.parse_args(given)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The Temporal client's own threads can hang or abort an ordinary interpreter exit; everything is closed by now.
    os._exit(code)
