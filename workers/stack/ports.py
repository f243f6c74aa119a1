"""Ports on the loopback interface: finding free ones, and telling early when a wanted one is taken."""

import asyncio
import random
import socket
from collections.abc import Collection
from contextlib import suppress

from workers.stack.errors import PortTaken, StackError

LOOPBACK = "127.0.0.1"
# Below the range the kernel hands out for outgoing connections: a port found free here stays free
# until the server that was promised it binds it.
_ROOM = range(15_000, 32_000)
_TRIES = 200


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Servers set this too; without it a port that merely had connections a minute ago looks taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(besides: Collection[int] = ()) -> int:
    """Find a free loopback port other than `besides`; raises `StackError` when there is none."""
    for _ in range(_TRIES):
        port = random.choice(_ROOM)  # noqa: S311 - spreading out, not a secret
        if port not in besides and is_free(port):
            return port
    raise StackError("no free port was found on 127.0.0.1: close some of the servers that run on this machine")


def settle_port(wanted: int | None, option: str, promised: Collection[int] = (), usual: int = 0) -> int:
    """Turn a wanted port into one to use: 0 is any free one, None the `usual` one or, where that is taken, any.

    Raises `PortTaken` naming the option to change, or `StackError` when the port is among the `promised` ones.
    """
    if wanted is None:
        wanted = usual if usual not in promised and is_free(usual) else 0
    if wanted == 0:
        return free_port(promised)
    if not 0 < wanted < 65_536:
        raise StackError(f"{wanted} is no port: give {option} a number from 0 to 65535")
    if wanted in promised:
        raise StackError(f"port {wanted} was given to two servers: choose another one with {option}")
    if not is_free(wanted):
        raise PortTaken(wanted, option)
    return wanted


async def answers(port: int) -> bool:
    """Tell whether something accepts connections on this loopback port."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(LOOPBACK, port), timeout=2)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
