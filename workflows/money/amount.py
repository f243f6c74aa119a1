"""Money as integer minor units; no floating point ever touches an amount."""

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from workflows.values import Value

_DECIMAL = re.compile(r"^(\d{1,12})(?:\.(\d{1,2}))?$")


def _whole_fen(given: object) -> object:
    # The commonest mistake of whoever writes to a door: "29.90", or 29.9. A rounded guess would move money.
    if isinstance(given, str | float):
        raise ValueError("an amount is a whole number of fen, such as 2990 for 29.90 yuan")
    return given


class Money(Value):
    """An amount in minor units (fen) of one currency: `{"amount": 29900, "currency": "CNY"}` is 299.00 yuan."""

    amount: Annotated[int, Field(ge=0, le=10**14), BeforeValidator(_whole_fen)]
    currency: Literal["CNY"] = "CNY"

    @model_validator(mode="before")
    @classmethod
    def _object(cls, given: object) -> object:
        if isinstance(given, str | int | float):
            raise ValueError('an amount is written {"amount": 2990, "currency": "CNY"}, whole fen, for 29.90 yuan')
        return given

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `299`, `299.5` or `299.00` yuan; raises ValueError naming what was given."""
        match = _DECIMAL.match(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not an amount in yuan such as 299.00")
        yuan, fen = match.group(1), (match.group(2) or "").ljust(2, "0")
        return cls(amount=int(yuan) * 100 + int(fen))

    def __str__(self) -> str:
        return f"{self.amount // 100}.{self.amount % 100:02d}"

    def __bool__(self) -> bool:
        return self.amount > 0

    def __add__(self, other: "Money") -> "Money":
        return Money(amount=self.amount + other.amount)

    def __sub__(self, other: "Money") -> "Money":
        """Take away, never below zero: nothing in a complaint can be owed negatively."""
        return Money(amount=max(self.amount - other.amount, 0))

    def __le__(self, other: "Money") -> bool:
        return self.amount <= other.amount

    def __lt__(self, other: "Money") -> bool:
        return self.amount < other.amount


NOTHING = Money(amount=0)
