"""The tables of the book."""

import sqlite3

VERSION = 3
"""A book of any other format is left alone."""

_TABLES = """
CREATE TABLE orders (order_id TEXT, line INTEGER, facts TEXT NOT NULL, PRIMARY KEY (order_id, line)) STRICT;
CREATE TABLE accounts (
    name TEXT PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0), said INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE payments (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, complaint TEXT NOT NULL, request TEXT NOT NULL,
    state TEXT NOT NULL, reference TEXT NOT NULL, reason TEXT, time TEXT NOT NULL,
    changed TEXT NOT NULL DEFAULT '', from_deposit INTEGER NOT NULL DEFAULT 0, available INTEGER,
    error_kept INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX payments_of_a_complaint ON payments (complaint);
CREATE INDEX payments_by_change ON payments (changed);
CREATE TABLE callbacks (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES payments (key), state TEXT NOT NULL, due REAL NOT NULL,
    result TEXT, took_effect INTEGER NOT NULL DEFAULT 0, times INTEGER NOT NULL DEFAULT 1 CHECK (times >= 1),
    attempts INTEGER NOT NULL DEFAULT 0, note TEXT
) STRICT;
CREATE INDEX callbacks_waiting ON callbacks (due) WHERE state = 'waiting';
CREATE INDEX callbacks_of_a_payment ON callbacks (key);
CREATE TABLE notices (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, notice TEXT NOT NULL,
    time TEXT NOT NULL
) STRICT;
CREATE INDEX notices_of_a_recipient ON notices (recipient);
CREATE TABLE faults (
    number INTEGER PRIMARY KEY AUTOINCREMENT, partner TEXT NOT NULL, mode TEXT NOT NULL, operation TEXT,
    times INTEGER NOT NULL CHECK (times >= 0), complaint TEXT
) STRICT;
CREATE TABLE subscriptions (carrier TEXT, tracking TEXT, PRIMARY KEY (carrier, tracking)) STRICT;
CREATE TABLE parcel_events (
    number INTEGER PRIMARY KEY, carrier TEXT NOT NULL, tracking TEXT NOT NULL, event TEXT NOT NULL, at TEXT NOT NULL,
    UNIQUE (carrier, tracking, event, at)
) STRICT;
CREATE TABLE pushes (
    number INTEGER PRIMARY KEY, carrier TEXT NOT NULL, tracking TEXT NOT NULL, body TEXT NOT NULL,
    state TEXT NOT NULL, due REAL NOT NULL, times INTEGER NOT NULL DEFAULT 1 CHECK (times >= 1),
    attempts INTEGER NOT NULL DEFAULT 0, note TEXT
) STRICT;
CREATE INDEX pushes_waiting ON pushes (due) WHERE state = 'waiting';
"""


def prepare(book: sqlite3.Connection) -> None:
    """Make the tables of an empty book, in one transaction; raises sqlite3.DatabaseError for one of another format."""
    (version,) = book.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version:
        raise sqlite3.DatabaseError(f"it has format {version}, this version reads format {VERSION}")
    book.execute("BEGIN IMMEDIATE")
    try:
        for statement in _TABLES.split(";"):
            book.execute(statement)
        book.execute(f"PRAGMA user_version = {VERSION}")
        book.execute("COMMIT")
    except BaseException:
        book.execute("ROLLBACK")
        raise
