"""One supervised process: started, waited for until it serves, watched, stopped, never left behind."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workers.stack import leash
from workers.stack.errors import ChildDied

_GLANCE = 0.03  # seconds between two looks at a process that is starting
_QUOTED_LINES = 12
_LOG_LIMIT = 16 << 20  # a log longer than this is put aside when its process starts


async def _nothing() -> None:
    """Need no preparation."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run and how to treat it.

    `prepare` runs before every launch and must bear repetition; `ready` answers True once the program
    serves, within a second or so; times are seconds. `death_signal` is what the kernel sends it
    when the supervisor itself is killed. `kept_fds` stay open in the program.
    """

    name: str
    argv: Sequence[str]
    log: Path
    ready: Callable[[], Awaitable[bool]]
    env: Mapping[str, str]
    prepare: Callable[[], Awaitable[None]] = _nothing
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    ready_within: float = 60.0
    stop_within: float = 20.0
    kept_fds: Sequence[int] = ()
    cwd: Path | None = None


class Child:
    """The process of a `Program`: at most one at a time, in a session of its own.

    A session of its own keeps the terminal's Ctrl-C away: the supervisor alone decides the order of stopping.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: asyncio.subprocess.Process | None = None
        self._exit: asyncio.Task[int] | None = None
        self._began_at: int | None = None

    @property
    def pid(self) -> int | None:
        """The number of the running process, or None."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Launch and return once it serves; raises `ChildDied` when it ends before that or takes too long."""
        await self.program.prepare()
        await self._launch()
        deadline = asyncio.get_running_loop().time() + self.program.ready_within
        while not await self.program.ready():
            if await self._ended_within(_GLANCE):
                raise self.died(f"ended while starting ({await self.exited()})")
            if asyncio.get_running_loop().time() > deadline:
                await self.stop()
                raise self.died(f"was not ready within {self.program.ready_within:.0f} s")
        if await self._ended_within(0):  # what answered was somebody else
            raise self.died(f"ended while starting ({await self.exited()})")

    async def exited(self) -> str:
        """Wait for the process to end and tell how, e.g. `exit code 1` or `killed by SIGKILL`."""
        if self._exit is None:
            return "never started"
        code = await asyncio.shield(self._exit)
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    async def stop(self) -> None:
        """Ask it to end; after `stop_within` seconds end it. No process of its group is left afterwards."""
        if self._process is None or self._exit is None:
            return
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(self.program.stop_signal)
            if not await self._ended_within(self.program.stop_within):
                self.kill()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self.exited()

    def kill(self) -> None:
        """End the process at once, without a chance to tidy up."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def last_lines(self) -> str:
        """Quote the end of the log, as far as this stack has written it."""
        try:
            with self.program.log.open(errors="replace") as log:
                log.seek(self._began_at or 0)
                return "".join(deque(log, _QUOTED_LINES))
        except FileNotFoundError:
            return ""

    def died(self, happened: str) -> ChildDied:
        """Word the error for what happened to this process."""
        return ChildDied(self.program.name, happened, self.program.log, self.last_lines())

    async def _launch(self) -> None:
        program = self.program
        program.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if program.log.exists() and program.log.stat().st_size > _LOG_LIMIT:
            program.log.replace(program.log.with_suffix(".old.log"))
        with _opened_for_its_owner(program.log) as log:
            if self._began_at is None or log.tell() < self._began_at:
                self._began_at = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *leashed(program.argv, program.death_signal),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(program.env),
                cwd=program.cwd,
                pass_fds=tuple(program.kept_fds),
                start_new_session=True,
                umask=0o077,  # what it writes is for its owner only: histories, books
            )
        self._exit = asyncio.create_task(self._process.wait(), name=f"exit of {program.name}")

    async def _ended_within(self, seconds: float) -> bool:
        if self._exit is None:
            return True
        done, _ = await asyncio.wait({self._exit}, timeout=seconds)
        return bool(done)


def _opened_for_its_owner(file: Path) -> IO[bytes]:
    """Open a log to add to it; also one that an older release left readable by others."""
    log = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab")
    os.fchmod(log.fileno(), 0o600)
    return log


def leashed(argv: Sequence[str], death_signal: signal.Signals) -> list[str]:
    """Prefix a command so that the kernel sends it `death_signal` when this process ends in any way."""
    here = [sys.executable, "-I", "-S", str(Path(leash.__file__))]
    return [*here, str(int(death_signal)), str(os.getpid()), *argv]
