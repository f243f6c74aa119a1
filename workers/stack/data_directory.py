"""The data directory: one stack at a time, with room on the disk."""

import asyncio
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from workers.stack.errors import DataDirInUse, DiskFull, StackError

_GLANCE = 0.05
# Longer than the children of a killed supervisor need to die.
_LEFTOVERS_END_WITHIN = 20.0
# A supervisor killed this moment still counts as alive for an instant.
_HOLDER_ENDS_WITHIN = 1.0


class DataDir:
    """A directory and the lock on it.

    The lock belongs to an open file that every child inherits, so it is held until the last process
    of a stack is gone, also when its supervisor was killed: nobody starts a second database beside a dying one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock: int | None = None

    @property
    def lock_fd(self) -> int:
        """The descriptor that children keep open; only while the lock is held."""
        if self._lock is None:
            raise StackError(f"the data directory {self.path} is not locked")
        return self._lock

    @property
    def stack_file(self) -> Path:
        """Where a running stack says how to reach it."""
        return self.path / "stack.json"

    async def lock(self) -> None:
        """Take the directory; raises `DataDirInUse` naming the holder. Waits for the remains of a killed stack."""
        self._make()
        fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await self._take(fd)
        except BaseException:
            os.close(fd)
            raise
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._lock = fd

    def unlock(self) -> None:
        """Give the directory up; the lock lasts until the children are gone too."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def check_room(self, needed: int) -> None:
        """Raise `DiskFull` when less than `needed` bytes are free."""
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise DiskFull(self.path, free, needed)

    def write_stack(self, facts: Mapping[str, Any]) -> None:
        """Publish how to reach the stack, readable by its owner only (it holds the database password)."""
        self._write(self.stack_file, json.dumps(facts, indent=2))

    def secret(self, name: str) -> str:
        """Return the secret kept in the file of that name, made with the directory and readable by its owner only."""
        file = self.path / name
        if not file.exists():
            self._write(file, secrets.token_urlsafe(32))
        return file.read_text().strip()

    def forget_stack(self) -> None:
        """Withdraw what `write_stack` said."""
        self.stack_file.unlink(missing_ok=True)

    def _write(self, file: Path, text: str) -> None:
        """Write a file whole or not at all, readable by its owner only."""
        fresh = file.with_name(f"{file.name}.new")
        with suppress(FileNotFoundError):
            fresh.unlink()
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)
        fresh.replace(file)

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.path / "logs").mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise StackError(
                f"the data directory {self.path} cannot be made ({error.strerror}): choose another with --data-dir"
            ) from error

    async def _take(self, fd: int) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not _try_lock(fd):
            holder = _read_holder(fd)
            alive = holder is not None and is_alive(holder)
            if loop.time() - began > (_HOLDER_ENDS_WITHIN if alive else _LEFTOVERS_END_WITHIN):
                raise DataDirInUse(self.path, holder)
            await asyncio.sleep(_GLANCE)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be buried does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_holder(fd: int) -> int | None:
    text = os.pread(fd, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isdecimal() else None
