"""The HTTP server: uvicorn with limits against slow clients and too many connections."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import Iterator
from typing import Any

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from starter.http.gateway.problems import MEDIA_TYPE, Problem

_log = structlog.stdlib.get_logger("redress.gateway")

HEAD_SECONDS = 10.0
"""Timeout of a request head, from the connection or its first byte."""

IDLE_SECONDS = 65
"""Keep-alive, a little longer than that of load balancers, so that they never reuse a closed connection."""

UNREAD_SECONDS = 30.0
"""Timeout of a response that the client does not read."""

BIGGEST_HEAD = 16 << 10
MOST_CONNECTIONS = 512
"""Bounds memory, at a quarter of a megabyte per connection."""


class LimitedProtocol(H11Protocol):
    """HTTP/1.1 with timeouts for heads and unread responses, and a limit of connections."""

    head_seconds, unread_seconds = HEAD_SECONDS, UNREAD_SECONDS
    _head_timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the head timeout; abort a connection above the limit."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            _log.warning("a connection too many", most=MOST_CONNECTIONS)
            transport.abort()
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Start the timeout when a head begins, stop it when it is complete."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._head_came()
        elif self._head_timer is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers."""
        self._head_came()
        self._read_on()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the timeout of an unread response."""
        super().pause_writing()
        self._unread_timer = self._unread_timer or self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop that timeout."""
        super().resume_writing()
        self._read_on()

    def on_response_complete(self) -> None:
        """Abort a closing connection whose last response is not read."""
        super().on_response_complete()
        if self.transport.is_closing():
            self.loop.call_later(self.unread_seconds, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP with a problem response."""
        answered = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not answered:
            problem = Problem("not-http", f"{msg} Send HTTP/1.1, with a head of at most {BIGGEST_HEAD} bytes.")
            body = json.dumps(problem.body()).encode()
            head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close"
            self.transport.write(f"HTTP/1.1 400 Bad Request\r\n{head}\r\n\r\n".encode() + body)
        self.transport.close()

    def _read_on(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._too_slow)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.abort()


class Server(uvicorn.Server):
    """uvicorn without signal handlers, so that the caller stops it; prints a ready line with its address."""

    def __init__(self, settings: uvicorn.Config, listener: socket.socket, name: str = "gateway") -> None:
        super().__init__(settings)
        self._listener, self._name = listener, name

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    def stop(self) -> None:
        """Stop gracefully: no new requests, running ones get a few seconds."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and print the ready line to standard output."""
        await super().startup(sockets)
        host, port = self._listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        sys.stdout.write(json.dumps({"ready": True, self._name: f"http://{shown}:{port}"}) + "\n")
        sys.stdout.flush()


def config(app: Any, http: type[H11Protocol] = LimitedProtocol) -> uvicorn.Config:
    """Return uvicorn's configuration."""
    return uvicorn.Config(
        app,
        http=http,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=BIGGEST_HEAD,
    )


def listen(host: str, port: int) -> socket.socket:
    """Bind a port, 0 takes a free one; raises OSError or OverflowError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With IPPROTO_TCP asyncio sets TCP_NODELAY; without it each response takes 40 ms longer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except BaseException:
        listener.close()
        raise
    return listener
