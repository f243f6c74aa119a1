"""A complaint as one frozen value: all it knows, made of a few independent parts."""

from typing import Literal

from pydantic import Field

from workflows.domain.answers import Answer
from workflows.domain.base import Instant, Value
from workflows.domain.calendar import Calendar
from workflows.domain.filing import Evidence, Filing, OrderLine, Party
from workflows.domain.limits import Length, Stop
from workflows.domain.messages import Condition, LegName
from workflows.domain.money import NOTHING, Money
from workflows.domain.payment import Movement
from workflows.domain.policy import LimitName, Policy
from workflows.domain.staff import Staff
from workflows.domain.timeline import Step
from workflows.domain.vocabulary import Liability, Outcome, Phase, Remedy, Role, RulingReason, Severity

SYSTEM = Party(role=Role.SYSTEM, id="system")
PLATFORM = Party(role=Role.SYSTEM, id="platform")
"""The platform as a payer of money; as an actor it is SYSTEM."""


Freight = Literal["buyer", "seller", "platform"]


class Award(Value):
    """A remedy with its amount, where the remedy has one."""

    remedy: Remedy
    amount: Money | None = None

    def __str__(self) -> str:
        return f"{self.remedy} {self.amount}" if self.amount else str(self.remedy)


class Review(Value):
    """The agent's review (R2.1): either the agent has the floor, or the buyer who was asked for material."""

    agent_since: Instant | None
    buyer_since: Instant | None = None
    material_requests: int = 0


class Offer(Value):
    """A numbered proposal (R3.2)."""

    number: int
    by: Party
    award: Award
    text: str
    made_at: Instant
    confirmed_by: tuple[Role, ...]
    state: Literal["live", "agreed", "rejected", "lapsed", "replaced"] = "live"
    ended_at: Instant | None = None


class Negotiation(Value):
    """The parties among themselves (R3): when the seller's window began and what the seller said first."""

    since: Instant
    answer: Literal["agree", "counter", "refuse"] | None = None
    answered_at: Instant | None = None


class Intervention(Value):
    """The platform steps in (R4): asked, stepped in, resolved."""

    asked_at: Instant
    why: str
    stepped_in_at: Instant | None = None
    moved_at: Instant | None = None
    """When the handler made an offer or ruled (R4.3)."""
    contacted_at: Instant | None = None
    """When the buyer of a major complaint was contacted (R4.3)."""
    resolved_at: Instant | None = None


Stance = Literal["confirmed", "silent", "appealed"]


class Position(Value):
    """How one party stands to a ruling (R5.1, R5.2)."""

    role: Role
    stance: Stance
    at: Instant


class Ruling(Value):
    """A numbered ruling of the platform (R4.6)."""

    number: int
    state: Literal["pending", "sent", "final", "replaced"]
    by: Party
    liability: Liability
    seller_share: int | None = None
    award: Award
    freight: Freight
    reason: RulingReason
    text: str
    ruled_at: Instant
    sent_at: Instant | None = None
    countersigned_by: Party | None = None
    asked: tuple[Role, ...] = (Role.BUYER, Role.SELLER)
    positions: tuple[Position, ...] = ()

    def stance(self, role: Role) -> str | None:
        """Return the party's stance, None while it has not spoken and its window runs."""
        return next((position.stance for position in self.positions if position.role is role), None)


class Appeal(Value):
    """An appeal against a ruling (R5.4)."""

    ruling: int
    by: tuple[Role, ...]
    since: Instant
    sent_back_at: Instant | None = None


class Decision(Value):
    """What is to be fulfilled: an agreement or a final ruling."""

    award: Award
    basis: Literal["agreed", "ruling"]
    payer: Party
    liability: Liability
    freight: Freight
    ordered_by: Party
    rule: str
    at: Instant
    apologised: bool = False


class Leg(Value):
    """One way of goods: owed by somebody, sent, carried, received (R6.3 to R6.7)."""

    leg: LegName
    by: Role
    since: Instant
    state: Literal["awaited", "sent", "picked_up", "in_transit", "returned", "lost", "refused", "delivered"] = "awaited"
    carrier: str | None = None
    tracking: str | None = None
    sent_at: Instant | None = None
    last_event_at: Instant | None = None
    arrived_at: Instant | None = None
    inquiry_since: Instant | None = None
    condition: Condition | None = None
    quantity: int | None = None
    freight: Money | None = None
    attempt: int = 1
    """A parcel that was never picked up counts as not sent, and is awaited anew (R6.4)."""

    @property
    def subject(self) -> str:
        """What tells the limits of several attempts apart."""
        return "" if self.attempt == 1 else f"attempt {self.attempt}"


class Entry(Value):
    """A movement of money as the case knows it, with the instants its limits count from (R6.1, R6.10)."""

    movement: Movement
    decided_at: Instant
    since: Instant
    owned_since: Instant | None = None
    """Since when the handler has to see to it, None while nobody has to (R6.10)."""


