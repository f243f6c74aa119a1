"""A worker of standalone activities in the test's own process, which ends within bounds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

_ENDS_WITHIN = 15.0


@asynccontextmanager
async def at_work(
    temporal: Client, queue: str, *activities: Callable[..., Any], **settings: Any
) -> AsyncIterator[None]:
    """Work on a queue of a real server; raises what ended the worker.

    The SDK (1.35) now and then waits for ever in the last step of its shutdown, when all activities are done already:
    then the worker is left behind.
    """
    worker = Worker(temporal, task_queue=queue, activities=activities, **settings)
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        ending = asyncio.create_task(worker.shutdown())
        await asyncio.wait({ending, running}, timeout=_ENDS_WITHIN)
        for task in (ending, running):
            task.cancel()
        _, ended = await asyncio.gather(ending, running, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended
