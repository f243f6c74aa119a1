"""What is given: a remedy with its amount (R3.5, R4.6)."""

from workflows.money.amount import Money
from workflows.values import Value
from workflows.vocabulary import Remedy


class Award(Value):
    """A remedy with its amount, where the remedy has one."""

    remedy: Remedy
    amount: Money | None = None

    def __str__(self) -> str:
        return f"{self.remedy} {self.amount}" if self.amount else str(self.remedy)
