"""Every event that SYSTEM writes into the timeline: one class each, told apart by `event` (contract, step)."""

from typing import Annotated, get_args

from pydantic import Field

from workflows.complaint.domain.events.base import Event, Heard
from workflows.complaint.domain.events.case import (
    Assigned,
    BecameMajor,
    CalendarApplied,
    CalendarUnknown,
    CallbackTaskGiven,
    Closed,
    Closing,
    CourtesyCallGiven,
    DutyMissed,
    DutyReminded,
    DutyWarned,
    EscalatedToOperationsManager,
    EscalatedToSupervisor,
    Filed,
    FilingRefused,
    FirstResponseMissed,
    FollowUpStarted,
    HiddenDefectFound,
    HoldEnded,
    LateMessage,
    LimitMissed,
    Refused,
    SecondCycleStarted,
    SurveyReminded,
    WorkOrderOpenedBySystem,
    WorkOrderSuperseded,
)
from workflows.complaint.domain.events.decisions import (
    ConsentBySilence,
    CountersignAwaited,
    DateNamed,
    EvidenceCounted,
    EvidenceRequestedBySystem,
    EvidenceSilence,
    InterventionStarted,
    OfferLapsed,
    PlanPutToBuyer,
    PlanPutToManager,
    RulingFinal,
    RulingOverturned,
    RulingSent,
)
from workflows.complaint.domain.events.goods import (
    ApologyByThePlatform,
    BecameARefund,
    CarrierInquiryGiven,
    CountsAsNotSent,
    IntactBySilence,
    ParcelLost,
)
from workflows.complaint.domain.events.money import (
    AdvanceCalledOff,
    AdvanceWanted,
    AmountCut,
    BuyerToBeAsked,
    DebtRecorded,
    ManualIntervention,
    PaymentDecided,
    PaymentFailed,
    PaymentOverdue,
    PaymentRequested,
    PaymentReversed,
    PaymentSettled,
    PointsOwed,
    PointsReversed,
)

SystemEvent = Annotated[
    AdvanceCalledOff
    | AdvanceWanted
    | AmountCut
    | ApologyByThePlatform
    | Assigned
    | BecameARefund
    | BecameMajor
    | BuyerToBeAsked
    | CalendarApplied
    | CalendarUnknown
    | CallbackTaskGiven
    | CarrierInquiryGiven
    | Closed
    | Closing
    | ConsentBySilence
    | CountersignAwaited
    | CountsAsNotSent
    | CourtesyCallGiven
    | DateNamed
    | DebtRecorded
    | DutyMissed
    | DutyReminded
    | DutyWarned
    | EscalatedToOperationsManager
    | EscalatedToSupervisor
    | EvidenceCounted
    | EvidenceRequestedBySystem
    | EvidenceSilence
    | Filed
    | FilingRefused
    | FirstResponseMissed
    | FollowUpStarted
    | HiddenDefectFound
    | HoldEnded
    | IntactBySilence
    | InterventionStarted
    | LateMessage
    | LimitMissed
    | ManualIntervention
    | OfferLapsed
    | ParcelLost
    | PaymentDecided
    | PaymentFailed
    | PaymentOverdue
    | PaymentRequested
    | PaymentReversed
    | PaymentSettled
    | PlanPutToBuyer
    | PlanPutToManager
    | PointsOwed
    | PointsReversed
    | Refused
    | RulingFinal
    | RulingOverturned
    | RulingSent
    | SecondCycleStarted
    | SurveyReminded
    | WorkOrderOpenedBySystem
    | WorkOrderSuperseded,
    Field(discriminator="event"),
]
"""What SYSTEM did, or found."""

Facts = SystemEvent | Heard
"""What happened at a step: of a message, that it was heard."""

EVENTS: dict[str, type[SystemEvent]] = {
    str(one.model_fields["event"].default): one for one in get_args(get_args(SystemEvent)[0])
}
"""Event to its class."""

__all__ = [
    "EVENTS",
    "AdvanceCalledOff",
    "AdvanceWanted",
    "AmountCut",
    "ApologyByThePlatform",
    "Assigned",
    "BecameARefund",
    "BecameMajor",
    "BuyerToBeAsked",
    "CalendarApplied",
    "CalendarUnknown",
    "CallbackTaskGiven",
    "CarrierInquiryGiven",
    "Closed",
    "Closing",
    "ConsentBySilence",
    "CountersignAwaited",
    "CountsAsNotSent",
    "CourtesyCallGiven",
    "DateNamed",
    "DebtRecorded",
    "DutyMissed",
    "DutyReminded",
    "DutyWarned",
    "EscalatedToOperationsManager",
    "EscalatedToSupervisor",
    "Event",
    "EvidenceCounted",
    "EvidenceRequestedBySystem",
    "EvidenceSilence",
    "Facts",
    "Filed",
    "FilingRefused",
    "FirstResponseMissed",
    "FollowUpStarted",
    "Heard",
    "HiddenDefectFound",
    "HoldEnded",
    "IntactBySilence",
    "InterventionStarted",
    "LateMessage",
    "LimitMissed",
    "ManualIntervention",
    "OfferLapsed",
    "ParcelLost",
    "PaymentDecided",
    "PaymentFailed",
    "PaymentOverdue",
    "PaymentRequested",
    "PaymentReversed",
    "PaymentSettled",
    "PlanPutToBuyer",
    "PlanPutToManager",
    "PointsOwed",
    "PointsReversed",
    "Refused",
    "RulingFinal",
    "RulingOverturned",
    "RulingSent",
    "SecondCycleStarted",
    "SurveyReminded",
    "SystemEvent",
    "WorkOrderOpenedBySystem",
    "WorkOrderSuperseded",
]
