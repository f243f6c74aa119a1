"""The payment provider's page of the book: one payment per key, whatever is sent and however often."""

import hashlib
import sqlite3
from datetime import UTC, datetime
from typing import Any, NamedTuple

from workers.sandbox import faults, funds, payment_reports
from workers.sandbox.faults import LATER, TRANSPORT, UNDONE, Mode, Partner
from workers.sandbox.funds import Cover, complaint_of
from workers.sandbox.shapes import Page, Payment, PaymentRequest, PaymentState, Wanted
from workflows.money.amount import Money

_LAST_WORD = (
    "(SELECT c.state FROM callbacks c WHERE c.key = p.key ORDER BY c.state = 'waiting' DESC, c.number DESC LIMIT 1)"
)
_COLUMNS = f"p.request, p.state, p.reference, p.reason, p.time, p.changed, p.from_deposit, p.available, {_LAST_WORD}"
_ROWS = f"SELECT {_COLUMNS} FROM payments p"  # noqa: S608  fixed words


_CONDITIONS = {
    "complaint": "p.complaint = :complaint",
    "since": "p.changed >= :since",
    "until": "p.changed < :until",
}


class KeyReused(Exception):  # noqa: N818 - named as the news it brings
    """The key already stands for another payment."""


class Sent(NamedTuple):
    """What became of one `POST /payments`: the fault it met, and the payment, absent if nothing was done."""

    fault: Mode | None
    payment: Payment | None
    new: bool = False


def send(book: sqlite3.Connection, request: PaymentRequest, callback_after: float) -> Sent:
    """Pay once per key; a known key gives the stored payment. Raises KeyReused if it stands for another payment."""
    known, about = _known(book, request), complaint_of(request.key)
    fault = faults.take(book, Partner.PAYMENT, "send", TRANSPORT if known else tuple(Mode), about)
    if fault in UNDONE:
        return Sent(fault, None)
    if known is not None:
        return Sent(fault or _kept_error(book, request.key), known)
    _insert(book, request, funds.cover(book, request), fault)
    payment = look_up(book, request.key)
    if fault in LATER and payment and payment.state == "pending":
        payment_reports.promise(book, request.key, fault, callback_after)
    return Sent(fault, look_up(book, request.key), new=True)


def _known(book: sqlite3.Connection, request: PaymentRequest) -> Payment | None:
    row = book.execute("SELECT request FROM payments WHERE key = ?", (request.key,)).fetchone()
    if row is None:
        return None
    if PaymentRequest.model_validate_json(row[0]) != request:
        raise KeyReused(f"the key {request.key} already stands for another payment; use a new key for a new payment")
    return look_up(book, request.key)


def _kept_error(book: sqlite3.Connection, key: str) -> Mode | None:
    (kept,) = book.execute("SELECT error_kept FROM payments WHERE key = ?", (key,)).fetchone()
    return Mode.STORED_ERROR if kept else None


def _insert(book: sqlite3.Connection, request: PaymentRequest, cover: Cover, fault: Mode | None) -> None:
    state: PaymentState = "pending" if fault in LATER else "settled"
    reason = cover.refusal or (payment_reports.FAILURE if fault is Mode.DECLINED else None)
    if reason is None:
        funds.move(book, request, cover.from_deposit)
    else:
        state, cover = "declined", cover._replace(from_deposit=0)
    reference, now = f"sp-{hashlib.sha256(request.key.encode()).hexdigest()[:16]}", datetime.now(UTC).isoformat()
    book.execute(
        "INSERT INTO payments (key, complaint, request, state, reference, reason, time, changed, from_deposit,"
        " available, error_kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            request.key, complaint_of(request.key), request.model_dump_json(exclude_none=True), state, reference,
            reason, now, now, cover.from_deposit, cover.available, fault is Mode.STORED_ERROR,
        ),
    )  # fmt: skip


def look_up(book: sqlite3.Connection, key: str) -> Payment | None:
    """Return the payment of a key as it stands now; None if the provider never heard of it."""
    row = book.execute(f"{_ROWS} WHERE p.key = ?", (key,)).fetchone()
    return None if row is None else _payment(row)


def payments(book: sqlite3.Connection, complaint: str | None) -> list[Payment]:
    """Return the provider's book, of one complaint or whole, in the order it was written."""
    if complaint is None:
        return [_payment(row) for row in book.execute(f"{_ROWS} ORDER BY p.number")]
    return [_payment(row) for row in book.execute(f"{_ROWS} WHERE p.complaint = ? ORDER BY p.number", (complaint,))]


def page(book: sqlite3.Connection, wanted: Wanted) -> Page:
    """Return the wanted payments in the order of the book, at most `limit` of them."""
    given = {
        "complaint": wanted.complaint,
        "after": wanted.after,
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": wanted.until.isoformat() if wanted.until else None,
        "more": wanted.limit + 1,
    }
    conditions = ["p.number > :after"] + [text for name, text in _CONDITIONS.items() if given[name] is not None]
    where = " AND ".join(conditions)
    rows = book.execute(
        f"SELECT p.number, {_COLUMNS} FROM payments p WHERE {where} ORDER BY p.number LIMIT :more",  # noqa: S608
        {name: value for name, value in given.items() if value is not None},
    ).fetchall()
    kept = rows[: wanted.limit]
    following = kept[-1][0] if len(rows) > wanted.limit else None
    return Page(payments=tuple(_payment(row[1:]) for row in kept), next=following)


def _payment(row: tuple[Any, ...]) -> Payment:
    request, state, reference, reason, at, changed, from_deposit, available, callback = row
    found, stands = PaymentRequest.model_validate_json(request), state in payment_reports.STANDS
    return Payment(
        **dict(found), state=state, reference=reference, reason=reason, callback=callback,
        time=datetime.fromisoformat(at), changed=datetime.fromisoformat(changed),
        available=None if available is None else Money(amount=available),
        from_deposit=Money(amount=from_deposit) if stands and from_deposit else None,
        postings=tuple(funds.postings(found, from_deposit)) if stands else (),
    )  # fmt: skip
