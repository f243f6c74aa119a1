"""What the process hands to the world to be written down, and what the registry knows when a complaint opens."""

from pydantic import Field

from workflows.complaint.domain.filing import Filing, OrderLine
from workflows.complaint.domain.parts import Ended
from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import View
from workflows.money.amount import NOTHING, Money
from workflows.money.movement import Movement
from workflows.parties import Party
from workflows.time.calendar import Calendar
from workflows.values import Id, Instant, Value


class Registration(Value):
    """A filing to be registered under its complaint number (R1.2)."""

    complaint: Id
    filing: Filing
    at: Instant


class Facts(Value):
    """What order system and registry know about a filing at the instant it is registered (R1.2, R1.4, R1.8)."""

    order: OrderLine | None
    filed_as: Id | None = None
    """The number under which the same request was registered before, if it was."""
    open_complaint: Id | None = None
    """The open complaint on the same order line and problem, if there is one (R1.4)."""
    decided_elsewhere: Money = NOTHING
    """What other complaints of the same line have decided for the buyer (R1.8)."""
    unfounded: int = 0
    """How many complaints of this buyer were found unfounded in the time that counts for good standing (R9.1)."""
    load: dict[str, int] = Field(default_factory=dict)
    """Open complaints by handler (R2.5)."""
    last_assigned: dict[str, Instant] = Field(default_factory=dict)
    """When each handler was last given a complaint (R2.5)."""


class Notice(Value):
    """Something to be told to somebody, once: `key` makes it unique, `event` chooses its text, the rest fills it.

    Instants in `data` are ISO 8601, amounts `299.00`, lengths `48h`; `step` is what it tells of, without evidence.
    """

    key: Id
    complaint: Id
    to: Party
    event: str
    data: dict[str, str]
    step: Step | None = None


class Record(Value):
    """A burst of changes, written in one transaction: new steps, deadlines that ended, the case as it now reads."""

    complaint: Id
    steps: tuple[Step, ...]
    ended: tuple[Ended, ...]
    ended_from: int
    """How many ended deadlines were recorded before: numbers the new ones, so that writing twice is writing once."""
    view: View
    decided: Money = NOTHING
    """What this complaint has decided for the buyer, moved or not (R1.8)."""
    notices: tuple[Notice, ...] = ()
    movements: tuple[Movement, ...] = ()
    """Every movement of the complaint: what is decided is on record before anybody is asked for it (R6.10)."""
    closed_at: Instant | None = None
    """When the complaint ended; the step that says so may come with a later burst."""
    goods_since: Instant | None = None
    """When the latest leg of the goods began to be owed: no event of its parcel is older (R6.3)."""


class CalendarWanted(Value):
    """The calendar version that a complaint is to be counted by (R7.6)."""

    complaint: Id
    version: Id


class CalendarFound(Value):
    """That calendar, or None where no such version is on record."""

    calendar: Calendar | None


class Payment(Value):
    """A movement to be asked for, with the unwritten steps that decided it: on record before anybody is asked."""

    movement: Movement
    ceiling: Money | None = None
    """The most that all refunds of this order line may come to, where the movement is one (R1.8)."""
    burst: Record | None = None
