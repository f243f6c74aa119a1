"""Every message a complaint understands: one frozen model per kind, told apart by `kind` (contract, Messages)."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from workflows.domain.base import Id, Instant, ShortText, Text, Value
from workflows.domain.filing import EvidenceList, Party, require_amount
from workflows.domain.money import Money
from workflows.domain.vocabulary import Liability, RefusalReason, Remedy, RulingReason, Severity

LegName = Literal["return", "replacement", "repaired", "missing_part", "original"]
Condition = Literal["intact", "damaged", "wrong_or_empty", "short", "not_received"]
Number = Annotated[int, Field(ge=1, le=10_000)]
Share = Annotated[int, Field(ge=1, le=99)]
NamedRole = Literal["buyer", "seller"]


class Message(Value):
    """Common to all: the sender's own id for the message, who sends it, and when the platform's edge received it."""

    kind: str
    message_id: Id
    sender: Party
    received_at: Instant | None = None


class _Priced(Message):
    remedy: Remedy
    amount: Money | None = None

    @model_validator(mode="after")
    def _amount_belongs(self) -> Self:
        require_amount(self.remedy, self.amount)
        return self


class Reviewed(Message):
    """The agent's review (R2.1)."""

    kind: Literal["reviewed"]
    decision: Literal["accept", "need_material", "not_applicable", "unfounded"]
    text: Text = ""
    severity: Severity | None = None


class MaterialSupplied(Message):
    """The buyer answers a request for material (R2.1)."""

    kind: Literal["material_supplied"]
    evidence: EvidenceList = ()
    text: Text = ""


class HandedOver(Message):
    """The complaint passes to another handler (R2.5)."""

    kind: Literal["handed_over"]
    to: Id
    open_points: Text = ""


class SellerAnswered(Message):
    """The seller agrees, counters with an offer, or refuses with a reason (R3.1)."""

    kind: Literal["seller_answered"]
    answer: Literal["agree", "counter", "refuse"]
    remedy: Remedy | None = None
    amount: Money | None = None
    reason: RefusalReason | None = None
    evidence: EvidenceList = ()

    @model_validator(mode="after")
    def _fields_of_the_answer(self) -> Self:
        if (self.answer == "counter") != (self.remedy is not None):
            raise ValueError("remedy belongs to answer counter, and to no other")
        if self.answer != "counter" and self.amount is not None:
            raise ValueError("amount belongs to answer counter, and to no other")
        if (self.answer == "refuse") != (self.reason is not None):
            raise ValueError("reason belongs to answer refuse, and to no other")
        if self.remedy is not None:
            require_amount(self.remedy, self.amount)
        return self


class OfferMade(_Priced):
    """A proposal; it gets the next offer number (R3.2)."""

    kind: Literal["offer_made"]
    text: Text = ""


class OfferConfirmed(Message):
    """A party says yes to the offer of that number (R3.2)."""

    kind: Literal["offer_confirmed"]
    offer: Number


class OfferRejected(Message):
    """A party says no to the offer of that number (R3.2)."""

    kind: Literal["offer_rejected"]
    offer: Number


class InterventionRequested(Message):
    """The platform is asked to step in (R3.4)."""

    kind: Literal["intervention_requested"]
    text: Text = ""


class EvidenceRequested(Message):
    """The handler says who must prove what (R4.4)."""

    kind: Literal["evidence_requested"]
    from_: Annotated[tuple[NamedRole, ...], Field(alias="from", min_length=1, max_length=2)]
    to_prove: Text


class EvidenceSubmitted(Message):
    """A party stages evidence; `final` locks it in (R4.4)."""

    kind: Literal["evidence_submitted"]
    evidence: EvidenceList
    final: bool = False


class LateEvidenceAdmitted(Message):
    """The handler lets late evidence count, with a reason (R4.5)."""

    kind: Literal["late_evidence_admitted"]
    evidence_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=20)]
    reason: Text


class Ruled(_Priced):
    """The platform's ruling (R4.6); `amount` is what the buyer gets in all."""

    kind: Literal["ruled"]
    liability: Liability
    seller_share: Share | None = None
    freight: Literal["buyer", "seller", "platform"]
    reason: RulingReason
    text: Text

    @model_validator(mode="after")
    def _share_belongs(self) -> Self:
        if self.seller_share is not None and self.liability is not Liability.BOTH:
            raise ValueError("seller_share belongs to liability both, and to no other")
        return self


