"""What a buyer files and what the order system says about the line it concerns (R1.2)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from workflows.money.amount import Money
from workflows.parties import Party
from workflows.values import Id, Instant, ShortText, Text, Value
from workflows.vocabulary import PRICED, Channel, Problem, Remedy


class Evidence(Value):
    """A reference to a piece of evidence: where it lies and its fingerprint, never the bytes."""

    id: Id
    kind: ShortText
    uri: Annotated[Text, Field(max_length=2000)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
    note: Text = ""


EvidenceList = Annotated[tuple[Evidence, ...], Field(max_length=20)]
"""At most 20 references in one message: more than a person can weigh."""


class Contact(Value):
    """How to reach the complainant; stays out of ids, search attributes and logs."""

    name: ShortText = ""
    phone: ShortText = ""
    email: ShortText = ""


class Request(Value):
    """The remedy asked for; `amount` belongs to priced remedies and to no other."""

    remedy: Remedy
    amount: Money | None = None

    @model_validator(mode="after")
    def _amount_belongs(self) -> Self:
        require_amount(self.remedy, self.amount)
        return self


def require_amount(remedy: Remedy, amount: Money | None) -> None:
    """Raise ValueError unless the amount is there exactly where the remedy has one, and above zero."""
    if remedy in PRICED and not amount:
        raise ValueError(f"remedy {remedy} needs an amount above 0.00")
    if remedy not in PRICED and amount is not None:
        raise ValueError(f"remedy {remedy} takes no amount")


class Filing(Value):
    """One complaint as it comes in (contract, Filing)."""

    request_id: Id
    channel: Channel
    filed_by: Party
    order_id: Id
    line: Annotated[int, Field(ge=1, le=10_000)]
    problem: Problem
    description: Text
    request: Request
    contact: Contact = Contact()
    evidence: EvidenceList = ()


class OrderLine(Value):
    """Facts of one order line, matched from the order system, never from the complainant's word (R1.2)."""

    order_id: Id
    line: int
    buyer_id: Id
    seller_id: Id
    item_id: Id
    title: ShortText
    spec: ShortText = ""
    quantity: Annotated[int, Field(ge=1)] = 1
    paid: Money
    shipping_fee: Money = Money(amount=0)
    paid_at: Instant
    promised_ship_by: Instant | None = None
    shipped_at: Instant | None = None
    carrier: Id | None = None
    tracking: Id | None = None
    delivered_at: Instant | None = None
    category: ShortText | None = None
    held: Money | None = None

    @property
    def ceiling(self) -> Money:
        """The most that can ever be refunded for this line: paid plus shipping (R1.8)."""
        return self.paid + self.shipping_fee
