"""A complaint as one frozen value: all it knows, made of a few independent parts."""

from pydantic import Field

from workflows.answers import Answer
from workflows.complaint.domain.advance import Advance
from workflows.complaint.domain.filing import Filing, OrderLine
from workflows.complaint.domain.parts import (
    Appeal,
    Climb,
    Closing,
    Decision,
    Ended,
    Entry,
    EvidenceWindow,
    Exhibit,
    FollowUp,
    Hold,
    Intervention,
    Leg,
    Negotiation,
    Offer,
    Review,
    Ruling,
    WorkOrder,
)
from workflows.complaint.domain.timeline import Step
from workflows.money.amount import NOTHING, Money
from workflows.parties import Party
from workflows.policy.model import Policy
from workflows.policy.staff import Staff
from workflows.time.calendar import Calendar
from workflows.values import Instant, Value
from workflows.vocabulary import Outcome, Phase, Role, Severity

EDITION = 1
"""The edition of the rules that complaints are opened under now. A release whose rules make a running complaint wait
for or ask something else counts it up (CONTRIBUTING.md)."""


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
    edition: int
    """The edition of the rules it was opened under, for good: a rule that makes a running complaint wait for or ask
    something else looks at it, so that older complaints replay. What `workflow.patched` is to the workflow, this is to
    the rules."""
    phase: Phase = Phase.REGISTRATION
    outcome: Outcome | None = None
    closed_at: Instant | None = None
    cycle: int = 1
    severity: Severity = Severity.GENERAL
    grave_from: int | None = None
    """The step from which on the general manager is told each one (R2.4)."""
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
    advances: tuple[Advance, ...] = ()
    closing: Closing | None = None
    """It is decided how the complaint ends; only its money is waited for (R9.7)."""
    unfounded_before: int = 0
    """Complaints of this buyer that were found unfounded in the time that counts for good standing (R9.1)."""
    follow_up: FollowUp | None = None
    exhibits: tuple[Exhibit, ...] = ()
    evidence_windows: tuple[EvidenceWindow, ...] = ()
    holds: tuple[Hold, ...] = ()
    work_orders: tuple[WorkOrder, ...] = ()
    calendars_before: tuple[Calendar, ...] = ()
    """The calendars that others took the place of: what ended by them is explained by them (R7.5, R7.6)."""
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
    def advance(self) -> Advance | None:
        """The latest advance, whatever became of it."""
        return self.advances[-1] if self.advances else None

    @property
    def supervised(self) -> bool:
        """The handler is a supervisor, who then does what an agent does (R2.5, R10.2)."""
        return self.handler is not None and self.staff.knows(Role.SUPERVISOR, self.handler)

    @property
    def buyer(self) -> Party:
        """The buyer of the order, or of the filing while the order is not matched."""
        return Party(role=Role.BUYER, id=self.order.buyer_id if self.order else self.filing.filed_by.id)

    @property
    def seller(self) -> Party | None:
        """The seller of the order line."""
        return Party(role=Role.SELLER, id=self.order.seller_id) if self.order else None
