"""What buyer and seller say to each other and to the platform (R2.1, R3, R4.4)."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from workflows.complaint.domain.catalogue import EVIDENCE, NOBODY, PARTIES_SEE, Catalogue, Recipient, example, notify
from workflows.complaint.domain.filing import EvidenceList, require_amount
from workflows.complaint.domain.messages.base import BaseMessage, Number, Priced
from workflows.money.amount import Money
from workflows.values import Text
from workflows.vocabulary import RefusalReason, Remedy


class MaterialSupplied(BaseMessage):
    """The buyer answers a request for material (R2.1)."""

    kind: Literal["material_supplied"]
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, (notify("material_supplied", Recipient.HANDLER),), example(text="补充材料见附件"), whole=False
    )
    evidence: EvidenceList = ()
    text: Text = ""


class SellerAnswered(BaseMessage):
    """The seller agrees, counters with an offer, or refuses with a reason (R3.1)."""

    kind: Literal["seller_answered"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, (notify("seller_answered", Recipient.BUYER),), example(answer="agree"))
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
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, (notify("offer_made", Recipient.OTHERS),), example(remedy="apology", text="协商方案")
    )
    text: Text = ""


class OfferConfirmed(BaseMessage):
    """A party says yes to the offer of that number (R3.2)."""

    kind: Literal["offer_confirmed"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, (notify("offer_confirmed", Recipient.OTHERS),), example(offer=1))
    offer: Number


class OfferRejected(BaseMessage):
    """A party says no to the offer of that number (R3.2)."""

    kind: Literal["offer_rejected"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, (notify("offer_rejected", Recipient.OTHERS),), example(offer=1))
    offer: Number


class InterventionRequested(BaseMessage):
    """The platform is asked to step in (R3.4)."""

    kind: Literal["intervention_requested"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(text="请平台介入"), whole=False)
    text: Text = ""


class EvidenceSubmitted(BaseMessage):
    """A party stages evidence; `final` locks it in (R4.4)."""

    kind: Literal["evidence_submitted"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(evidence=[EVIDENCE], final=True), whole=False)
    evidence: EvidenceList
    final: bool = False


class Withdrawn(BaseMessage):
    """The buyer withdraws (R3.5)."""

    kind: Literal["withdrawn"]
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(reason="已自行解决"), whole=False)
    reason: Text = ""


PartyMessage = (
    MaterialSupplied
    | SellerAnswered
    | OfferMade
    | OfferConfirmed
    | OfferRejected
    | InterventionRequested
    | EvidenceSubmitted
    | Withdrawn
)
"""Every message of this module: one that is not named here cannot be heard."""