class RulingCountersigned(Message):
    """A supervisor approves or returns a ruling above the limit (R4.6)."""

    kind: Literal["ruling_countersigned"]
    ruling: Number
    decision: Literal["approve", "return"]
    text: Text = ""


class RulingConfirmed(Message):
    """A party accepts the ruling of that number (R5.1)."""

    kind: Literal["ruling_confirmed"]
    ruling: Number


class RulingAppealed(Message):
    """A party appeals against the ruling of that number, with grounds (R5.1)."""

    kind: Literal["ruling_appealed"]
    ruling: Number
    grounds: Annotated[Text, Field(min_length=1)]
    evidence: EvidenceList = ()


class AppealDecided(Message):
    """The appeal is decided; when changed, with the fields of the new ruling (R5.4)."""

    kind: Literal["appeal_decided"]
    decision: Literal["uphold", "change", "send_back"]
    text: Text = ""
    liability: Liability | None = None
    seller_share: Share | None = None
    remedy: Remedy | None = None
    amount: Money | None = None
    freight: Literal["buyer", "seller", "platform"] | None = None
    reason: RulingReason | None = None

    @model_validator(mode="after")
    def _ruling_when_changed(self) -> Self:
        needed = (self.liability, self.remedy, self.freight, self.reason)
        if self.decision == "change":
            if any(field is None for field in needed):
                raise ValueError("decision change needs liability, remedy, freight and reason")
            if self.remedy is not None:
                require_amount(self.remedy, self.amount)
        elif any(field is not None for field in (*needed, self.seller_share, self.amount)):
            raise ValueError("the ruling's fields belong to decision change, and to no other")
        return self


class ExternalRecourseNoted(Message):
    """A party has gone to arbitration, court or the regulator (R5.5)."""

    kind: Literal["external_recourse_noted"]
    forum: Literal["arbitration", "court", "regulator"]
    reference: ShortText
    result: Literal["upheld", "overturned"] | None = None


class Withdrawn(Message):
    """The buyer withdraws (R3.5)."""

    kind: Literal["withdrawn"]
    reason: Text = ""


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


class BuyerContacted(Message):
    """The handler has asked the buyer (R4.1, R9.4)."""

    kind: Literal["buyer_contacted"]
    result: Literal["reached", "confirmed", "disputed", "unreachable"]
    tracking: Id | None = None
    text: Text = ""


class WorkOrderOpened(Message):
    """A question to the responsible department (R2.6)."""

    kind: Literal["work_order_opened"]
    department: Literal["order", "purchasing", "operations"]
    question: Text


class WorkOrderAnswered(Message):
    """The department answers, or names a date once (R2.6)."""

    kind: Literal["work_order_answered"]
    cause: Text | None = None
    responsible: ShortText | None = None
    plan: Text | None = None
    expected_at: Instant | None = None

    @model_validator(mode="after")
    def _answer_or_date(self) -> Self:
        answer = (self.cause, self.responsible, self.plan)
        if self.expected_at is not None and any(part is not None for part in answer):
            raise ValueError("give cause, responsible and plan, or expected_at, not both")
        if self.expected_at is None and any(part is None for part in answer):
            raise ValueError("an answer needs cause, responsible and plan; or give expected_at")
        return self


class WorkOrderPlanDecided(Message):
    """The buyer's answer to the department's plan (R2.6)."""

    kind: Literal["work_order_plan_decided"]
    decision: Literal["accept", "reject"]
    text: Text = ""


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


class Noted(Message):
    """A note of any member of staff."""

    kind: Literal["noted"]
    text: Text


class HoldPlaced(Message):
    """An operations manager lets everything stand still for a while (R7.7)."""

    kind: Literal["hold_placed"]
    reason: Text
    until: Instant


class HoldReleased(Message):
    """The hold ends before its time (R7.7)."""

    kind: Literal["hold_released"]
    reason: Text


class CalendarReprojected(Message):
    """A new calendar is applied to a running complaint, on purpose (R7.6)."""

    kind: Literal["calendar_reprojected"]
    calendar_version: Id
    reason: Text


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