class FollowUp(Value):
    """The callback after the fix (R10.1)."""

    since: Instant
    score: int | None = None
    short_message_at: Instant | None = None
    phone_task_at: Instant | None = None
    called_at: Instant | None = None
    letter_since: Instant | None = None


ExhibitState = Literal["staged", "counted", "late", "admitted"]


class Exhibit(Value):
    """A piece of evidence in this complaint, and whether it counts (R4.4, R4.5)."""

    item: Evidence
    by: Role
    at: Instant
    state: ExhibitState


class EvidenceWindow(Value):
    """A request for evidence to one party: what is to be proven, and how its window ended (R4.4, R4.5)."""

    role: Role
    since: Instant
    to_prove: str
    ended_at: Instant | None = None
    silent: bool = False


class WorkOrder(Value):
    """A question to a department, its plan, and what became of it (R2.6)."""

    number: int
    department: str
    question: str
    since: Instant
    expected_at: Instant | None = None
    plan: str | None = None
    rejections: int = 0
    state: Literal["open", "date_named", "put_to_buyer", "put_to_manager", "accepted", "rejected"] = "open"


class Hold(Value):
    """A hold of an operations manager: from when, until when at the latest, and when it really ended (R7.7)."""

    since: Instant
    until: Instant
    reason: str
    ended_at: Instant | None = None


class Climb(Value):
    """How far a duty of the platform has climbed (R7.2)."""

    name: LimitName
    subject: str
    start: Instant
    rung: int
    last_at: Instant


class Ended(Value):
    """A deadline that is over, and how: kept so that it can be explained later (R7.5)."""

    name: LimitName
    subject: str
    actor: Role
    start: Instant
    due_at: Instant
    how: Literal["met", "expired", "superseded"]
    at: Instant
    until: Instant | None = None
    """The due instant where somebody named it, instead of a length."""
    stops: tuple[Stop, ...] = ()
    length: Length | None = None
    """The length where it is not that of the limit."""


class Case(Value):
    """One complaint. Rules turn it into the next one; nothing else changes it."""

    complaint: str
    filing: Filing
    order: OrderLine | None
    decided_elsewhere: Money = NOTHING
    policy: Policy
    calendar: Calendar
    staff: Staff
    filed_at: Instant
    phase: Phase = Phase.REGISTRATION
    outcome: Outcome | None = None
    closed_at: Instant | None = None
    cycle: int = 1
    severity: Severity = Severity.GENERAL
    handler: str | None = None
    first_response_at: Instant | None = None
    first_response_missed: bool = False
    review: Review | None = None
    negotiation: Negotiation | None = None
    offers: tuple[Offer, ...] = ()
    intervention: Intervention | None = None
    rulings: tuple[Ruling, ...] = ()
    appeal: Appeal | None = None
    appealed_by: tuple[Role, ...] = ()
    decision: Decision | None = None
    goods: tuple[Leg, ...] = ()
    money: tuple[Entry, ...] = ()
    follow_up: FollowUp | None = None
    exhibits: tuple[Exhibit, ...] = ()
    evidence_windows: tuple[EvidenceWindow, ...] = ()
    holds: tuple[Hold, ...] = ()
    work_orders: tuple[WorkOrder, ...] = ()
    calendar_wanted: str | None = None
    """The calendar version that is being fetched for this complaint (R7.6)."""
    points_owed: tuple[str, ...] = ()
    """For what the seller owes violation points (R8.4)."""
    buyer_told_at: Instant | None = None
    """When the buyer was told the plan of a department (R2.6)."""
    climbs: tuple[Climb, ...] = ()
    ended: tuple[Ended, ...] = ()
    heard: dict[str, Answer] = Field(default_factory=dict)
    steps: int = 0
    timeline: tuple[Step, ...] = ()
    now: Instant
    """The instant of the last step: what is heard later never happens earlier (R7.4)."""

    @property
    def closed(self) -> bool:
        """A closed case absorbs everything (R10.4)."""
        return self.phase is Phase.CLOSED

    @property
    def offer(self) -> Offer | None:
        """The latest offer, whatever became of it."""
        return self.offers[-1] if self.offers else None

    @property
    def live_offer(self) -> Offer | None:
        """The offer that can be confirmed now (R3.2)."""
        return self.offer if self.offer and self.offer.state == "live" else None

    @property
    def ruling(self) -> Ruling | None:
        """The latest ruling, whatever became of it."""
        return self.rulings[-1] if self.rulings else None

    @property
    def buyer(self) -> Party:
        """The buyer of the order, or of the filing while the order is not matched."""
        return Party(role=Role.BUYER, id=self.order.buyer_id if self.order else self.filing.filed_by.id)

    @property
    def seller(self) -> Party | None:
        """The seller of the order line."""
        return Party(role=Role.SELLER, id=self.order.seller_id) if self.order else None
