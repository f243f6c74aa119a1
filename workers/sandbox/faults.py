"""Faults an operator orders: the next N calls of a partner misbehave in one chosen way, each counted exactly once."""

import sqlite3
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Self, TypeVar

from pydantic import Field, model_validator

from workflows.values import Id, Value

T = TypeVar("T")


class Partner(StrEnum):
    """Whom the sandbox plays."""

    ORDERS = "orders"
    PAYMENT = "payment"
    CARRIER = "carrier"
    NOTICES = "notices"


class Mode(StrEnum):
    """How a call goes wrong (contract, Sandbox partners; the longer names go beyond it)."""

    ERROR_500 = "error_500"
    BUSY = "busy"
    """429 with a `Retry-After`; nothing done."""
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    STORED_ERROR = "stored_error"
    """Done, but answered with an error that is kept for the key: sending again brings it again, a look-up the truth."""
    DECLINED = "declined"
    """A payment that is refused; a push that is never made."""
    PENDING = "pending"
    PENDING_FAILS = "pending_fails"
    CALLBACK_FIRST = "callback_first"
    """Pending, and settled by a callback that is told before the answer is given."""
    CALLBACK_REPEATED = "callback_repeated"
    """Pending, then settled by a callback that is told five times."""
    FAILED_THEN_SETTLED = "failed_then_settled"
    """Pending, then told as failed, then as settled, which is the truth."""
    SETTLED_THEN_FAILED = "settled_then_failed"
    """Pending, then told as settled, then as failed, which is the truth."""
    SLOW = "slow"


TRANSPORT = (Mode.ERROR_500, Mode.BUSY, Mode.TIMEOUT_BEFORE, Mode.TIMEOUT_AFTER, Mode.SLOW)
"""What can happen to any call."""

UNDONE = frozenset({Mode.ERROR_500, Mode.BUSY, Mode.TIMEOUT_BEFORE})
"""The call fails and leaves no effect."""

LATER = (
    Mode.PENDING,
    Mode.PENDING_FAILS,
    Mode.CALLBACK_FIRST,
    Mode.CALLBACK_REPEATED,
    Mode.FAILED_THEN_SETTLED,
    Mode.SETTLED_THEN_FAILED,
)
"""A new payment is pending, and what becomes of it is told by callback."""

REPERTOIRE: dict[Partner, dict[str, tuple[Mode, ...]]] = {
    Partner.ORDERS: {"line": TRANSPORT},
    Partner.PAYMENT: {
        "send": (*TRANSPORT, Mode.STORED_ERROR, Mode.DECLINED, *LATER),
        "look_up": TRANSPORT,
        "book": TRANSPORT,
        "cover": TRANSPORT,
        "callback": (*TRANSPORT, Mode.DECLINED),
    },
    Partner.CARRIER: {
        "subscribe": TRANSPORT,
        "look_up": TRANSPORT,
        "push": (*TRANSPORT, Mode.DECLINED, Mode.CALLBACK_REPEATED),
    },
    Partner.NOTICES: {"deliver": TRANSPORT, "sms": (*TRANSPORT, Mode.DECLINED)},
}
"""Which modes each operation of each partner knows."""

ONLY_IF_NAMED = frozenset({"callback", "push", "book", "cover"})
"""The partners' own calls to us, and the reading of books: "the partner's calls" does not mean them by itself."""


class FaultOrder(Value):
    """`times` next calls of the partner fail in `mode`; of that operation, about that complaint only, if named."""

    partner: Annotated[Partner, Field(strict=False)]
    mode: Annotated[Mode, Field(strict=False)]
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    operation: str | None = None
    complaint: Id | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        operations = REPERTOIRE[self.partner]
        if self.operation is not None and self.operation not in operations:
            raise ValueError(f"{self.partner} has no operation {self.operation!r}; it has: {', '.join(operations)}")
        known = operations[self.operation] if self.operation else _all_modes(self.partner)
        if self.mode not in known:
            what = f"{self.partner} {self.operation}" if self.operation else self.partner
            raise ValueError(f"mode {self.mode} makes no sense for {what}; it knows: {', '.join(known)}")
        if self.complaint is not None and self.partner is not Partner.PAYMENT:
            raise ValueError(f"{self.partner} is not told of complaints; only payment is")
        return self


class FaultLeft(FaultOrder):
    """An ordered fault and how many calls it is still waiting for."""

    number: int


def _all_modes(partner: Partner) -> tuple[Mode, ...]:
    meant = (modes for operation, modes in REPERTOIRE[partner].items() if operation not in ONLY_IF_NAMED)
    return tuple(dict.fromkeys(mode for modes in meant for mode in modes))


def put(book: sqlite3.Connection, order: FaultOrder) -> FaultLeft:
    """Remember an ordered fault."""
    row = book.execute(
        "INSERT INTO faults (partner, mode, operation, times, complaint) VALUES (?, ?, ?, ?, ?)",
        (order.partner.value, order.mode.value, order.operation, order.times, order.complaint),
    )
    return FaultLeft(**order.model_dump(), number=row.lastrowid or 0)


def left(book: sqlite3.Connection) -> list[FaultLeft]:
    """Return the faults still waiting for calls, oldest first."""
    names = ("number", "partner", "mode", "operation", "times", "complaint")
    rows = book.execute("SELECT number, partner, mode, operation, times, complaint FROM faults ORDER BY number")
    return [FaultLeft.model_validate(dict(zip(names, row, strict=True))) for row in rows]


def take(
    book: sqlite3.Connection,
    partner: Partner,
    operation: str,
    modes: Sequence[Mode] = TRANSPORT,
    about: str | None = None,
) -> Mode | None:
    """Use up the oldest fault that fits this call, one of its times, in the caller's transaction; None if none fits."""
    for fault in left(book):
        meant = fault.operation == operation or (fault.operation is None and operation not in ONLY_IF_NAMED)
        meant = meant and fault.complaint in (None, about)
        if fault.partner is partner and meant and fault.mode in modes:
            book.execute("UPDATE faults SET times = times - 1 WHERE number = ?", (fault.number,))
            book.execute("DELETE FROM faults WHERE number = ? AND times = 0", (fault.number,))
            return fault.mode
    return None


def under(
    book: sqlite3.Connection,
    partner: Partner,
    operation: str,
    work: Callable[[sqlite3.Connection], T],
    about: str | None = None,
) -> tuple[Mode | None, T | None]:
    """Do the work unless a fault of this call says it is not done; returns the fault and the result."""
    mode = take(book, partner, operation, about=about)
    return (mode, None) if mode in UNDONE else (mode, work(book))
