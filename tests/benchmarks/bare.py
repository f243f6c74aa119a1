"""The yardstick: a bare Temporal workflow with the same messages and as many activities, with empty bodies.

`python -m tests.benchmarks.bare` runs its worker, one process like ours.
"""

import asyncio
import os
import signal
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

QUEUE = "bare"
ACTIVITIES_AFTER = {"": 1, "reviewed": 1, "seller_answered": 2, "survey_answered": 1}
"""As many as a standard complaint has after its filing and after each message."""


@activity.defn
async def nothing(what: str) -> str:
    """Do nothing."""
    return what


@workflow.defn
class Bare:
    """Takes the messages of the standard complaint and runs its activities, one after the other."""

    def __init__(self) -> None:
        self._heard: list[str] = []

    @workflow.run
    async def run(self, filing: dict[str, object]) -> int:
        """Run to the end."""
        del filing
        done = 0
        for kind, activities in ACTIVITIES_AFTER.items():
            await workflow.wait_condition(lambda kind=kind: not kind or kind in self._heard)  # type: ignore[misc]
            for _ in range(activities):
                await workflow.execute_activity(nothing, kind, start_to_close_timeout=timedelta(seconds=10))
                done += 1
        return done

    @workflow.signal
    def reviewed(self, message: dict[str, object]) -> None:
        """Hear the message."""
        self._heard.append(str(message["kind"]))

    @workflow.signal
    def seller_answered(self, message: dict[str, object]) -> None:
        """Hear the message."""
        self._heard.append(str(message["kind"]))

    @workflow.signal
    def survey_answered(self, message: dict[str, object]) -> None:
        """Hear the message."""
        self._heard.append(str(message["kind"]))

    @workflow.query
    def heard(self) -> int:
        """Count the messages."""
        return len(self._heard)


async def _work() -> None:
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"], data_converter=pydantic_data_converter)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with Worker(client, task_queue=QUEUE, workflows=[Bare], activities=[nothing], max_concurrent_activities=40):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_work())
