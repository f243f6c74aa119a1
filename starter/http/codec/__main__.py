"""`python -m starter.http.codec [--port P] [--readers FILE] [--make-readers] [--origin URL …]`: the codec server."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from activities.errors import CONNECTION_ERRORS
from starter.client import connection
from starter.client.endpoints import Endpoints, data_dir, find
from starter.client.error_mapping import exit_code
from starter.client.errors import ClientError, Unreachable, WrongUse
from starter.http.codec.app import CodecServer
from starter.http.codec.readers import Readers, make
from starter.http.gateway.server import Server, config, listen
from workers.encryption.codec import SealingCodec
from workers.encryption.key_ring import KeyRingInvalid, LastingRing
from workers.telemetry.logs import configure

PORT = 7481
LOOPBACK = "127.0.0.1"


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns 0, or an exit code with one sentence on standard error."""
    given = _arguments(arguments)
    configure("console" if os.environ.get("REDRESS_LOG_FORMAT") == "console" else "json")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        run(given.host, given.port, given.readers, given.origin, made=given.make_readers)
    except ClientError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return int(exit_code(wrong))
    return 0


def run(host: str, port: int, readers: Path | None, origins: Sequence[str] = (), *, made: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; `made` writes a readers file with a fresh secret if there is none.

    Raises WrongUse.
    """
    endpoints, file = _configuration(), readers or readers_file()
    if endpoints.key_ring is None:
        raise WrongUse("without a key ring there is nothing to open: set REDRESS_KEY_RING (deploy/docs/encryption.md)")
    try:
        ring = LastingRing(endpoints.key_ring)
    except KeyRingInvalid as wrong:
        raise WrongUse(str(wrong)) from None
    if made:
        make(file)
    server = CodecServer(SealingCodec(ring), Readers(file), origins or origins_of(endpoints.ui), endpoints.ui)
    try:
        listener = listen(host, port)
    except (OSError, OverflowError) as taken:
        raise WrongUse(f"port {port} on {host} cannot be used ({taken}): choose another with --port") from None
    with listener:
        asyncio.run(_serve(listener, server, endpoints))


class _Configuration(NamedTuple):
    """Key ring and web UI; endpoints only if they are known: neither Temporal nor a database is required."""

    key_ring: Path | None
    ui: str | None
    whole: Endpoints | None = None


def _configuration() -> _Configuration:
    with contextlib.suppress(Unreachable):
        endpoints = find()
        return _Configuration(endpoints.key_ring, endpoints.ui, endpoints)
    ring = os.environ.get("REDRESS_KEY_RING")
    return _Configuration(Path(ring).expanduser() if ring else None, os.environ.get("REDRESS_UI_URL"))


async def _require_keys(endpoints: Endpoints | None) -> None:
    """Raise WrongUse if the database is reachable and workers hold other keys."""
    if endpoints and endpoints.database:
        with contextlib.suppress(Unreachable, *CONNECTION_ERRORS):
            async with connection.files(endpoints) as record:
                await connection.require_keys(endpoints, record.pool)


def readers_file() -> Path:
    """Return the path of the readers file: REDRESS_CODEC_READERS, else the embedded stack's."""
    named = os.environ.get("REDRESS_CODEC_READERS")
    return Path(named).expanduser() if named else data_dir() / "readers.toml"


def origins_of(ui: str | None) -> tuple[str, ...]:
    """Return the origins of the web UI, with both names of the loopback address."""
    if not ui:
        return ()
    parts = urlsplit(ui)
    origin = f"{parts.scheme}://{parts.netloc}"
    return tuple(dict.fromkeys((origin, origin.replace(LOOPBACK, "localhost"), origin.replace("localhost", LOOPBACK))))


async def _serve(listener: socket.socket, codec: CodecServer, endpoints: _Configuration) -> None:
    await _require_keys(endpoints.whole)
    server = Server(config(codec.application()), listener, name="codec")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    await server.serve([listener])


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m starter.http.codec", description="The codec server.")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on")
    parser.add_argument("--port", type=int, default=PORT, help="port to listen on; 0 takes a free one")
    parser.add_argument("--readers", type=Path, default=None, help="file of the readers")
    parser.add_argument("--make-readers", action="store_true", help="write it with a fresh secret if there is none")
    parser.add_argument("--origin", action="append", default=[], help="of the web UI, as often as it has names")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
