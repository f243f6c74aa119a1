"""Events of offers, intervention, evidence, rulings and work orders (R2.6, R3, R4, R5)."""

from typing import ClassVar, Literal

from workflows.complaint.domain.award import Award
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
from workflows.complaint.domain.causes import Because
from workflows.complaint.domain.events.base import Event
from workflows.values import Instant, Text
from workflows.vocabulary import Role


class OfferLapsed(Event):
    """Nobody confirmed the offer in time (R3.2)."""

    event: Literal["offer_lapsed"] = "offer_lapsed"
    offer: int
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, (notify("offer_lapsed", Recipient.BUYER, Recipient.SELLER),), example(offer=1)
    )


class InterventionStarted(Event):
    """The platform was asked, or came by itself (R3.3, R3.4, R6.3, R10.2)."""

    event: Literal["intervention_started"] = "intervention_started"
    because: Because
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("intervention_started", Recipient.BUYER, Recipient.SELLER, Recipient.HANDLER),),
        example(because={"cause": "seller_silent"}),
    )


class EvidenceRequestedBySystem(Event):
    """SYSTEM opened evidence windows: who must prove what (R4.4, R9.4)."""

    event: Literal["evidence_requested"] = "evidence_requested"
    parties: tuple[Role, ...]
    to_prove: Text
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("evidence_requested", Recipient.BUYER, Recipient.SELLER),),
        example(parties=["buyer"], to_prove="proof of delivery of the return"),
    )


class EvidenceSilence(Event):
    """A party let its window pass without evidence (R4.5)."""

    event: Literal["evidence_silence"] = "evidence_silence"
    party: Role
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, (notify("evidence_silence", Recipient.HANDLER),), example(party="seller")
    )


class EvidenceCounted(Event):
    """The window ended: what the party had staged counts as submitted (R4.4)."""

    event: Literal["evidence_counted"] = "evidence_counted"
    party: Role
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(party="buyer"))


class CountersignAwaited(Event):
    """A ruling above the limit waits for a supervisor (R4.6); the buyer is told that it went up (R11.2)."""

    event: Literal["countersign_awaited"] = "countersign_awaited"
    ruling: int
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (notify("countersign_awaited", Recipient.SUPERVISORS), notify("passed_up", Recipient.BUYER)),
        example(ruling=1),
    )


class RulingSent(Event):
    """A ruling was sent to whom it binds (R4.6, R5.1)."""

    event: Literal["ruling_sent"] = "ruling_sent"
    ruling: int
    award: Award
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("ruling_sent", Recipient.ASKED),),
        example(ruling=1, award={"remedy": "refund", "amount": {"amount": 29900, "currency": "CNY"}}),
    )


class ConsentBySilence(Event):
    """A party let its window pass: its silence is consent (R5.2, R2.2)."""

    event: Literal["consent_by_silence"] = "consent_by_silence"
    party: Role
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(party="buyer"))


class RulingFinal(Event):
    """The ruling is final and will be fulfilled (R5.3)."""

    event: Literal["ruling_final"] = "ruling_final"
    ruling: int
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, (notify("ruling_final", Recipient.BUYER, Recipient.SELLER),), example(ruling=1)
    )


class RulingOverturned(Event):
    """A final ruling was overturned by a later ruling, or by a court, arbitration or regulator (R5.6)."""

    event: Literal["ruling_overturned"] = "ruling_overturned"
    ruling: int
    by_ruling: int | None = None
    forum: str | None = None
    reference: str | None = None
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, (notify("ruling_overturned", Recipient.SELLER, Recipient.HANDLER),), example(ruling=1, by_ruling=2)
    )


class DateNamed(Event):
    """The department named a date for its answer, which it may do once (R2.6)."""

    event: Literal["date_named"] = "date_named"
    expected_at: Instant
    catalogue: ClassVar = Catalogue(
        BUYER_SEES,
        (notify("date_named", Recipient.BUYER, Recipient.HANDLER),),
        example(expected_at="2026-12-01T16:00:00Z"),
    )


class PlanPutToBuyer(Event):
    """The department's plan was put to the buyer (R2.6)."""

    event: Literal["plan_put_to_buyer"] = "plan_put_to_buyer"
    work_order: int
    catalogue: ClassVar = Catalogue(
        BUYER_SEES, (notify("plan_put_to_buyer", Recipient.BUYER),), example(work_order=1), whole=False
    )


class PlanPutToManager(Event):
    """A plan rejected twice goes to the general manager, with what was said of it (R2.6)."""

    event: Literal["plan_put_to_manager"] = "plan_put_to_manager"
    work_order: int
    history: tuple[str, ...]
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (notify("plan_put_to_manager", Recipient.GENERAL_MANAGER), notify("passed_up", Recipient.BUYER)),
        example(work_order=1, history=["rejected: too late"]),
    )


class WorkOrderOpenedBySystem(Event):
    """The second cycle asks the responsible department why the buyer is not content (R10.2)."""

    event: Literal["work_order_opened"] = "work_order_opened"
    department: str
    score: int
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (notify("work_order_opened", Recipient.DEPARTMENT),),
        example(department="purchasing", score=2),
    )


class WorkOrderSuperseded(Event):
    """An open work order ended: what was to be put to the buyer is agreed, ruled or over (R2.6)."""

    event: Literal["work_order_superseded"] = "work_order_superseded"
    work_order: int
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, (notify("work_order_superseded", Recipient.DEPARTMENT),), example(work_order=1)
    )


DecisionEvent = (
    OfferLapsed
    | InterventionStarted
    | EvidenceRequestedBySystem
    | EvidenceSilence
    | EvidenceCounted
    | CountersignAwaited
    | RulingSent
    | ConsentBySilence
    | RulingFinal
    | RulingOverturned
    | DateNamed
    | PlanPutToBuyer
    | PlanPutToManager
    | WorkOrderOpenedBySystem
    | WorkOrderSuperseded
)
