"""The payment provider's page of the book: one payment per key, whatever is sent and however often."""

import hashlib
import sqlite3
import time
from datetime import UTC, datetime
from typing import NamedTuple

from workers.sandbox import faults
from workers.sandbox.faults import TRANSPORT, UNDONE, Mode, Partner
from workers.sandbox.shapes import Payment, PaymentRequest, PaymentState

_COLUMNS = "p.key, p.request, p.state, p.reference, p.reason, p.time, c.state"
_ROWS = f"SELECT {_COLUMNS} FROM payments p LEFT JOIN callbacks c ON c.key = p.key"  # noqa: S608  fixed words


class KeyReused(Exception):  # noqa: N818 - named as the news it brings
    """The key already stands for another payment."""


class Sent(NamedTuple):
    """What became of one `POST /payments`: the fault it met, and the payment, absent if nothing was done."""

    fault: Mode | None
    payment: Payment | None
    new: bool = False


class Callback(NamedTuple):
    """A word the provider owes the complaint, and how often it has tried to give it."""

    key: str
    attempts: int


def send(book: sqlite3.Connection, request: PaymentRequest, callback_after: float) -> Sent:
    """Pay once per key; a known key gives the stored payment. Raises KeyReused if it stands for another payment."""
    known = _known(book, request)
    fault = faults.take(book, Partner.PAYMENT, "send", TRANSPORT if known else tuple(Mode))
    if fault in UNDONE or known is not None:
        return Sent(fault, None if fault in UNDONE else known)
    _insert(book, request, _state_under(fault))
    if fault is Mode.PENDING:
        book.execute(
            "INSERT INTO callbacks (key, state, due) VALUES (?, 'waiting', ?)",
            (request.key, time.time() + callback_after),
        )
    return Sent(fault, look_up(book, request.key), new=True)


def _known(book: sqlite3.Connection, request: PaymentRequest) -> Payment | None:
    row = book.execute("SELECT request FROM payments WHERE key = ?", (request.key,)).fetchone()
    if row is None:
        return None
    if PaymentRequest.model_validate_json(row[0]) != request:
        raise KeyReused(f"the key {request.key} already stands for another payment; use a new key for a new payment")
    return look_up(book, request.key)


def _state_under(fault: Mode | None) -> PaymentState:
    if fault is Mode.PENDING:
        return "pending"
    return "declined" if fault is Mode.DECLINED else "settled"


def _insert(book: sqlite3.Connection, request: PaymentRequest, state: PaymentState) -> None:
    reference = f"sp-{hashlib.sha256(request.key.encode()).hexdigest()[:16]}"
    reason = "declined by the provider" if state == "declined" else None
    book.execute(
        "INSERT INTO payments (key, complaint, request, state, reference, reason, time) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (request.key, complaint_of(request.key), request.model_dump_json(), state, reference, reason, _now()),
    )


def look_up(book: sqlite3.Connection, key: str) -> Payment | None:
    """Return the payment of a key as it stands now; None if the provider never heard of it."""
    row = book.execute(f"{_ROWS} WHERE p.key = ?", (key,)).fetchone()
    return None if row is None else _payment(row)


def payments(book: sqlite3.Connection, complaint: str | None) -> list[Payment]:
    """Return the provider's book, of one complaint or whole, in the order it was written."""
    if complaint is None:
        return [_payment(row) for row in book.execute(f"{_ROWS} ORDER BY p.number")]
    return [_payment(row) for row in book.execute(f"{_ROWS} WHERE p.complaint = ? ORDER BY p.number", (complaint,))]


def complaint_of(key: str) -> str:
    """Return the complaint a movement's key belongs to: its first part."""
    return key.split(":", 1)[0]


def callbacks_due(book: sqlite3.Connection, at: float, most: int) -> list[Callback]:
    """Return at most so many callbacks to be made by that instant (seconds since 1970), earliest first."""
    rows = book.execute(
        "SELECT key, attempts FROM callbacks WHERE state = 'waiting' AND due <= ? ORDER BY due LIMIT ?",
        (at, most),
    )
    return [Callback(*row) for row in rows]


def next_callback_at(book: sqlite3.Connection) -> float | None:
    """Return when the next callback is due (seconds since 1970); None if none waits."""
    (due,) = book.execute("SELECT min(due) FROM callbacks WHERE state = 'waiting'").fetchone()
    return None if due is None else float(due)


def decide(book: sqlite3.Connection, key: str) -> Payment:
    """Settle or fail a pending payment, once; a `declined` fault for `callback` makes it fail."""
    (result,) = book.execute("SELECT result FROM callbacks WHERE key = ?", (key,)).fetchone()
    if result is None:
        fault = faults.take(book, Partner.PAYMENT, "callback", (Mode.DECLINED,))
        result, reason = ("failed", "declined by the provider") if fault else ("settled", None)
        book.execute("UPDATE callbacks SET result = ? WHERE key = ?", (result, key))
        book.execute("UPDATE payments SET state = ?, reason = ? WHERE key = ?", (result, reason, key))
    payment = look_up(book, key)
    if payment is None:
        raise LookupError(f"the book has a callback for {key} but no such payment")
    return payment


def postpone_callback(book: sqlite3.Connection, key: str, until: float, note: str) -> None:
    """Try the callback again at that instant (seconds since 1970); the note says why it did not arrive."""
    book.execute("UPDATE callbacks SET due = ?, attempts = attempts + 1, note = ? WHERE key = ?", (until, note, key))


def end_callback(book: sqlite3.Connection, key: str, state: str, note: str) -> None:
    """Write down that the callback was `delivered`, or is `undeliverable` and why."""
    book.execute("UPDATE callbacks SET state = ?, attempts = attempts + 1, note = ? WHERE key = ?", (state, note, key))


def _payment(row: tuple[str, ...]) -> Payment:
    _, request, state, reference, reason, at, callback = row
    found = PaymentRequest.model_validate_json(request)
    return Payment.model_validate(
        {**dict(found), "state": state, "reference": reference, "reason": reason, "callback": callback,
         "time": datetime.fromisoformat(at)}
    )  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat()
