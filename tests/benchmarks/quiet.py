"""Our worker without notices: what the complaint itself costs, to be held against a workflow that tells nobody."""

import asyncio
import signal
from collections.abc import Sequence

from workers.composition.worker import serve
from workers.config.settings import Settings
from workers.telemetry.logs import configure
from workflows.complaint.domain.records import Notice


async def tell_nobody(notices: Sequence[Notice]) -> None:
    """Start nothing."""
    del notices


async def _work() -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    settings = Settings.read()
    configure(settings.log_format)
    await serve(settings, stop, start_notices=tell_nobody)


if __name__ == "__main__":
    asyncio.run(_work())
