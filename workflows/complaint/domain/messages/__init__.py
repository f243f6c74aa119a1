"""Every message a complaint understands: one frozen model per kind, told apart by `kind` (contract, Messages)."""

from typing import Any

from workflows.complaint.domain.messages.base import Condition, LegName, Message
from workflows.complaint.domain.messages.fulfilment import (
    AdvanceOrdered,
    ApologyMade,
    CallbackMade,
    DebtWrittenOff,
    FulfilmentDeclined,
    GoodsReceived,
    GoodsSent,
    LetterSent,
    ParcelReported,
    PaymentReported,
    PaymentRetried,
    SurveyAnswered,
)
from workflows.complaint.domain.messages.parties import (
    EvidenceSubmitted,
    InterventionRequested,
    MaterialSupplied,
    OfferConfirmed,
    OfferMade,
    OfferRejected,
    SellerAnswered,
    Withdrawn,
)
from workflows.complaint.domain.messages.platform import (
    AppealDecided,
    BuyerContacted,
    CalendarReprojected,
    EvidenceRequested,
    ExternalRecourseNoted,
    HandedOver,
    HoldPlaced,
    HoldReleased,
    LateEvidenceAdmitted,
    Noted,
    Reviewed,
    Ruled,
    RulingAppealed,
    RulingConfirmed,
    RulingCountersigned,
    WorkOrderAnswered,
    WorkOrderOpened,
    WorkOrderPlanDecided,
)

__all__ = [
    "KINDS",
    "AdvanceOrdered",
    "ApologyMade",
    "AppealDecided",
    "BuyerContacted",
    "CalendarReprojected",
    "CallbackMade",
    "Condition",
    "DebtWrittenOff",
    "EvidenceRequested",
    "EvidenceSubmitted",
    "ExternalRecourseNoted",
    "FulfilmentDeclined",
    "GoodsReceived",
    "GoodsSent",
    "HandedOver",
    "HoldPlaced",
    "HoldReleased",
    "InterventionRequested",
    "LateEvidenceAdmitted",
    "LegName",
    "LetterSent",
    "MaterialSupplied",
    "Message",
    "Noted",
    "OfferConfirmed",
    "OfferMade",
    "OfferRejected",
    "ParcelReported",
    "PaymentReported",
    "PaymentRetried",
    "Reviewed",
    "Ruled",
    "RulingAppealed",
    "RulingConfirmed",
    "RulingCountersigned",
    "SellerAnswered",
    "SurveyAnswered",
    "Withdrawn",
    "WorkOrderAnswered",
    "WorkOrderOpened",
    "WorkOrderPlanDecided",
]


def _kinds(base: type[Message]) -> dict[str, type[Message]]:
    found: dict[str, type[Message]] = {}
    for model in base.__subclasses__():
        kind: Any = model.model_fields["kind"].annotation
        if kind is str:
            found |= _kinds(model)
        else:
            found[kind.__args__[0]] = model
    return found


KINDS: dict[str, type[Message]] = _kinds(Message)
"""Message kind to its model; the only list of kinds there is."""
