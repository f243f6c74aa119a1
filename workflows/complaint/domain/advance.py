"""An advance of the platform's fund to the buyer, and what the fund has to recover for it (R9)."""

from workflows.money.amount import Money
from workflows.money.movement import LineRef
from workflows.parties import Party
from workflows.values import Id, Instant, Value


class Fate(Value):
    """What becomes of an advance, decided once (R9.6): so much is the buyer's, whatever else is frozen goes back."""

    given: Money
    repaid_by: Party
    """Who repays the fund what the buyer keeps: the seller, or the platform (R9.5, R6.4)."""
    rule: str
    at: Instant


class Advance(Value):
    """One advance, by the movement that made it; how much of it is frozen is read from its movements.

    One at a time: whatever unfreezes, claws back or recovers stands after its own movement and before the next one's.
    """

    key: Id
    entitled: Money
    """The most that may stay frozen: what a ruling changed on appeal no longer gives goes back at once (R5.6)."""
    for_freight: bool = False
    """It stands for return freight, which is no part of what the line can give (R6.8, R1.8)."""
    fate: Fate | None = None
    resolved_at: Instant | None = None
    """When its movements were ordered: never twice (R9.6)."""
    asked_since: Instant | None = None
    """Since when the handler has to ask the buyer about a return that was not made or failed (R9.4)."""


class Debt(Value):
    """What a seller owes the fund for an advance that was unfrozen and could not be recovered (R9.5)."""

    complaint: Id
    advance: Id
    """Key of the advance's movement."""
    seller: Party
    amount: Money
    since: Instant
    """From the unfreezing: its age counts from here."""
    tried_at: Instant
    """When a recovery failed last."""
    tries: int
    """Recoveries so far, whatever became of them: the next one has the next number."""
    line: LineRef | None = None
