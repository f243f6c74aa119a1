"""Movements of money: what is asked of the payment provider, and what it answers (R6.10)."""

from typing import Literal

from pydantic import ConfigDict, Field

from workflows.domain.base import Id, ShortText, Value
from workflows.domain.filing import Party
from workflows.domain.money import Money
from workflows.domain.vocabulary import MoneyState, Purpose


class Movement(Value):
    """One movement of money; its key `complaint:purpose:number` is the business's and never changes."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    key: Id
    purpose: Purpose
    payer: Party = Field(alias="from")
    payee: Party = Field(alias="to")
    amount: Money
    state: MoneyState
    rule: str
    ordered_by: Party
    remark: ShortText = ""
    provider_reference: Id | None = None


class PaymentAnswer(Value):
    """The provider's word: `settled` done, `pending` it will report later, `refused` a proven business refusal."""

    result: Literal["settled", "pending", "refused"]
    provider_reference: Id | None = None
    reason: ShortText | None = None
