"""Movements of money: what is asked of the payment provider, and what it answers (R6.10)."""

from typing import Literal

from pydantic import ConfigDict, Field

from workflows.money.amount import NOTHING, Money
from workflows.parties import Party
from workflows.values import Id, ShortText, Value
from workflows.vocabulary import MoneyState, Purpose


class LineRef(Value):
    """The order line whose held money a movement draws on or pays out (R6.11, R6.12)."""

    order_id: Id
    line: int


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
    line: LineRef | None = None
    """Every movement that a complaint decides names it."""
    rest: Money | None = None
    """Of an unfreezing: what goes back to the fund in the same transaction (R9.7)."""


class PaymentAnswer(Value):
    """The provider's word: `settled` done, `pending` it will report later, `refused` a proven business refusal."""

    result: Literal["settled", "pending", "refused"]
    provider_reference: Id | None = None
    reason: ShortText | None = None
    from_deposit: Money = NOTHING
    """How much of a seller's payment came from the deposit, because held money did not cover it (R6.11)."""
    available: Money | None = None
    """Of a refusal for want of cover: what held money and deposit of the seller could still give (R6.11, R9.5)."""
