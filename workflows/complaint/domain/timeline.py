"""The timeline: what happened, when, by whom and by which rule (R11.1)."""

from workflows.money.amount import Money
from workflows.values import Instant, Value
from workflows.vocabulary import Phase, Role


class Step(Value):
    """One step: gapless number, the instant it counts from, its actor and the rule that explains it."""

    number: int
    at: Instant
    actor: str
    role: Role
    event: str
    phase: Phase
    rule: str
    reason: str | None = None
    amount: Money | None = None
    message_id: str | None = None
