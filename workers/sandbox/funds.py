"""Whose money the provider holds: per order line, per seller, per complaint; moved with the payment or not at all.

Accounts are named as in the ledger. Three kinds have a balance here, which never falls below zero:
`seller_held:ORDER/LINE`, `seller_deposit:SELLER`, `buyer_frozen:COMPLAINT`. All others are the world outside.
"""

import sqlite3
from typing import NamedTuple

from workers.sandbox.shapes import Account, PaymentRequest, Posting, SandboxOrder
from workflows.money.amount import NOTHING, Money

SHORT_OF_COVER = "the seller's held money and deposit do not cover it"
SHORT_OF_HELD = "less than that is still held of the line"
SHORT_OF_FROZEN = "less than that is frozen for the complaint"

_FROZEN_GIVES = frozenset({"unfreeze", "claw_back"})


class Cover(NamedTuple):
    """Whether a payment is covered: what comes from the deposit, or why not and what could be had (minor units)."""

    from_deposit: int = 0
    refusal: str | None = None
    available: int | None = None


class _Balance(NamedTuple):
    amount: int
    said: bool
    """False for a line of which nobody said how much is held: whatever it lacks is never missing."""


def held_of(order_id: str, line: int) -> str:
    """Name the account of an order line's money in escrow."""
    return f"seller_held:{order_id}/{line}"


def deposit_of(seller_id: str) -> str:
    """Name the account of a seller's deposit."""
    return f"seller_deposit:{seller_id}"


def frozen_of(key: str) -> str:
    """Name the account of what is frozen for the complaint of a movement."""
    return f"buyer_frozen:{complaint_of(key)}"


def complaint_of(key: str) -> str:
    """Return the complaint a movement's key belongs to: its first part."""
    return key.split(":", 1)[0]


def balance(book: sqlite3.Connection, name: str) -> Money | None:
    """Return what is in an account; None if the provider was never told of it."""
    found = _balance(book, name)
    return None if found is None else Money(amount=found.amount)


def put_deposit(book: sqlite3.Connection, seller_id: str, deposit: Money) -> None:
    """Say what a seller's deposit is now."""
    _put(book, deposit_of(seller_id), deposit.amount, said=True)


def put_held(book: sqlite3.Connection, order: SandboxOrder, before: Money | None) -> None:
    """Hold what is said of the line, else its price less what was drawn since `before` was held."""
    name = held_of(order.order_id, order.line)
    if order.held is not None:
        _put(book, name, order.held.amount, said=True)
        return
    now = balance(book, name)
    drawn = NOTHING if before is None or now is None else before - now
    _put(book, name, (order.ceiling - drawn).amount, said=False)


def cover(book: sqlite3.Connection, request: PaymentRequest) -> Cover:
    """Return where the money of a payment comes from: held money of the line first, then the deposit (R6.11)."""
    if request.purpose in _FROZEN_GIVES:
        frozen = _balance(book, frozen_of(request.key))
        short = (frozen.amount if frozen else 0) < request.whole
        return Cover(refusal=SHORT_OF_FROZEN) if short else Cover()
    if request.purpose == "payout":
        held = _held(book, request)
        short = held is not None and held.amount < request.whole
        return Cover(refusal=SHORT_OF_HELD, available=held.amount) if held and short else Cover()
    return _sellers_cover(book, request) if request.payer.role == "seller" else Cover()


def _sellers_cover(book: sqlite3.Connection, request: PaymentRequest) -> Cover:
    held, deposit = _held(book, request), _balance(book, deposit_of(request.payer.id))
    if held is None and deposit is None:
        return Cover()  # a line and a seller nobody told of: nothing is ever missing
    from_held = min(request.whole, held.amount if held else 0)
    from_deposit = request.whole - from_held
    exact = deposit is not None or (held is not None and held.said)
    within = deposit.amount if deposit else 0
    if exact and from_deposit > within:
        return Cover(refusal=SHORT_OF_COVER, available=(held.amount if held else 0) + within)
    return Cover(from_deposit)


def available(book: sqlite3.Connection, seller_id: str, order_id: str, line: int) -> Money | None:
    """Return what held money of a line and deposit of its seller could give now; None where nobody told of them."""
    held, deposit = _balance(book, held_of(order_id, line)), _balance(book, deposit_of(seller_id))
    if deposit is None and (held is None or not held.said):
        return None
    return Money(amount=(held.amount if held else 0) + (deposit.amount if deposit else 0))


def postings(request: PaymentRequest, from_deposit: int) -> list[Posting]:
    """Return what a payment does to each account; the sum is zero."""
    amount, rest = request.amount.amount, request.rest.amount if request.rest else 0
    frozen = frozen_of(request.key)
    match request.purpose:
        case "advance":
            moved = [(_own(request.payer), -amount), (frozen, amount)]
        case "unfreeze":
            moved = [(frozen, -amount - rest), (_own(request.payee), amount), ("fund", rest)]
        case "claw_back":
            moved = [(frozen, -amount), (_own(request.payee), amount)]
        case _:
            from_held = (_payers(request), from_deposit - amount)
            moved = [from_held, (deposit_of(request.payer.id), -from_deposit), (_own(request.payee), amount)]
    return [Posting(account=name, amount=by) for name, by in moved if by]


def move(book: sqlite3.Connection, request: PaymentRequest, from_deposit: int, *, back: bool = False) -> None:
    """Move a payment's money, or take it back; raises sqlite3.IntegrityError where an account would fall below zero."""
    for posting in postings(request, from_deposit):
        by = -posting.amount if back else posting.amount
        if posting.account.startswith("buyer_frozen:"):
            book.execute(
                "INSERT INTO accounts (name, balance) VALUES (?, 0) ON CONFLICT (name) DO NOTHING", (posting.account,)
            )
        book.execute("UPDATE accounts SET balance = balance + ? WHERE name = ?", (by, posting.account))


def _payers(request: PaymentRequest) -> str:
    """Name the account a payment is drawn on first: of a seller the line's held money, where the line is named."""
    if request.payer.role == "seller" and request.line is not None:
        return held_of(request.line.order_id, request.line.line)
    return _own(request.payer)


def _own(account: Account) -> str:
    return account.id if account.role == "system" else f"{account.role}:{account.id}"


def _held(book: sqlite3.Connection, request: PaymentRequest) -> _Balance | None:
    line = request.line
    return None if line is None else _balance(book, held_of(line.order_id, line.line))


def _balance(book: sqlite3.Connection, name: str) -> _Balance | None:
    row = book.execute("SELECT balance, said FROM accounts WHERE name = ?", (name,)).fetchone()
    return None if row is None else _Balance(row[0], bool(row[1]))


def _put(book: sqlite3.Connection, name: str, amount: int, *, said: bool) -> None:
    book.execute("INSERT OR REPLACE INTO accounts (name, balance, said) VALUES (?, ?, ?)", (name, amount, said))
