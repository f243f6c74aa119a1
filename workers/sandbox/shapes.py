"""What goes over the sandbox's wire: the partners' requests and records, and what an operator puts in."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, Self, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from workflows.complaint.domain.filing import OrderLine
from workflows.complaint.domain.parcels import EventName, Numbered, ParcelEvent
from workflows.money.amount import Money
from workflows.money.movement import LineRef
from workflows.parties import Party
from workflows.values import Id, Instant, ShortText, Text, Value

T = TypeVar("T")


class SandboxOrder(OrderLine):
    """One order line as `redress sandbox order` takes it; `held` is all of paid and shipping unless said."""

    line: Annotated[int, Field(ge=1, le=10_000)]

    @model_validator(mode="after")
    def _held_within_the_price(self) -> Self:
        if self.held is not None and not self.held <= self.ceiling:
            raise ValueError(f"held {self.held} is more than paid and shipping together, {self.ceiling}")
        return self

    @property
    def facts(self) -> OrderLine:
        """What the order system answers: the same line with `held` filled in."""
        return self.but(held=self.ceiling if self.held is None else self.held)


class SellerAccount(Value):
    """A seller's deposit with the platform, as `redress sandbox seller` takes it."""

    seller_id: Id
    deposit: Money


class Account(Value):
    """Whose money: the provider keeps any role's account and judges none."""

    role: Id
    id: Id


class PaymentRequest(Value):
    """What the provider is asked to move; the key makes it once."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    key: Id
    purpose: Id
    payer: Account = Field(alias="from")
    payee: Account = Field(alias="to")
    amount: Annotated[Money, Field(description="above zero")]
    remark: ShortText = ""
    line: LineRef | None = None
    """Whose held money it draws on or pays out."""
    rest: Money | None = None
    """Of an unfreezing: what goes back to the fund with it."""

    @model_validator(mode="after")
    def _something_moves(self) -> Self:
        if not self.amount:
            raise ValueError("amount must be above 0.00")
        if self.rest is not None and self.purpose != "unfreeze":
            raise ValueError("only an unfreeze leaves a rest to the fund")
        return self

    @property
    def whole(self) -> int:
        """All that leaves the payer, in minor units."""
        return self.amount.amount + (self.rest.amount if self.rest else 0)


class Posting(Value):
    """What a payment does to one account, in minor units: below zero it gives, above it gets."""

    account: str
    amount: int


PaymentState = Literal["settled", "pending", "declined", "failed", "reversed"]
"""`declined` at once by the provider, `failed` after it had been pending, `reversed` after it had been settled."""


class Payment(PaymentRequest):
    """One line of the provider's own book."""

    state: PaymentState
    reference: Id
    reason: ShortText | None = None
    available: Money | None = None
    """Of a payment declined for want of cover: what held money and deposit could have given."""
    from_deposit: Money | None = None
    """How much the seller's deposit gave, if anything."""
    postings: tuple[Posting, ...] = ()
    """What it did to the accounts; nothing where nothing moved, or all of it went back."""
    time: Instant
    changed: Instant
    """When the state last changed."""
    callback: Literal["waiting", "delivered", "undeliverable"] | None = None


class Available(Value):
    """What held money of a line and deposit of its seller could give now; None where nobody told of them."""

    available: Money | None


class Wanted(Value):
    """Which payments of the book are asked for: of a complaint, changed in a time, after a place in the book."""

    complaint: Id | None = None
    since: Instant | None = None
    until: Instant | None = None
    """Not any more at that instant."""
    after: Annotated[int, Field(ge=0, lt=2**63)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 500


class Page(Value):
    """Some payments in the order of the book, and where the next ones begin; None at the end."""

    payments: tuple[Payment, ...]
    next: int | None = None


class Reversal(Value):
    """A settled payment to be taken back."""

    key: Id


class Notice(Value):
    """A notice as it reached the sink; the key makes it once."""

    key: Id
    channel: Id
    to: Party
    locale: Id
    subject: ShortText
    text: Text


class NoticeSent(Notice):
    """A notice with where to bring it, if the sender knows better than we do; that is used and not kept."""

    address: ShortText = ""

    @property
    def kept(self) -> Notice:
        """What is written down."""
        return Notice(**{name: getattr(self, name) for name in Notice.model_fields})


class ArrivedNotice(Notice):
    """A notice in somebody's inbox, with the time of its arrival."""

    time: Instant


class Happening(Numbered):
    """Something that happens to a parcel by the operator's order; now unless said."""

    event: EventName
    at: Instant | None = None


class Tracked(Numbered):
    """A parcel as its carrier knows it: what happened to it, in the order it was learnt."""

    events: tuple[ParcelEvent, ...]


class InputUnreadable(ValueError):  # noqa: N818 - named as the news it brings
    """Something put in cannot be read; the text names every place and what is wrong there."""


def places(error: ValidationError) -> str:
    """Return every fault as `place: reason`, without echoing what was sent."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{_place(one['loc'])}{one['msg'].removeprefix('Value error, ')}" for one in found)


def _place(parts: Sequence[int | str]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return f"{text.lstrip('.')}: " if text else ""


def read_orders(text: str) -> list[SandboxOrder]:
    """Read one JSON object, a JSON array or JSON lines of order lines; raises InputUnreadable with the places."""
    return _read(text, TypeAdapter(list[SandboxOrder]).validate_json)


def read_sellers(text: str) -> list[SellerAccount]:
    """Read one JSON object, a JSON array or JSON lines of sellers; raises InputUnreadable with the places."""
    return _read(text, TypeAdapter(list[SellerAccount]).validate_json)


def _read(text: str, validate: Callable[[str], list[T]]) -> list[T]:
    if not text.strip():
        raise InputUnreadable("nothing was given; give one JSON object, or one per line")
    try:
        whole = json.loads(text)
    except ValueError as broken:
        return _read_lines(text, validate, str(broken))
    if not isinstance(whole, list):
        return _read_one(text, validate)
    try:
        return validate(text)
    except ValidationError as wrong:
        raise InputUnreadable(places(wrong)) from None


def _read_one(text: str, validate: Callable[[str], list[T]], where: str = "") -> list[T]:
    try:
        return validate(f"[{text}]")
    except ValidationError as wrong:
        raise InputUnreadable(where + places(wrong).replace("[0].", "").removeprefix("[0]: ")) from None


def _read_lines(text: str, validate: Callable[[str], list[T]], broken: str) -> list[T]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) == 1:
        raise InputUnreadable(f"not JSON: {broken}")
    return [value for number, line in lines for value in _read_one(line, validate, f"line {number}: ")]
