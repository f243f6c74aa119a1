"""Every message a complaint understands: one frozen model per kind, told apart by `kind` (contract, Messages)."""

from typing import Annotated, get_args

from pydantic import Field

from workflows.complaint.domain.messages.base import BaseMessage, Condition, LegName
from workflows.complaint.domain.messages.fulfilment import (
    AdvanceOrdered,
    ApologyMade,
    CallbackMade,
    DebtWrittenOff,
    FulfilmentDeclined,
    FulfilmentMessage,
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
    PartyMessage,
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
    PlatformMessage,
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
    "BaseMessage",
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


Message = Annotated[PartyMessage | PlatformMessage | FulfilmentMessage, Field(discriminator="kind")]
"""Every message that a complaint can hear; each module of this package has its part."""


def _kind(model: type[BaseMessage]) -> str:
    (kind,) = get_args(model.model_fields["kind"].annotation)
    return str(kind)


KINDS: dict[str, type[Message]] = {_kind(model): model for model in get_args(get_args(Message)[0])}
"""Message kind to its model."""
