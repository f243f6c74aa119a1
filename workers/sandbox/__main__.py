"""`python -m workers.sandbox --port P --book FILE --gateway URL`: the partners as one process on loopback."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import structlog
import uvicorn

from activities.partners.signing import Signer
from workers.sandbox.app import application
from workers.sandbox.book import Book, BookUnusable
from workers.sandbox.calls import House, log
from workers.sandbox.webhooks import Webhooks

LOOPBACK = "127.0.0.1"
"""The sandbox asks nobody who they are, so nobody outside this machine may reach it."""


SECRET = "REDRESS_PAYMENT_SECRET"  # noqa: S105  the variable's name
"""Set, only payment calls that are signed with it are believed. Never an argument: everybody sees those."""


class _OneLine(logging.Handler):
    """Brings what libraries log into the same one-line form."""

    def emit(self, record: logging.LogRecord) -> None:
        wrong = repr(record.exc_info[1]) if record.exc_info else None
        log.log(record.levelno, record.getMessage(), source=record.name, error=wrong)


class _Server(uvicorn.Server):
    """Leaves signals to us, so that a stop is an orderly end and not a death by signal; says when it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(json.dumps({"ready": True, "url": self._url}) + "\n")
        sys.stdout.flush()


def main() -> int:
    """Run until SIGTERM or SIGINT; returns 0, or 2 with one sentence on standard error."""
    given = _arguments()
    _log_lines()
    try:
        with _listening(given.port) as listener:
            asyncio.run(_serve(listener, given))
    except (BookUnusable, OSError, ValueError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m workers.sandbox", description="The partners, on loopback.")
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--book", type=Path, required=True, help="file of the partners' book")
    parser.add_argument("--gateway", type=_address, required=True, metavar="URL", help="where partners reach us")
    parser.add_argument(
        "--clients", type=Path, help="file of its clients: provider and carriers sign with their secrets"
    )
    parser.add_argument("--callback-after", type=float, default=2.0, help="seconds until a pending payment is decided")
    parser.add_argument("--slow", type=float, default=2.0, help="seconds a slow answer takes")
    return parser.parse_args()


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as http://{LOOPBACK}:7480")
    return text


def _log_lines() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_OneLine()])


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    # With the protocol named asyncio turns Nagle's delay off; without it each answer takes 40 ms longer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except (OSError, OverflowError) as taken:
            raise ValueError(
                f"port {port} on {LOOPBACK} cannot be used ({taken}); choose another with --port"
            ) from None
        yield listener


async def _serve(listener: socket.socket, given: argparse.Namespace) -> None:
    book = await Book.open(given.book)
    webhooks = Webhooks(given.gateway, given.clients)
    try:
        secret = os.environ.get(SECRET)
        house = House(book, given.slow, given.callback_after, Signer(secret) if secret else None)
        app = application(house, webhooks)
        # A kept connection must outlive the adapters' pools, or a reused one meets a closed socket.
        config = uvicorn.Config(
            app, log_config=None, access_log=False, timeout_keep_alive=75, timeout_graceful_shutdown=3
        )
        server = _Server(config, f"http://{LOOPBACK}:{listener.getsockname()[1]}")
        _stop_on_signals(server, house)
        await server.serve([listener])
    finally:
        await webhooks.aclose()
        await book.close()


def _stop_on_signals(server: uvicorn.Server, house: House) -> None:
    def stop() -> None:
        server.should_exit = True
        house.closing.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The Temporal client's own threads can hang or abort an ordinary interpreter exit; everything is closed by now.
    os._exit(code)
