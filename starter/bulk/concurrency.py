"""Bounded concurrency: so many tasks at a time, in order, until all are done or a stop is requested."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from starter.client.error_mapping import as_client_error
from starter.client.errors import Unreachable
from starter.terminal import say

T = TypeVar("T")

_ATTEMPTS = 3
_PAUSE = 1.0
"""Seconds; doubled after each attempt."""
_YIELD_EVERY = 100
"""Items between two yields to the event loop."""


class StopRequest(asyncio.Event):
    """Set when a stop is requested: no new task starts, running ones finish."""


@contextmanager
def until_interrupted() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into a stop request; the second one has its default effect."""
    stop = StopRequest()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {name: signal.getsignal(name) for name in signals}

    def restore() -> None:
        for name in signals:
            loop.remove_signal_handler(name)
            signal.signal(name, before[name])

    def ask() -> None:
        restore()
        stop.set()
        say("stopping: what is under way is finished first; once more leaves at once")

    for name in signals:
        loop.add_signal_handler(name, ask)
    try:
        yield stop
    finally:
        restore()


async def run_concurrently(
    items: Iterable[T], do: Callable[[T], Awaitable[None]], *, at_once: int, stop: asyncio.Event
) -> None:
    """Run `do` for each item, at most `at_once` concurrently; items are consumed lazily.

    After the first failure no new task starts; it is raised once running tasks have ended.
    """
    slots, running, failed = asyncio.Semaphore(at_once), set[asyncio.Task[None]](), list[BaseException]()

    def ended(task: asyncio.Task[None]) -> None:
        running.discard(task)
        slots.release()
        if not task.cancelled() and (wrong := task.exception()):
            failed.append(wrong)

    async for item in cooperatively(items):
        await slots.acquire()
        if stop.is_set() or failed:
            break
        task = asyncio.ensure_future(do(item))
        running.add(task)
        task.add_done_callback(ended)
    await _wait_all(running)
    if failed:
        raise failed[0]


async def cooperatively(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield the items, and give control to the event loop now and then, for signals above all."""
    for number, item in enumerate(items):
        if number % _YIELD_EVERY == 0:
            await asyncio.sleep(0)
        yield item


async def _wait_all(running: set[asyncio.Task[None]]) -> None:
    try:
        while running:
            await asyncio.wait(running)
    except asyncio.CancelledError:
        for task in running:
            task.cancel()
        raise


async def with_retries(do: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T:
    """Attempt up to three times while a backend is unreachable, then raise Unreachable. For idempotent calls."""
    for tried in range(1, _ATTEMPTS + 1):
        try:
            return await do()
        except Exception as wrong:
            error = as_client_error(wrong)
            if not isinstance(error, Unreachable):
                raise
            if stop.is_set() or tried == _ATTEMPTS:
                raise error from None
        await asyncio.sleep(_PAUSE * 2**tried)
    raise AssertionError("the last try returns or raises")


@asynccontextmanager
async def in_background(work: Awaitable[None]) -> AsyncIterator[None]:
    """Run a task in the background for the duration of the block, then cancel it."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
