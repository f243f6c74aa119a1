"""Patience with receivers: none is called too often at once, none while it has just failed, none waits for another."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from activities.partner_events.webhook import NotTaken

_AT_ONCE = 4
"""Calls to one receiver: enough to be quick, few enough not to be its trouble."""

_IN_LINE = 12
"""Streams that wait here for their turn; all others come again: they would take the places of other receivers."""

_LONGEST_REST = 60.0
"""Seconds that nobody calls a receiver which fails; each event has a longer back-off of its own besides."""

_SHORTEST_WAIT, _LONGEST_WAIT = 2.0, 300.0
"""Seconds between two tries of an event: a receiver that is mended has everything within five minutes."""


def back_off(tries: int) -> timedelta:
    """Return how long an event waits after so many tries that failed: twice as long each time, up to five minutes."""
    seconds = min(_SHORTEST_WAIT * 2.0 ** min(tries, 10), _LONGEST_WAIT)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.0))  # noqa: S311 - no secret


class Busy(NotTaken):
    """It was not tried: its receiver has just failed, or has enough to do."""

    def __init__(self, text: str, seconds: float, *, failing: bool) -> None:
        # Who comes again comes at another instant than all the others.
        later = timedelta(seconds=seconds + random.uniform(0.5, 3.0))  # noqa: S311 - no secret
        super().__init__(text, later=later)
        self.failing = failing


@dataclass
class _Receiver:
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    in_line: int = 0
    failures: int = 0
    rests_until: float = 0.0


class Receivers:
    """The receivers as this process knows them; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._known: dict[str, _Receiver] = defaultdict(_Receiver)
        self._clock = clock or (lambda: asyncio.get_running_loop().time())

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Have a turn with a receiver, and learn from it whether it works; raises Busy when there is none to have."""
        receiver = self._known[name]
        self._let_rest(receiver)
        if receiver.in_line >= _IN_LINE:
            raise Busy("has as many waiting for it as may wait", 1.0, failing=False)
        receiver.in_line += 1
        try:
            await receiver.places.acquire()
        finally:
            receiver.in_line -= 1
        try:
            self._let_rest(receiver)
            yield
            receiver.failures = 0
        except NotTaken as wrong:
            if not (isinstance(wrong, Busy) or wrong.of_this or wrong.for_good):
                self._failed(receiver)
            raise
        finally:
            receiver.places.release()

    def _let_rest(self, receiver: _Receiver) -> None:
        left = receiver.rests_until - self._clock()
        if left > 0:
            raise Busy("failed a moment ago and is left in peace", left, failing=True)

    def _failed(self, receiver: _Receiver) -> None:
        if receiver.rests_until > self._clock():
            return  # it fails them all at once: that is one failure
        receiver.failures += 1
        receiver.rests_until = self._clock() + min(2.0 ** (receiver.failures - 1), _LONGEST_REST)
