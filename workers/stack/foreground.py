"""Running the stack in the foreground of a terminal or under a service manager."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Self

from workers.stack.errors import StackError
from workers.stack.options import Options, Ready
from workers.stack.supervisor import Stack

_HALTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Halt:
    """The wish to stop, from the terminal or the machine, caught while the stack runs."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in _HALTING:
            loop.add_signal_handler(number, self._asked.set)
        return self

    async def __aexit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in _HALTING:
            loop.remove_signal_handler(number)

    async def instead_of(self, work: Awaitable[object]) -> bool:
        """Await the work, or abandon it when asked to halt; tell whether that happened."""
        task, asked = asyncio.ensure_future(work), asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            return asked.done()
        finally:
            for each in (task, asked):
                each.cancel()
                with suppress(asyncio.CancelledError, StackError):
                    await each


async def run(options: Options, announce: Callable[[Ready], None]) -> None:
    """Run the stack in the foreground until SIGINT, SIGTERM or SIGHUP; `announce` is called once it serves.

    Must run in the main thread. Returns after an orderly stop; raises `StackError` after one that was
    forced by what it says. A signal during the start abandons the start.
    """

    async def for_ever(ready: Ready) -> None:
        announce(ready)
        await asyncio.get_running_loop().create_future()

    await during(options, for_ever)


async def during(options: Options, work: Callable[[Ready], Coroutine[Any, Any, None]]) -> bool:
    """Run the stack in the foreground while the work goes on, at most until SIGINT, SIGTERM or SIGHUP.

    Must run in the main thread. Tells whether a signal came before the work was done. Raises what the work raises, and
    `StackError` when the stack cannot be started or kept up.
    """
    stack = Stack(options)

    async def live() -> None:
        ready = await stack.start()
        tasks = {asyncio.create_task(work(ready)), asyncio.create_task(stack.wait())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async with _Halt() as halt:
        try:
            return await halt.instead_of(live())
        finally:
            await stack.stop()
