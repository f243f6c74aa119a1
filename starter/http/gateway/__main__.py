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
from starter.client.endpoints import Whereabouts, find
from starter.client.error_mapping import exit_code
from starter.client.errors import ClientError, WrongUse
from starter.client.record import Files
from starter.http.gateway.app import application, deliver, forget_old_requests
from starter.http.gateway.clients import Clients, clients_file, make
from starter.http.gateway.context import House
from starter.http.gateway.server import Server, config, listen
from workers.config.parcels import kuaidi100_pushes
from workers.config.payments import alipay_notifications
from workers.config.settings import Settings, SettingsInvalid
from workers.telemetry.logs import configure

PORT = 7480
LOOPBACK = "127.0.0.1"

DATABASE_SECONDS = 3.0
"""How long a request waits for a connection to the database before it is told to come again."""


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns 0, or an exit code with one sentence on standard error."""
    given = _arguments(arguments)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    configure("console" if os.environ.get("REDRESS_LOG_FORMAT") == "console" else "json")
    try:
        run(given.host, given.port, given.clients, made=given.make_clients)
    except ClientError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return int(exit_code(wrong))
    return 0


def run(host: str, port: int, clients: Path | None, *, made: bool = False) -> None:
    """Serve the doors until SIGTERM or SIGINT; `made` writes clients with fresh secrets where there is no file.

    Raises WrongUse or Unreachable with what to mend.
    """
    where, file = find(), clients or clients_file()
    if made:
        make(file)
    known, forms = Clients(file), _forms()
    try:
        listener = listen(host, port)
    except (OSError, OverflowError) as taken:
        raise WrongUse(f"port {port} on {host} cannot be used ({taken}): choose another with --port") from None
    with listener:
        asyncio.run(_serve(listener, where, known, forms))


class _Forms(NamedTuple):
    """What reads those who push in forms of their own; None for whom nothing was set up."""

    kuaidi100: PushReader | None
    alipay: Notifications | None


def _forms() -> _Forms:
    try:
        settings = Settings.given()
        return _Forms(kuaidi100_pushes(settings), alipay_notifications(settings))
    except SettingsInvalid as wrong:
        raise WrongUse(str(wrong)) from None


async def _serve(listener: socket.socket, where: Whereabouts, clients: Clients, forms: _Forms) -> None:
    pool = await open_pool(where.need_database(), least=0, most=16, wait=DATABASE_SECONDS)
    client = await connection.temporal(where, lazily=True)
    house = House(
        clients=clients,
        pool=pool,
        complaints=Complaints(client, Files(CaseFiles(pool), pool)),
        stamps=not skips_time(where),
        kuaidi100=forms.kuaidi100,
        alipay=forms.alipay,
    )
    with contextlib.suppress(*CONNECTION_ERRORS):
        await connection.require_keys(where, pool)
    delivering = Delivering(where)
    server = Server(config(application(house, (forget_old_requests, delivering.deliver))), listener)
    delivering.refused = server.stop
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    try:
        await server.serve([listener])
    finally:
        pool.terminate()
    if delivering.why:
        raise delivering.why


class Delivering:
    """Delivers once it is known that workers can open what is sealed here; the database may be away at the start."""

    def __init__(self, where: Whereabouts) -> None:
        self._where = where
        self.why: WrongUse | None = None
        self.refused: Callable[[], None] = lambda: None

    async def deliver(self, house: House) -> None:
        """Deliver; ends the gateway where the key ring is wrong. What it accepted until then waits in the inbox."""
        try:
            await connection.require_keys(self._where, house.pool)
        except WrongUse as wrong:
            self.why = wrong
            self.refused()
            return
        await deliver(house)


def skips_time(where: Whereabouts) -> bool:
    """Say whether time is let pass by hand here: then nothing is stamped (contract, Messages)."""
    told = os.environ.get("REDRESS_TIME_SKIPPING")
    return bool(where.time_skipping) if told is None else told not in {"", "0"}


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
