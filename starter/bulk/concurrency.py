"""So many at a time, in order of their coming, until all are done or somebody asks to stop."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from starter.client.error_mapping import as_client_error
from starter.client.errors import Unreachable
from starter.terminal import say

T = TypeVar("T")

_TRIES = 3
_PAUSE = 1.0
"""Seconds; twice as long after the first try, four times after the second."""
_BREATH = 100
"""Items after which others get their turn, where items are skipped and nothing is waited for."""


class Stop(asyncio.Event):
    """Set when somebody asked to stop: nothing more is begun, what is under way is finished."""


@contextmanager
def until_interrupted() -> Iterator[Stop]:
    """Let the first Ctrl-C or SIGTERM ask to stop; the second one does what it does to any program."""
    stop = Stop()
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


async def side_by_side(
    items: Iterable[T], do: Callable[[T], Awaitable[None]], *, at_once: int, stop: asyncio.Event
) -> None:
    """Do something with each, so many at a time; the items are taken as they are needed.

    After the first failure nothing more is begun; it is raised when what was under way has ended.
    """
    places, under_way, failed = asyncio.Semaphore(at_once), set[asyncio.Task[None]](), list[BaseException]()

    def ended(task: asyncio.Task[None]) -> None:
        under_way.discard(task)
        places.release()
        if not task.cancelled() and (wrong := task.exception()):
            failed.append(wrong)

    async for item in breathing(items):
        await places.acquire()
        if stop.is_set() or failed:
            break
        task = asyncio.ensure_future(do(item))
        under_way.add(task)
        task.add_done_callback(ended)
    await _ended(under_way)
    if failed:
        raise failed[0]


async def breathing(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield each, and let others have their turn now and then: somebody may want to stop."""
    for number, item in enumerate(items):
        if number % _BREATH == 0:
            await asyncio.sleep(0)
        yield item


async def _ended(under_way: set[asyncio.Task[None]]) -> None:
    try:
        while under_way:
            await asyncio.wait(under_way)
    except asyncio.CancelledError:
        for task in under_way:
            task.cancel()
        raise


async def patiently(do: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T:
    """Try up to three times while a backend does not answer; then raises Unreachable. For what may be done twice."""
    for tried in range(1, _TRIES + 1):
        try:
            return await do()
        except Exception as wrong:
            told = as_client_error(wrong)
            if not isinstance(told, Unreachable):
                raise
            if stop.is_set() or tried == _TRIES:
                raise told from None
        await asyncio.sleep(_PAUSE * 2**tried)
    raise AssertionError("the last try returns or raises")


@asynccontextmanager
async def beside(work: Awaitable[None]) -> AsyncIterator[None]:
    """Run something in the background while the rest runs, and end it with it."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
