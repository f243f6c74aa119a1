"""The case as everybody reads it: query `view`, `redress show --json` (contract, View)."""

from typing import Literal

from pydantic import ConfigDict, Field

from workflows.money.amount import Money
from workflows.values import Instant, Value
from workflows.vocabulary import MoneyState, Outcome, Phase, Role, Severity


class WaitingOn(Value):
    """Who must do what by when, and what happens otherwise (R7.1)."""

    actor: Role
    action: str
    due_at: Instant
    mandatory: bool
    otherwise: str
    rule: str


class OfferView(Value):
    """The latest offer; `lapses_at` is empty once it has ended."""

    number: int
    by: Role
    remedy: str
    amount: Money | None
    lapses_at: Instant | None
    confirmed_by: tuple[Role, ...]


class RulingView(Value):
    """The latest ruling."""

    number: int
    state: Literal["pending", "sent", "final", "replaced"]
    liability: str
    seller_share: int | None
    remedy: str
    amount: Money | None
    freight: str
    reason: str
    text: str


class Paid(Value):
    """A movement of money: who gives how much to whom, and how far it is."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    key: str
    purpose: str
    payer: str = Field(alias="from")
    payee: str = Field(alias="to")
    amount: Money
    state: MoneyState
    rule: str


class MovementView(Paid):
    """A movement of money, with who ordered it, why, and the provider's name for it."""

    ordered_by: str
    remark: str
    provider_reference: str | None


class LegView(Value):
    """One way of goods; `state` is awaited, sent, what the carrier said last, or delivered."""

    leg: str
    carrier: str | None
    tracking: str | None
    state: str
    condition: str | None
    quantity: int | None


class GoodsView(Value):
    """The goods on their ways, in order."""

    legs: tuple[LegView, ...]


AdvanceState = Literal["ordered", "frozen", "unfrozen", "clawed_back"]
RecoveryState = Literal["none", "due", "recovered", "debt", "written_off"]


class Advanced(Value):
    """What the platform has advanced to the buyer, and what became of it."""

    state: AdvanceState
    amount: Money


class AdvanceView(Advanced):
    """The latest advance: at every moment amount = frozen + unfrozen + clawed_back, once it is frozen (R9.6)."""

    frozen: Money
    unfrozen: Money
    clawed_back: Money
    recovery: RecoveryState


class ClockView(Value):
    """What the limits are counted by."""

    paused: bool
    calendar_version: str
    policy_version: str


class View(Value):
    """One complaint as it reads now."""

    complaint: str
    phase: Phase
    outcome: Outcome | None
    cycle: int
    severity: Severity
    handler: str | None
    level: int
    overdue: bool
    waiting_on: tuple[WaitingOn, ...]
    offer: OfferView | None
    ruling: RulingView | None
    goods: GoodsView | None
    advance: AdvanceView | None
    money: tuple[MovementView, ...]
    clock: ClockView
    steps: int
