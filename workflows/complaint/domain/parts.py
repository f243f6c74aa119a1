"""The parts a case is made of: each a small value of its own."""

from typing import Literal

from workflows.complaint.domain.award import Award
from workflows.complaint.domain.causes import Because
from workflows.complaint.domain.filing import Evidence
from workflows.complaint.domain.messages import Condition, LegName
from workflows.money.amount import NOTHING, Money
from workflows.money.movement import Movement
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.time.limits import Length, Stop
from workflows.values import Instant, Value
from workflows.vocabulary import Liability, Outcome, Role, RulingReason

SYSTEM = Party(role=Role.SYSTEM, id="system")
PLATFORM = Party(role=Role.SYSTEM, id="platform")
"""The platform as a payer of money; as an actor it is SYSTEM."""
FUND = Party(role=Role.SYSTEM, id="fund")
"""The platform's fund, which pays advances and is repaid (R9.2)."""


def called(party: Party) -> str:
    """Say whose money it is, in one word: a role, `platform` or `fund`."""
    return party.id if party.role is Role.SYSTEM else party.role


Freight = Literal["buyer", "seller", "platform"]


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
    because: Because
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
    final_at: Instant | None = None
    """When it became final, whatever took its place later."""
    overturned: bool = False
    """By a later cycle, or a court (R5.6)."""

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
    seller_share: int | None = None
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
    freight_repaid: bool = False
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
    ruling: int | None = None
    """The ruling that it fulfils, None for what was agreed."""
    owned_since: Instant | None = None
    """Since when the handler has to see to it, None while nobody has to (R6.10)."""
    uncovered_since: Instant | None = None
    """Since when the seller's money is known not to cover it, None once somebody else does (R6.11)."""
    from_deposit: Money = NOTHING
    """How much of it came from the seller's deposit, and so not from what is held of the line (R6.12)."""


class Closing(Value):
    """How the complaint ends as soon as the money that is under way has arrived (R6.12, R9.4, R9.7)."""

    outcome: Outcome
    rule: str
    because: Because | None
    since: Instant


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
    named_at: Instant | None = None
    """When the department named a date, which it may do once."""
    plan: str | None = None
    rejections: int = 0
    state: Literal["open", "date_named", "put_to_buyer", "put_to_manager", "accepted", "rejected", "superseded"] = (
        "open"
    )
    of_the_cycle: bool = False
    """Opened by the second cycle itself (R10.2): a member of staff may put another question in its place."""
    date_decided: bool = False
    """The buyer has said whether the date will do."""
    history: tuple[str, ...] = ()
    """What the department answered and what was said to it, in order: the general manager decides with it."""

    @property
    def over(self) -> bool:
        """Nobody owes anything on it any more."""
        return self.state in {"accepted", "rejected", "superseded"}


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
    missed_at: Instant | None = None
    """The due instant that was missed: nothing later makes the duty due at another one (R7.3, R7.6)."""
    calendar: str | None = None
    """The version of the calendar by which it was missed, None where a calendar did not matter yet."""


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
    calendar: str | None = None
    """The version of the calendar it was counted by when it ended, or was missed (R7.6); None: the opening one."""
