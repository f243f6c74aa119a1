"""What is said about goods, money and the follow-up (R6, R9, R10)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from workflows.complaint.domain.filing import EvidenceList
from workflows.complaint.domain.messages.base import Condition, LegName, Message
from workflows.money.amount import Money
from workflows.values import Id, Instant, ShortText, Text


class GoodsSent(Message):
    """Goods are on their way on one leg (R6.3, R6.5-R6.7)."""

    kind: Literal["goods_sent"]
    leg: LegName
    carrier: Id
    tracking: Id
    freight: Money | None = None


class FulfilmentDeclined(Message):
    """The seller cannot do what was decided (R6.5, R6.9)."""

    kind: Literal["fulfilment_declined"]
    reason: Literal["out_of_stock", "cannot_repair"]


class ApologyMade(Message):
    """The apology, as it was made (R6.7)."""

    kind: Literal["apology_made"]
    text: Text


class ParcelReported(Message):
    """The carrier's event about a parcel (R6.3, R6.4)."""

    kind: Literal["parcel_reported"]
    tracking: Id
    event: Literal["picked_up", "in_transit", "delivered", "lost", "refused", "returned"]
    at: Instant


class GoodsReceived(Message):
    """The receiver's report on goods that came (R6.3, R6.7)."""

    kind: Literal["goods_received"]
    leg: LegName
    condition: Condition
    quantity: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    evidence: EvidenceList = ()


class PaymentReported(Message):
    """The payment provider's word on a movement (R6.10)."""

    kind: Literal["payment_reported"]
    movement: Id
    result: Literal["settled", "failed", "reversed"]
    provider_reference: Id
    reason: ShortText | None = None


class PaymentRetried(Message):
    """The handler orders a new movement after a proven failure (R6.10)."""

    kind: Literal["payment_retried"]
    movement: Id
    reason: Text


class AdvanceOrdered(Message):
    """The handler orders an advance from the platform fund (R9.1)."""

    kind: Literal["advance_ordered"]
    amount: Money
    reason: Text


class DebtWrittenOff(Message):
    """The operations manager writes off a debt (R9.5)."""

    kind: Literal["debt_written_off"]
    movement: Id
    reason: Text


class SurveyAnswered(Message):
    """The buyer's score, 1 to 5, and comment (R10.1)."""

    kind: Literal["survey_answered"]
    score: Annotated[int, Field(ge=1, le=5)]
    comment: Text = ""


class CallbackMade(Message):
    """The agent has called the buyer back (R10.1)."""

    kind: Literal["callback_made"]
    result: Literal["reached", "unreachable"]
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    text: Text = ""

    @model_validator(mode="after")
    def _score_needs_an_answer(self) -> Self:
        if self.result == "unreachable" and self.score is not None:
            raise ValueError("score belongs to result reached, and to no other")
        return self


class LetterSent(Message):
    """The operations manager's letter ends a second cycle (R10.2)."""

    kind: Literal["letter_sent"]
    text: Text
