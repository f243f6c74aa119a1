"""What is said about goods, money and the follow-up (R6, R9, R10)."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from workflows.complaint.domain.catalogue import (
    BUYER_SEES,
    MOVEMENT,
    NOBODY,
    PARTIES_SEE,
    STAFF_SEE,
    Catalogue,
    Recipient,
    example,
    notify,
)
from workflows.complaint.domain.filing import EvidenceList
from workflows.complaint.domain.messages.base import BaseMessage, Condition, LegName
from workflows.money.amount import Money
from workflows.values import Id, Instant, ShortText, Text


class GoodsSent(BaseMessage):
    """Goods are on their way on one leg (R6.3, R6.5-R6.7)."""

    kind: Literal["goods_sent"]
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("goods_sent", Recipient.OTHERS),),
        example(leg="return", carrier="sf", tracking="SF1234567890"),
    )
    leg: LegName
    carrier: Id
    tracking: Id
    freight: Money | None = None


class FulfilmentDeclined(BaseMessage):
    """The seller cannot do what was decided (R6.5, R6.9)."""

    kind: Literal["fulfilment_declined"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(reason="out_of_stock"))
    reason: Literal["out_of_stock", "cannot_repair"]


class ApologyMade(BaseMessage):
    """The apology, as it was made (R6.7)."""

    kind: Literal["apology_made"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(text="非常抱歉给您带来不便"))
    text: Text


class ParcelReported(BaseMessage):
    """The carrier's event about a parcel (R6.3, R6.4)."""

    kind: Literal["parcel_reported"]
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, NOBODY, example(tracking="SF1234567890", event="delivered", at="2026-11-23T10:00:00+08:00")
    )
    tracking: Id
    event: Literal["picked_up", "in_transit", "delivered", "lost", "refused", "returned"]
    at: Instant


class GoodsReceived(BaseMessage):
    """The receiver's report on goods that came (R6.3, R6.7)."""

    kind: Literal["goods_received"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(leg="return", condition="intact"))
    leg: LegName
    condition: Condition
    quantity: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    evidence: EvidenceList = ()


class PaymentReported(BaseMessage):
    """The payment provider's word on a movement (R6.10)."""

    kind: Literal["payment_reported"]
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, NOBODY, example(movement=MOVEMENT, result="settled", provider_reference="p-1")
    )
    movement: Id
    result: Literal["settled", "failed", "reversed"]
    provider_reference: Id
    reason: ShortText | None = None


class PaymentRetried(BaseMessage):
    """The handler orders a new movement after a proven failure (R6.10)."""

    kind: Literal["payment_retried"]
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(movement=MOVEMENT, reason="重新付款"))
    movement: Id
    reason: Text


class AdvanceOrdered(BaseMessage):
    """The handler orders an advance from the platform fund (R9.1)."""

    kind: Literal["advance_ordered"]
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, NOBODY, example(amount={"amount": 29900, "currency": "CNY"}, reason="卖家资金不足，平台先行垫付")
    )
    amount: Money
    reason: Text


class DebtWrittenOff(BaseMessage):
    """The operations manager writes off a debt (R9.5)."""

    kind: Literal["debt_written_off"]
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(movement=MOVEMENT, reason="多次追偿无果"))
    movement: Id
    reason: Text


class SurveyAnswered(BaseMessage):
    """The buyer's score, 1 to 5, and comment (R10.1)."""

    kind: Literal["survey_answered"]
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(score=5, comment="满意"))
    score: Annotated[int, Field(ge=1, le=5)]
    comment: Text = ""


class CallbackMade(BaseMessage):
    """The agent has called the buyer back (R10.1)."""

    kind: Literal["callback_made"]
    catalogue: ClassVar = Catalogue(BUYER_SEES, NOBODY, example(result="reached", score=5), whole=False)
    result: Literal["reached", "unreachable"]
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    text: Text = ""

    @model_validator(mode="after")
    def _score_needs_an_answer(self) -> Self:
        if self.result == "unreachable" and self.score is not None:
            raise ValueError("score belongs to result reached, and to no other")
        return self


class LetterSent(BaseMessage):
    """The operations manager's letter ends a second cycle (R10.2)."""

    kind: Literal["letter_sent"]
    catalogue: ClassVar = Catalogue(BUYER_SEES, NOBODY, example(text="致歉信"), whole=False)
    text: Text


FulfilmentMessage = (
    GoodsSent
    | FulfilmentDeclined
    | ApologyMade
    | ParcelReported
    | GoodsReceived
    | PaymentReported
    | PaymentRetried
    | AdvanceOrdered
    | DebtWrittenOff
    | SurveyAnswered
    | CallbackMade
    | LetterSent
)
"""Every message of this module: one that is not named here cannot be heard."""
