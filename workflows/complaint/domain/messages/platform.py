"""What the platform says: review, requests, rulings, appeals, work orders, holds (R2, R4, R5, R7)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from workflows.complaint.domain.filing import EvidenceList, require_amount
from workflows.complaint.domain.messages.base import Message, NamedRole, Number, Priced, Share
from workflows.money.amount import Money
from workflows.values import Id, Instant, ShortText, Text
from workflows.vocabulary import Liability, Remedy, RulingReason, Severity


class Reviewed(Message):
    """The agent's review (R2.1)."""

    kind: Literal["reviewed"]
    decision: Literal["accept", "need_material", "not_applicable", "unfounded"]
    text: Text = ""
    severity: Severity | None = None


class HandedOver(Message):
    """The complaint passes to another handler (R2.5)."""

    kind: Literal["handed_over"]
    to: Id
    open_points: Text = ""


class EvidenceRequested(Message):
    """The handler says who must prove what (R4.4)."""

    kind: Literal["evidence_requested"]
    from_: Annotated[tuple[NamedRole, ...], Field(alias="from", min_length=1, max_length=2)]
    to_prove: Text


class LateEvidenceAdmitted(Message):
    """The handler lets late evidence count, with a reason (R4.5)."""

    kind: Literal["late_evidence_admitted"]
    evidence_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=20)]
    reason: Text


class Ruled(Priced):
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


class BuyerContacted(Message):
    """The handler has asked the buyer (R4.1, R9.4)."""

    kind: Literal["buyer_contacted"]
    result: Literal["reached", "confirmed", "disputed", "unreachable"]
    tracking: Id | None = None
    text: Text = ""


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
