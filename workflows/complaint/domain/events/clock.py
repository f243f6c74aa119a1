"""Events of time: duties warned, missed and escalated, holds, calendars (R1.6, R7)."""

from typing import ClassVar, Literal

from workflows.complaint.domain.catalogue import (
    NOBODY,
    PARTIES_SEE,
    STAFF_SEE,
    Catalogue,
    Recipient,
    example,
    notify,
)
from workflows.complaint.domain.events.base import Event
from workflows.policy.model import LimitName

_LIMIT = example(limit="review")


class FirstResponseMissed(Event):
    """No member of staff responded in time (R1.6)."""

    event: Literal["first_response_missed"] = "first_response_missed"
    catalogue: ClassVar = Catalogue(STAFF_SEE, (notify("first_response_missed", Recipient.SUPERVISORS),), example())


class DutyWarned(Event):
    """Most of the time of a duty is gone (R7.2)."""

    event: Literal["duty_warned"] = "duty_warned"
    limit: LimitName
    catalogue: ClassVar = Catalogue(STAFF_SEE, (notify("duty_warned", Recipient.HOLDER),), _LIMIT)


class DutyMissed(Event):
    """A duty is past its due instant (R7.2).

    Its holder is told with the first rung: a duty is often missed at midnight, and the rungs are quiet by night.
    """

    event: Literal["duty_missed"] = "duty_missed"
    limit: LimitName
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, _LIMIT)


class LimitMissed(Event):
    """A further limit of a duty passed while another one climbs (R4.3)."""

    event: Literal["limit_missed"] = "limit_missed"
    limit: LimitName
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, _LIMIT)


class EscalatedToSupervisor(Event):
    """A missed duty reached level 1 (R7.2)."""

    event: Literal["escalated_to_supervisor"] = "escalated_to_supervisor"
    limit: LimitName
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (
            notify("duty_missed", Recipient.HOLDER),
            notify("escalated_to_supervisor", Recipient.SUPERVISORS),
            notify("expected_time_told", Recipient.WAITING_BUYER),
        ),
        _LIMIT,
    )


class EscalatedToOperationsManager(Event):
    """A missed duty reached level 2 (R7.2)."""

    event: Literal["escalated_to_operations_manager"] = "escalated_to_operations_manager"
    limit: LimitName
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (
            notify("escalated_to_operations_manager", Recipient.OPERATIONS_MANAGER),
            notify("expected_time_told", Recipient.WAITING_BUYER),
        ),
        _LIMIT,
    )


class DutyReminded(Event):
    """A duty at level 2 is still open: its holder is reminded each working day (R7.2)."""

    event: Literal["duty_reminded"] = "duty_reminded"
    limit: LimitName
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, (notify("duty_reminded", Recipient.HOLDER, Recipient.OPERATIONS_MANAGER),), _LIMIT
    )


class HoldEnded(Event):
    """A hold reached its end (R7.7)."""

    event: Literal["hold_ended"] = "hold_ended"
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, (notify("hold_ended", Recipient.OPERATIONS_MANAGER),), example(), whole=False
    )


class CalendarApplied(Event):
    """The limits run by another calendar from here on (R7.6)."""

    event: Literal["calendar_applied"] = "calendar_applied"
    before: str
    after: str
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(before="cn-2026-1", after="cn-2027-1"), whole=False)


class CalendarUnknown(Event):
    """The calendar that was wanted is not on record: nothing changed (R7.6)."""

    event: Literal["calendar_unknown"] = "calendar_unknown"
    wanted: str | None
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(wanted="cn-2099-1"))


ClockEvent = (
    FirstResponseMissed
    | DutyWarned
    | DutyMissed
    | LimitMissed
    | EscalatedToSupervisor
    | EscalatedToOperationsManager
    | DutyReminded
    | HoldEnded
    | CalendarApplied
    | CalendarUnknown
)
