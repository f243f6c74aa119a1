"""What the platform says: review, requests, rulings, appeals, work orders, holds (R2, R4, R5, R7)."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from workflows.complaint.domain.catalogue import (
    BUYER_SEES,
    NOBODY,
    PARTIES_SEE,
    STAFF_SEE,
    Catalogue,
    Recipient,
    example,
    notify,
)
from workflows.complaint.domain.filing import EvidenceList, require_amount
from workflows.complaint.domain.messages.base import BaseMessage, NamedRole, Number, Priced, Share
from workflows.money.amount import Money
from workflows.values import Id, Instant, ShortText, Text
from workflows.vocabulary import Liability, Remedy, RulingReason, Severity


class Reviewed(BaseMessage):
    """The agent's review (R2.1)."""

    kind: Literal["reviewed"]
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (
            notify("material_asked", Recipient.BUYER, decision="need_material"),
            notify("accepted", Recipient.BUYER, Recipient.SELLER, decision="accept"),
        ),
        example(decision="accept", text="符合受理条件"),
        whole=False,
    )
    decision: Literal["accept", "need_material", "not_applicable", "unfounded"]
    text: Text = ""
    severity: Severity | None = None


class HandedOver(BaseMessage):
    """The complaint passes to another handler (R2.5)."""

    kind: Literal["handed_over"]
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("assigned", Recipient.HANDLER),),
        example(to="a-2", open_points="等待卖家举证"),
        whole=False,
    )
    to: Id
    open_points: Text = ""


class EvidenceRequested(BaseMessage):
    """The handler says who must prove what (R4.4)."""

    model_config = ConfigDict(serialize_by_alias=True)

    kind: Literal["evidence_requested"]
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("evidence_requested", Recipient.BUYER, Recipient.SELLER),),
        example(**{"from": ["buyer", "seller"], "to_prove": "请举证"}),
    )
    from_: Annotated[tuple[NamedRole, ...], Field(alias="from", min_length=1, max_length=2)]
    to_prove: Text


class LateEvidenceAdmitted(BaseMessage):
    """The handler lets late evidence count, with a reason (R4.5)."""

    kind: Literal["late_evidence_admitted"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(evidence_ids=["e-1"], reason="因物流延误，理由成立"))
    evidence_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=20)]
    reason: Text


class Ruled(Priced):
    """The platform's ruling (R4.6); `amount` is what the buyer gets in all."""

    kind: Literal["ruled"]
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        NOBODY,
        example(
            liability="seller", remedy="apology", freight="seller", reason="not_as_described", text="经核实支持买家诉求"
        ),
    )
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


class RulingCountersigned(BaseMessage):
    """A supervisor approves or returns a ruling above the limit (R4.6)."""

    kind: Literal["ruling_countersigned"]
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(ruling=1, decision="approve"))
    ruling: Number
    decision: Literal["approve", "return"]
    text: Text = ""


class RulingConfirmed(BaseMessage):
    """A party accepts the ruling of that number (R5.1)."""

    kind: Literal["ruling_confirmed"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(ruling=1))
    ruling: Number


class RulingAppealed(BaseMessage):
    """A party appeals against the ruling of that number, with grounds (R5.1)."""

    kind: Literal["ruling_appealed"]
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("appealed", Recipient.SUPERVISORS, Recipient.OTHERS),),
        example(ruling=1, grounds="有新的证据"),
    )
    ruling: Number
    grounds: Annotated[Text, Field(min_length=1)]
    evidence: EvidenceList = ()


class AppealDecided(BaseMessage):
    """The appeal is decided; when changed, with the fields of the new ruling (R5.4)."""

    kind: Literal["appeal_decided"]
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("appeal_decided", Recipient.BUYER, Recipient.SELLER, Recipient.HANDLER),),
        example(decision="uphold", text="维持原裁决"),
        whole=False,
    )
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


class ExternalRecourseNoted(BaseMessage):
    """A party has gone to arbitration, court or the regulator (R5.5)."""

    kind: Literal["external_recourse_noted"]
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(forum="regulator", reference="12315-1"))
    forum: Literal["arbitration", "court", "regulator"]
    reference: ShortText
    result: Literal["upheld", "overturned"] | None = None


class BuyerContacted(BaseMessage):
    """The handler has asked the buyer (R4.1, R9.4)."""

    kind: Literal["buyer_contacted"]
    catalogue: ClassVar = Catalogue(BUYER_SEES, NOBODY, example(result="reached", text="已电话联系买家"), whole=False)
    result: Literal["reached", "confirmed", "disputed", "unreachable"]
    tracking: Id | None = None
    text: Text = ""


class Noted(BaseMessage):
    """A note of any member of staff."""

    kind: Literal["noted"]
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(text="已联系双方"))
    text: Text


class HoldPlaced(BaseMessage):
    """An operations manager lets everything stand still for a while (R7.7)."""

    kind: Literal["hold_placed"]
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, NOBODY, example(reason="等待司法协助", until="2026-12-01T00:00:00+08:00"), whole=False
    )
    reason: Text
    until: Instant


class HoldReleased(BaseMessage):
    """The hold ends before its time (R7.7)."""

    kind: Literal["hold_released"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(reason="情况已查明"), whole=False)
    reason: Text


class CalendarReprojected(BaseMessage):
    """A new calendar is applied to a running complaint, on purpose (R7.6)."""

    kind: Literal["calendar_reprojected"]
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, NOBODY, example(calendar_version="cn-2027-1", reason="新年度放假安排已公布")
    )
    calendar_version: Id
    reason: Text


class WorkOrderOpened(BaseMessage):
    """A question to the responsible department (R2.6)."""

    kind: Literal["work_order_opened"]
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (notify("work_order_opened", Recipient.DEPARTMENT),),
        example(department="purchasing", question="请核实该批次面料成分"),
    )
    department: Literal["order", "purchasing", "operations"]
    question: Text


class WorkOrderAnswered(BaseMessage):
    """The department answers, or names a date once (R2.6)."""

    kind: Literal["work_order_answered"]
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, NOBODY, example(cause="供应商以次充好", responsible="采购二组", plan="下架该批次并全额退款")
    )
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


class WorkOrderPlanDecided(BaseMessage):
    """The buyer's answer to the department's plan (R2.6)."""

    kind: Literal["work_order_plan_decided"]
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(decision="accept", text="同意"))
    decision: Literal["accept", "reject"]
    text: Text = ""


PlatformMessage = (
    Reviewed
    | HandedOver
    | EvidenceRequested
    | LateEvidenceAdmitted
    | Ruled
    | RulingCountersigned
    | RulingConfirmed
    | RulingAppealed
    | AppealDecided
    | ExternalRecourseNoted
    | BuyerContacted
    | Noted
    | HoldPlaced
    | HoldReleased
    | CalendarReprojected
    | WorkOrderOpened
    | WorkOrderAnswered
    | WorkOrderPlanDecided
)
"""Every message of this module: one that is not named here cannot be heard."""
