"""What buyer and seller say to each other and to the platform (R2.1, R3, R4.4)."""

from typing import Literal, Self

from pydantic import model_validator

from workflows.complaint.domain.filing import EvidenceList, require_amount
from workflows.complaint.domain.messages.base import Message, Number, Priced
from workflows.money.amount import Money
from workflows.values import Text
from workflows.vocabulary import RefusalReason, Remedy


class MaterialSupplied(Message):
    """The buyer answers a request for material (R2.1)."""

    kind: Literal["material_supplied"]
    evidence: EvidenceList = ()
    text: Text = ""


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


class OfferMade(Priced):
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


class EvidenceSubmitted(Message):
    """A party stages evidence; `final` locks it in (R4.4)."""

    kind: Literal["evidence_submitted"]
    evidence: EvidenceList
    final: bool = False


class Withdrawn(Message):
    """The buyer withdraws (R3.5)."""

    kind: Literal["withdrawn"]
    reason: Text = ""
