"""A book of an earlier format is brought up to date when it is opened, with all that is in it."""

import sqlite3
import time
from pathlib import Path

import pytest

from tests.workers.sandbox.running import RunningSandbox, a_movement, an_order
from workers.sandbox.book import Book, BookUnusable
from workers.sandbox.shapes import PaymentRequest

FORMAT_1 = """
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
PRAGMA user_version = 1;
"""


def a_book_of_format_1(path: Path) -> str:
    """Write one with an order, a seller, a fault and a pending payment; returns the payment's key."""
    movement, order = a_movement(), an_order()
    request = PaymentRequest.model_validate_json(
        movement.model_dump_json(by_alias=True, include={"key", "purpose", "payer", "payee", "amount", "remark"})
    )
    with sqlite3.connect(path) as book:
        book.executescript(FORMAT_1)
        book.execute(
            "INSERT INTO orders VALUES (?, 1, ?)", (order.order_id, order.facts.model_dump_json(exclude_none=True))
        )
        book.execute("INSERT INTO sellers VALUES ('sl-old', 700)")
        book.execute("INSERT INTO faults (partner, mode, times) VALUES ('orders', 'error_500', 1)")
        book.execute(
            "INSERT INTO payments VALUES (1, ?, ?, ?, 'pending', 'sp-1', NULL, '2026-11-20T01:02:03+00:00')",
            (request.key, request.key.split(":")[0], request.model_dump_json(exclude_none=True)),
        )
        book.execute(
            "INSERT INTO callbacks (key, state, due) VALUES (?, 'waiting', ?)", (request.key, time.time() + 3600)
        )
    book.close()
    return request.key


async def test_a_book_of_the_first_format_goes_on_with_all_it_had(tmp_path: Path) -> None:
    key = a_book_of_format_1(tmp_path / "book.db")
    async with RunningSandbox(tmp_path) as running, running.client() as operator:
        (payment,) = await operator.book()
        assert (payment.key, payment.reference, payment.time) == (key, "sp-1", payment.changed)
        assert (payment.state, payment.callback) == ("pending", "waiting")
        (fault,) = await operator.faults()
        assert (fault.mode, fault.complaint) == ("error_500", None)
        await running.kill()
        await running.start()
        assert [line.key for line in await operator.book()] == [key]
    with sqlite3.connect(tmp_path / "book.db") as book:
        accounts = dict(book.execute("SELECT name, balance FROM accounts").fetchall())
        (said,) = book.execute("SELECT said FROM accounts WHERE name LIKE 'seller_held:%'").fetchone()
    book.close()
    assert accounts == {"seller_deposit:sl-old": 700, "seller_held:o-20261101-7/1": 30900}
    assert not said


async def test_a_book_that_cannot_be_brought_up_to_date_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    a_book_of_format_1(path)
    with sqlite3.connect(path) as book:
        book.execute("UPDATE orders SET facts = 'torn'")
    book.close()
    with pytest.raises(BookUnusable, match="line 1 of order o-20261101-7 cannot be read"):
        await Book.open(path)
    with sqlite3.connect(path) as book:
        assert book.execute("PRAGMA user_version").fetchone() == (1,)
        assert book.execute("SELECT deposit FROM sellers").fetchall() == [(700,)]
    book.close()
