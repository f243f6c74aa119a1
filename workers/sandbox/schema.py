"""The tables of the book, and how a book of an earlier format becomes one of today's."""

import sqlite3

from workflows.complaint.domain.filing import OrderLine

VERSION = 3

_CALLBACKS = """
CREATE TABLE callbacks (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES payments (key), state TEXT NOT NULL, due REAL NOT NULL,
    result TEXT, took_effect INTEGER NOT NULL DEFAULT 0, times INTEGER NOT NULL DEFAULT 1 CHECK (times >= 1),
    attempts INTEGER NOT NULL DEFAULT 0, note TEXT
) STRICT;
CREATE INDEX callbacks_waiting ON callbacks (due) WHERE state = 'waiting';
CREATE INDEX callbacks_of_a_payment ON callbacks (key);
"""

_ACCOUNTS = """
CREATE TABLE accounts (
    name TEXT PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0), said INTEGER NOT NULL DEFAULT 1
) STRICT;
"""

_CARRIERS = """
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

_TODAY = f"""
CREATE TABLE orders (order_id TEXT, line INTEGER, facts TEXT NOT NULL, PRIMARY KEY (order_id, line)) STRICT;
{_ACCOUNTS}
CREATE TABLE payments (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, complaint TEXT NOT NULL, request TEXT NOT NULL,
    state TEXT NOT NULL, reference TEXT NOT NULL, reason TEXT, time TEXT NOT NULL,
    changed TEXT NOT NULL DEFAULT '', from_deposit INTEGER NOT NULL DEFAULT 0, available INTEGER,
    error_kept INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX payments_of_a_complaint ON payments (complaint);
CREATE INDEX payments_by_change ON payments (changed);
{_CALLBACKS}
CREATE TABLE notices (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL, notice TEXT NOT NULL,
    time TEXT NOT NULL
) STRICT;
CREATE INDEX notices_of_a_recipient ON notices (recipient);
CREATE TABLE faults (
    number INTEGER PRIMARY KEY AUTOINCREMENT, partner TEXT NOT NULL, mode TEXT NOT NULL, operation TEXT,
    times INTEGER NOT NULL CHECK (times >= 0), complaint TEXT
) STRICT;
{_CARRIERS}
"""

_FROM_1 = f"""
{_ACCOUNTS}
INSERT INTO accounts (name, balance) SELECT 'seller_deposit:' || seller_id, deposit FROM sellers;
DROP TABLE sellers;
ALTER TABLE payments ADD COLUMN changed TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN from_deposit INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN available INTEGER;
ALTER TABLE payments ADD COLUMN error_kept INTEGER NOT NULL DEFAULT 0;
UPDATE payments SET changed = time;
CREATE INDEX payments_by_change ON payments (changed);
DROP INDEX callbacks_waiting;
ALTER TABLE callbacks RENAME TO callbacks_of_1;
{_CALLBACKS}
INSERT INTO callbacks (key, state, due, result, took_effect, attempts, note)
SELECT key, state, due, result, result IS NOT NULL, attempts, note FROM callbacks_of_1 ORDER BY due;
DROP TABLE callbacks_of_1;
ALTER TABLE faults ADD COLUMN complaint TEXT;
"""  # noqa: S608  fixed words


_STEPS = {0: _TODAY, 1: _FROM_1 + _CARRIERS, 2: _CARRIERS}
"""What brings a book of each format up to date; 0 is an empty one."""


def prepare(book: sqlite3.Connection) -> None:
    """Make the tables, or bring older ones up to date, in one transaction; raises sqlite3.DatabaseError."""
    (version,) = book.execute("PRAGMA user_version").fetchone()
    if not 0 <= version <= VERSION:
        raise sqlite3.DatabaseError(f"it has format {version}, this version reads formats 1 to {VERSION}")
    if version == VERSION:
        return
    book.execute("PRAGMA foreign_keys = OFF")  # a table is replaced, its rows kept
    book.execute("BEGIN IMMEDIATE")
    try:
        for statement in _STEPS[version].split(";"):
            book.execute(statement)
        if version == 1:
            _hold_what_orders_say(book)
        book.execute(f"PRAGMA user_version = {VERSION}")
        book.execute("COMMIT")
    except BaseException:
        book.execute("ROLLBACK")
        raise
    book.execute("PRAGMA foreign_keys = ON")


def _hold_what_orders_say(book: sqlite3.Connection) -> None:
    """Open the held money of every line; format 1 did not keep whether less than the price had been said."""
    for order_id, line, facts in book.execute("SELECT order_id, line, facts FROM orders").fetchall():
        try:
            order = OrderLine.model_validate_json(facts)
        except ValueError:
            raise sqlite3.DatabaseError(f"line {line} of order {order_id} cannot be read") from None
        price, held = order.ceiling.amount, order.ceiling.amount if order.held is None else order.held.amount
        row = (f"seller_held:{order_id}/{line}", held, held < price)
        book.execute("INSERT INTO accounts (name, balance, said) VALUES (?, ?, ?)", row)
