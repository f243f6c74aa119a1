"""How a complaint stands for its buyer or its seller (R11.2).

It tells a party nothing that came about by steps which are not shown to it.
"""

from pydantic import Field

from workflows.complaint.domain.view import Advanced, GoodsView, OfferView, Paid, RulingView, WaitingOn
from workflows.values import Instant, Value
from workflows.vocabulary import Outcome, Phase


class Progress(Value):
    """How a complaint stands for its buyer or its seller; `expected_at` is when the platform acts at the latest.

    `money` is what the party has paid or got; what is decided and not paid yet is awaited from the platform.
    """

    complaint: str
    phase: Phase
    outcome: Outcome | None
    cycle: int
    handler: str | None
    paused: bool
    expected_at: Instant | None
    waiting_on: tuple[WaitingOn, ...]
    offer: OfferView | None
    ruling: RulingView | None
    goods: GoodsView | None
    advance: Advanced | None
    money: tuple[Paid, ...]
    steps: int = Field(description="how many steps the whole timeline has; those that are not for this party too")
