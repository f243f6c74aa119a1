"""Result files of bulk runs: one JSON line per item, appended as it completes, read by the next run to resume.

The first line is a header that says what the results are about. One process writes at a time (flock); a partial last
line, left by a crash, is cut off.
"""

import asyncio
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from starter.client.errors import WrongUse


def digest(text: str) -> bytes:
    """Return a 12-byte digest: among a million lines a collision is less likely than one in 10^16."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


_SYNC_SECONDS = 0.5
"""Interval of fsync: a power failure costs half a second of results, which are produced again."""


class ResultFile:
    """A result file open for writing."""

    def __init__(self, path: Path, descriptor: int, head: dict[str, Any], *, is_new: bool) -> None:
        self.path, self.head, self.is_new = path, head, is_new
        self._descriptor = descriptor
        self._unsynced = False

    @classmethod
    def open(cls, path: Path, head: dict[str, Any]) -> Self:
        """Open the file, writing the header if it is new; raises WrongUse.

        The header of an existing file must have the same values: results of another server or input do not count.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as wrong:
            raise WrongUse(f"{path}: cannot be written ({wrong.strerror}); name another file with --results") from None
        try:
            return cls._locked(path, descriptor, head)
        except BaseException:
            os.close(descriptor)
            raise

    @classmethod
    def _locked(cls, path: Path, descriptor: int, head: dict[str, Any]) -> Self:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongUse(f"{path}: another run writes into it just now; wait for its end") from None
        _truncate_partial(descriptor)
        first = next(_rows(path), None)
        results = cls(path, descriptor, first or head, is_new=first is None)
        if first is None:
            results.add(head)
        elif other := [name for name, value in head.items() if first.get(name) != value]:
            known = ", ".join(f"{name} {first.get(name)}, not {head[name]}" for name in other)
            raise WrongUse(f"{path}: holds results of something else ({known}); name another file with --results")
        return results

    def delete(self) -> None:
        """Delete the file."""
        self.path.unlink()

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the results without the header; raises WrongUse for an invalid line."""
        rows = _rows(self.path)
        next(rows, None)
        yield from rows

    def add(self, result: dict[str, Any]) -> None:
        """Append one result; durable within half a second."""
        line = json.dumps(result, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError as wrong:
            raise WrongUse(f"{self.path}: cannot be written ({wrong.strerror}); mend that and run it again") from None
        self._unsynced = True

    @asynccontextmanager
    async def synced(self) -> AsyncIterator[Self]:
        """Sync appended results to disk every half second and at the end, then close."""
        syncing = asyncio.create_task(self._sync())
        try:
            yield self
        finally:
            syncing.cancel()
            os.fsync(self._descriptor)
            os.close(self._descriptor)

    async def _sync(self) -> None:
        while True:
            await asyncio.sleep(_SYNC_SECONDS)
            if self._unsynced:
                self._unsynced = False
                await asyncio.to_thread(os.fsync, self._descriptor)


def _truncate_partial(descriptor: int) -> None:
    """Truncate whatever follows the last line end."""
    end = os.fstat(descriptor).st_size
    while end:
        begin = max(end - 4096, 0)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if found >= 0:
            end = begin + found + 1
            break
        end = begin
    os.ftruncate(descriptor, end)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as opened:
        for number, line in enumerate(opened, start=1):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise WrongUse(f"{path}: line {number} is no result; name another file with --results")
            yield row
