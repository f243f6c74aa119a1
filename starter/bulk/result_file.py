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


def short(text: str) -> bytes:
    """Return 12 bytes: among a million lines, two alike by chance are less likely than one in 10^16."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


_SECONDS = 0.5
"""How often what was written is forced to the disk: a power cut costs half a second of asking again."""


class Results:
    """The result file while it is open for writing."""

    def __init__(self, path: Path, descriptor: int, head: dict[str, Any], *, fresh: bool) -> None:
        self.path, self.head, self.fresh = path, head, fresh
        self._descriptor = descriptor
        self._unforced = False

    @classmethod
    def begin(cls, path: Path, head: dict[str, Any]) -> Self:
        """Open it, beginning it with that head if it is new; raises WrongUse.

        What stands in an old head under the same names must be the same: results of one place say nothing of another.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as wrong:
            raise WrongUse(f"{path}: cannot be written ({wrong.strerror}); name another file with --results") from None
        try:
            return cls._begun(path, descriptor, head)
        except BaseException:
            os.close(descriptor)
            raise

    @classmethod
    def _begun(cls, path: Path, descriptor: int, head: dict[str, Any]) -> Self:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongUse(f"{path}: another run writes into it just now; wait for its end") from None
        _cut(descriptor)
        first = next(_rows(path), None)
        results = cls(path, descriptor, first or head, fresh=first is None)
        if first is None:
            results.add(head)
        elif other := [name for name, value in head.items() if first.get(name) != value]:
            known = ", ".join(f"{name} {first.get(name)}, not {head[name]}" for name in other)
            raise WrongUse(f"{path}: holds results of something else ({known}); name another file with --results")
        return results

    def forget(self) -> None:
        """Remove the file: nothing came of it."""
        self.path.unlink()

    def earlier(self) -> Iterator[dict[str, Any]]:
        """Yield what the file holds, the head left out; raises WrongUse for what is no result."""
        rows = _rows(self.path)
        next(rows, None)
        yield from rows

    def add(self, result: dict[str, Any]) -> None:
        """Write one result; it is there for good within half a second, even if the machine stops."""
        line = json.dumps(result, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError as wrong:
            raise WrongUse(f"{self.path}: cannot be written ({wrong.strerror}); mend that and run it again") from None
        self._unforced = True

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Self]:
        """Force what is added to the disk every half second, and at the end; then close the file."""
        forcing = asyncio.create_task(self._force())
        try:
            yield self
        finally:
            forcing.cancel()
            os.fsync(self._descriptor)
            os.close(self._descriptor)

    async def _force(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS)
            if self._unforced:
                self._unforced = False
                await asyncio.to_thread(os.fsync, self._descriptor)


def _cut(descriptor: int) -> None:
    """Cut off what follows the last line end."""
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
