"""A file of the operator's that is read again whenever it changes; while it is broken, what it last said goes on."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

_log = structlog.stdlib.get_logger("redress.settings")

T = TypeVar("T")

_OWNER_ONLY = 0o077


class Watched(Generic[T]):
    """What a file says just now, by `read`, which raises with the place and what to do when it is broken."""

    def __init__(self, path: Path, read: Callable[[Path], T], *, until_made: T | None = None) -> None:
        """Read the file; raises what `read` raises. `until_made` is what counts until there is a file."""
        self._path, self._read = path, read
        self._seen = _mark(path)
        self._said = read(path) if until_made is None or self._seen else until_made

    def now(self) -> T:
        """Return what the file says now, or said before it was broken."""
        if (mark := _mark(self._path)) != self._seen:
            self._seen = mark
            try:
                self._said = self._read(self._path)
            except Exception as wrong:  # noqa: BLE001 - whatever is wrong with it, the last good one serves
                _log.error("kept as it was", file=self._path.name, reason=str(wrong))
            else:
                _log.info("read again", file=self._path.name)
        return self._said


def others_can_read(path: Path) -> bool:
    """Say whether a file with secrets in it can be read by others than its owner; raises OSError."""
    return bool(path.stat().st_mode & _OWNER_ONLY)


def _mark(path: Path) -> tuple[int, int, int, int] | None:
    try:
        at = path.stat()
    except OSError:
        return None
    return at.st_mtime_ns, at.st_size, at.st_ino, stat.S_IMODE(at.st_mode)
