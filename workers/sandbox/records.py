"""The pages of the book: orders, sellers and notices, each function inside the caller's transaction."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from workers.sandbox import funds
from workers.sandbox.shapes import ArrivedNotice, Notice, SandboxOrder, SellerAccount
from workflows.complaint.domain.filing import OrderLine
from workflows.parties import Party


def put_orders(book: sqlite3.Connection, orders: Sequence[SandboxOrder]) -> None:
    """Write order lines; one that is there already is replaced, what was drawn from its held money stays drawn."""
    for order in orders:
        before = _facts(book, order.order_id, order.line)
        funds.put_held(book, order, before.held if before else None)
        book.execute(
            "INSERT OR REPLACE INTO orders (order_id, line, facts) VALUES (?, ?, ?)",
            (order.order_id, order.line, order.facts.model_dump_json(exclude_none=True)),
        )


def order_line(book: sqlite3.Connection, order_id: str, line: int) -> OrderLine | None:
    """Return the facts of one order line, `held` as it is now; None if there is no such line."""
    facts = _facts(book, order_id, line)
    return None if facts is None else facts.but(held=funds.balance(book, funds.held_of(order_id, line)))


def _facts(book: sqlite3.Connection, order_id: str, line: int) -> OrderLine | None:
    row = book.execute("SELECT facts FROM orders WHERE order_id = ? AND line = ?", (order_id, line)).fetchone()
    return None if row is None else OrderLine.model_validate_json(row[0])


def put_sellers(book: sqlite3.Connection, sellers: Sequence[SellerAccount]) -> None:
    """Write sellers' deposits; one that is there already is replaced."""
    for seller in sellers:
        funds.put_deposit(book, seller.seller_id, seller.deposit)


def seller(book: sqlite3.Connection, seller_id: str) -> SellerAccount | None:
    """Return a seller's deposit as it is now; None if the seller is unknown."""
    deposit = funds.balance(book, funds.deposit_of(seller_id))
    return None if deposit is None else SellerAccount(seller_id=seller_id, deposit=deposit)


def deliver(book: sqlite3.Connection, notice: Notice) -> bool:
    """Put a notice into its recipient's inbox; False if one with this key has arrived before, which stays as it is."""
    written = book.execute(
        "INSERT INTO notices (key, recipient, notice, time) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        (notice.key, str(notice.to), notice.model_dump_json(), datetime.now(UTC).isoformat()),
    )
    return written.rowcount == 1


def inbox(book: sqlite3.Connection, to: Party | None) -> list[ArrivedNotice]:
    """Return the notices that arrived, of one recipient or of all, in the order of their arrival."""
    condition, values = ("WHERE recipient = ?", (str(to),)) if to else ("", ())
    rows = book.execute(f"SELECT notice, time FROM notices {condition} ORDER BY number", values)  # noqa: S608  fixed words
    return [_arrived(notice, time) for notice, time in rows]


def _arrived(notice: str, time: str) -> ArrivedNotice:
    return ArrivedNotice(**dict(Notice.model_validate_json(notice)), time=datetime.fromisoformat(time))
