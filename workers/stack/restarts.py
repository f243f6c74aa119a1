"""Keeping a child alive: started again when it dies, with growing pauses, and given up when it keeps dying."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from workers.stack.child import Child
from workers.stack.errors import ChildDied

_log = structlog.stdlib.get_logger("redress.stack")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How many deaths within how many seconds are borne, and how long the pauses before a new start are."""

    deaths: int = 5
    within: float = 60.0
    first_pause: float = 0.2
    longest_pause: float = 5.0


class Keeper:
    """One child and those it needs: it is started again only while they are up."""

    def __init__(
        self, child: Child, needs: Sequence["Keeper"], patience: Patience, check_world: Callable[[], None]
    ) -> None:
        """`check_world` raises when a new start would be of no use (the disk is full)."""
        self.child = child
        self._needs = needs
        self._patience = patience
        self._check_world = check_world
        self._up = asyncio.Event()
        self._deaths: deque[float] = deque(maxlen=patience.deaths)

    @property
    def name(self) -> str:
        """The child's name for people."""
        return self.child.program.name

    @property
    def is_up(self) -> bool:
        """Whether the child serves, as far as is known."""
        return self._up.is_set()

    async def start(self) -> None:
        """Start the child for the first time; a failure is not repaired but raised as `ChildDied`."""
        await self.child.start()
        self._up.set()
        _log.info("started", child=self.name, pid=self.child.pid)

    async def stop(self) -> None:
        """Stop the child; to be called when nobody keeps it any more."""
        self._up.clear()
        if self.child.pid is not None:
            _log.info("stopping", child=self.name, pid=self.child.pid)
        await self.child.stop()

    async def keep(self) -> None:
        """Start the child again whenever it dies; ends only by raising `ChildDied` or what the world check raises."""
        while True:
            happened = await self.child.exited()
            self._up.clear()
            _log.warning("died and is started again", child=self.name, happened=happened)
            await self._restart(happened)
            _log.info("started again", child=self.name, pid=self.child.pid)

    async def _restart(self, happened: str) -> None:
        while not self._up.is_set():
            self._mourn(happened)
            await asyncio.sleep(self._pause())
            for needed in self._needs:
                await needed.wait_until_up()
            try:
                await self.child.start()
            except ChildDied:
                happened = await self.child.exited()
                _log.warning("died while starting", child=self.name, happened=happened)
            else:
                self._up.set()

    async def wait_until_up(self) -> None:
        """Wait for the child to serve."""
        await self._up.wait()

    def _mourn(self, happened: str) -> None:
        """Count a death; raises when it is one too many, or when no new start can help."""
        self._check_world()
        now = asyncio.get_running_loop().time()
        self._deaths.append(now)
        full = len(self._deaths) == self._patience.deaths
        if full and now - self._deaths[0] <= self._patience.within:
            seconds = f"{self._patience.within:.0f} s"
            raise self.child.died(f"died {self._patience.deaths} times within {seconds} (last: {happened})")

    def _pause(self) -> float:
        """Double with every death still remembered; a child that lived long starts at once."""
        now = asyncio.get_running_loop().time()
        recent = sum(1 for death in self._deaths if now - death <= self._patience.within)
        return float(min(self._patience.longest_pause, self._patience.first_pause * 2 ** (recent - 1)))
