"""What the provider says of a payment after its answer: each word kept, taking effect once, told until it arrived."""

import sqlite3
import time
from datetime import UTC, datetime
from typing import NamedTuple

from workers.sandbox import faults, funds
from workers.sandbox.faults import Mode, Partner
from workers.sandbox.shapes import PaymentRequest, PaymentState

FAILURE = "declined by the provider"

_REPEATS = 5

_SAYS: dict[Mode, tuple[str | None, ...]] = {
    Mode.PENDING: (None,),
    Mode.PENDING_FAILS: ("failed",),
    Mode.CALLBACK_FIRST: ("settled",),
    Mode.CALLBACK_REPEATED: ("settled",),
    Mode.FAILED_THEN_SETTLED: ("failed", "settled"),
    Mode.SETTLED_THEN_FAILED: ("settled", "failed"),
}
"""The words of each mode in their order; None is decided when it is due."""

_DUE = (
    "c.state = 'waiting' AND NOT EXISTS"
    " (SELECT 1 FROM callbacks e WHERE e.key = c.key AND e.number < c.number AND e.state = 'waiting')"
)
"""The words of one payment are told in their order."""

STANDS = frozenset({"settled", "pending"})
"""The states in which a payment's money has left the payer."""


class Callback(NamedTuple):
    """A word the provider owes the complaint, and how often it has tried to give it."""

    number: int
    key: str
    attempts: int


class NotSettled(Exception):  # noqa: N818 - named as the news it brings
    """Only a settled payment whose money has not moved on can be taken back; the text says how it stands."""


def promise(book: sqlite3.Connection, key: str, fault: Mode, callback_after: float) -> None:
    """Owe the complaint what that fault says of a new payment, in seconds from now."""
    times = _REPEATS if fault is Mode.CALLBACK_REPEATED else 1
    for number, result in enumerate(_SAYS[fault], start=1):
        wait = 0.0 if fault is Mode.CALLBACK_FIRST else callback_after * number
        book.execute(
            "INSERT INTO callbacks (key, state, due, result, times) VALUES (?, 'waiting', ?, ?, ?)",
            (key, time.time() + wait, result, times),
        )


def due(book: sqlite3.Connection, at: float, most: int) -> list[Callback]:
    """Return at most so many callbacks to be made by that instant (seconds since 1970), earliest first."""
    rows = book.execute(
        f"SELECT number, key, attempts FROM callbacks c WHERE {_DUE} AND due <= ? ORDER BY due LIMIT ?",  # noqa: S608
        (at, most),
    )
    return [Callback(*row) for row in rows]


def next_at(book: sqlite3.Connection) -> float | None:
    """Return when the next callback is due (seconds since 1970); None if none waits."""
    (instant,) = book.execute(f"SELECT min(due) FROM callbacks c WHERE {_DUE}").fetchone()  # noqa: S608  fixed words
    return None if instant is None else float(instant)


def take_effect(book: sqlite3.Connection, callback: Callback) -> PaymentState:
    """Return what the word says, deciding it and changing the payment the first time; a `declined` fault fails it."""
    result, done = book.execute(
        "SELECT result, took_effect FROM callbacks WHERE number = ?", (callback.number,)
    ).fetchone()
    if result is None:
        fault = faults.take(book, Partner.PAYMENT, "callback", (Mode.DECLINED,), about=funds.complaint_of(callback.key))
        result = "failed" if fault else "settled"
    if not done:
        result = _turned(book, callback.key, result)
        book.execute("UPDATE callbacks SET result = ?, took_effect = 1 WHERE number = ?", (result, callback.number))
    said: PaymentState = result
    return said


def _turned(book: sqlite3.Connection, key: str, state: PaymentState) -> PaymentState:
    """Turn a payment, or leave it as it stands where its money has moved on; returns how it stands then."""
    book.execute("SAVEPOINT turning")
    try:
        turn(book, key, state)
    except sqlite3.IntegrityError:
        book.execute("ROLLBACK TO turning")
        (state,) = book.execute("SELECT state FROM payments WHERE key = ?", (key,)).fetchone()
    book.execute("RELEASE turning")
    return state


def turn(book: sqlite3.Connection, key: str, state: PaymentState) -> None:
    """Change a payment's state, and its money with it; raises sqlite3.IntegrityError where that has moved on."""
    before, asked, from_deposit = book.execute(
        "SELECT state, request, from_deposit FROM payments WHERE key = ?", (key,)
    ).fetchone()
    if (state in STANDS) != (before in STANDS):
        funds.move(book, PaymentRequest.model_validate_json(asked), from_deposit, back=before in STANDS)
    reason = FAILURE if state == "failed" else None
    changed = datetime.now(UTC).isoformat()
    book.execute("UPDATE payments SET state = ?, reason = ?, changed = ? WHERE key = ?", (state, reason, changed, key))


def reverse(book: sqlite3.Connection, key: str) -> bool:
    """Take a settled payment back and owe its complaint the word; False if there is none. Raises NotSettled."""
    row = book.execute("SELECT state FROM payments WHERE key = ?", (key,)).fetchone()
    if row is None:
        return False
    if row[0] != "settled":
        raise NotSettled(f"{key} is {row[0]}; only a settled payment can be reversed")
    try:
        turn(book, key, "reversed")
    except sqlite3.IntegrityError:
        raise NotSettled(f"what {key} moved has moved on; reverse what came after it first") from None
    book.execute(
        "INSERT INTO callbacks (key, state, due, result, took_effect) VALUES (?, 'waiting', ?, 'reversed', 1)",
        (key, time.time()),
    )
    return True


def postpone(book: sqlite3.Connection, callback: Callback, until: float, note: str) -> None:
    """Try the callback again at that instant (seconds since 1970); the note says why it did not arrive."""
    book.execute(
        "UPDATE callbacks SET due = ?, attempts = attempts + 1, note = ? WHERE number = ?",
        (until, note, callback.number),
    )


def told(book: sqlite3.Connection, callback: Callback, state: str, note: str) -> None:
    """Write down that the callback was `delivered`, which some are several times, or is `undeliverable` and why."""
    again = book.execute(
        "UPDATE callbacks SET times = times - 1, attempts = attempts + 1 WHERE number = ? AND times > 1 AND ?",
        (callback.number, state == "delivered"),
    )
    if not again.rowcount:
        book.execute(
            "UPDATE callbacks SET state = ?, attempts = attempts + 1, note = ? WHERE number = ?",
            (state, note, callback.number),
        )
