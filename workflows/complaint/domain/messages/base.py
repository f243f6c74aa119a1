"""What every message has in common, and the words several messages share."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from workflows.complaint.domain.filing import require_amount
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.values import Id, Instant, Value
from workflows.vocabulary import Remedy

LegName = Literal["return", "replacement", "repaired", "missing_part", "original"]
Condition = Literal["intact", "damaged", "wrong_or_empty", "short", "not_received"]
Number = Annotated[int, Field(ge=1, le=10_000)]
Share = Annotated[int, Field(ge=1, le=99)]
NamedRole = Literal["buyer", "seller"]


class BaseMessage(Value):
    """Common to all: the sender's own id for the message, who sends it, and when the platform's edge received it."""

    kind: str
    message_id: Id
    sender: Party
    received_at: Annotated[Instant | None, Field(exclude_if=lambda instant: instant is None)] = None


class Priced(BaseMessage):
    """A message with a remedy, and an amount where the remedy has one."""

    remedy: Remedy
    amount: Money | None = None

    @model_validator(mode="after")
    def _amount_belongs(self) -> Self:
        require_amount(self.remedy, self.amount)
        return self
