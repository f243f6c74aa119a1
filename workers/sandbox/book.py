"""The sandbox's durable book: one SQLite file, one writer, every answer given only after its commit is on disk."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from workers.sandbox import schema

T = TypeVar("T")


class BookUnusable(Exception):  # noqa: N818 - named as the news it brings
    """The book file cannot be opened; the text says why and what to do."""


class Book:
    """All the partners know. One thread owns the connection: transactions follow each other, the loop stays free."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="book")
        self._connection: sqlite3.Connection | None = None

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the book; raises BookUnusable."""
        book = cls(path)
        try:
            book._connection = await book._on_thread(book._connect)
        except (sqlite3.Error, OSError) as broken:
            book._thread.shutdown()
            raise BookUnusable(_advice(path, broken)) from None
        return book

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do the work in one transaction; when this returns it is on disk, when it raises nothing was done."""
        return await self._on_thread(lambda: self._transact(work))

    async def close(self) -> None:
        """Close the file; what was answered is in it."""
        if self._connection is not None:
            await self._on_thread(self._connection.close)
        self._thread.shutdown()

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=1)
        try:
            # Exclusive: a second sandbox on the same file is refused, and the lock dies with the process.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # money: an answer must outlive a power cut
            connection.execute("PRAGMA foreign_keys = ON")
            schema.prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            raise BookUnusable(f"the book {self._path} is not open")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return result


def _advice(path: Path, broken: Exception) -> str:
    if "locked" in str(broken):
        return f"the book {path} is in use by another sandbox; stop that one, or name another file with --book"
    return f"the book {path} cannot be used ({broken}); name another file with --book, or mend or remove this one"
