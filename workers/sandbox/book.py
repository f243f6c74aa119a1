"""The sandbox's durable book: one SQLite file, one writer, every answer given only after its commit is on disk."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

T = TypeVar("T")

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE orders (order_id TEXT, line INTEGER, facts TEXT NOT NULL, PRIMARY KEY (order_id, line)) STRICT;
CREATE TABLE sellers (seller_id TEXT PRIMARY KEY, deposit INTEGER NOT NULL) STRICT;
CREATE TABLE payments (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, complaint TEXT NOT NULL, request TEXT NOT NULL,
    state TEXT NOT NULL, reference TEXT NOT NULL, reason TEXT, time TEXT NOT NULL
) STRICT;
CREATE INDEX payments_of_a_complaint ON payments (complaint);
CREATE TABLE callbacks (
    key TEXT PRIMARY KEY REFERENCES payments (key), state TEXT NOT NULL, due REAL NOT NULL,
    result TEXT, attempts INTEGER NOT NULL DEFAULT 0, note TEXT
) STRICT;
CREATE INDEX callbacks_waiting ON callbacks (due) WHERE state = 'waiting';
CREATE TABLE notices (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, notice TEXT NOT NULL,
    time TEXT NOT NULL
) STRICT;
CREATE INDEX notices_of_a_recipient ON notices (recipient);
CREATE TABLE faults (
    number INTEGER PRIMARY KEY AUTOINCREMENT, partner TEXT NOT NULL, mode TEXT NOT NULL, operation TEXT,
    times INTEGER NOT NULL CHECK (times >= 0)
) STRICT;
"""


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
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"it has format {version}, this version reads format {SCHEMA_VERSION}")

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
