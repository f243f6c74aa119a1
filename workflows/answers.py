"""What a sender gets back: a receipt, or a typed refusal that says what to do instead (contract, View)."""

from enum import StrEnum
from typing import Literal

from workflows.values import Value
from workflows.vocabulary import Phase


class Code(StrEnum):
    """Why something was refused: a closed list, for programs; the refusal's text is for people."""

    MALFORMED = "malformed"
    UNKNOWN_KIND = "unknown_kind"
    WRONG_ROLE = "wrong_role"
    WRONG_SENDER = "wrong_sender"
    NOT_NOW = "not_now"
    STALE_NUMBER = "stale_number"
    ALREADY_DONE = "already_done"
    ABOVE_LIMIT = "above_limit"
    INCONSISTENT = "inconsistent"
    UNKNOWN_REFERENCE = "unknown_reference"
    OVERTAKEN = "overtaken"
    CLOSED = "closed"
    NOT_THE_BUYER = "not_the_buyer"
    ORDER_UNKNOWN = "order_unknown"
    ALREADY_OPEN = "already_open"
    ALREADY_FILED = "already_filed"


class Receipt(Value):
    """The message was heard; `steps` is the length of the timeline after it."""

    accepted: Literal[True] = True
    message_id: str
    phase: Phase
    steps: int


class Refusal(Value):
    """The message was not heard; `allowed` lists the kinds that can be sent now."""

    accepted: Literal[False] = False
    code: Code
    rule: str
    phase: Phase
    allowed: tuple[str, ...] = ()
    text: str


Answer = Receipt | Refusal


class NotHeard(Exception):  # noqa: N818 - a refusal is an answer of the domain, not a fault of the program
    """Raised by a rule that refuses a message; `hear` turns it into a `Refusal`."""

    def __init__(self, code: Code, rule: str, text: str, *, stands: str | None = None) -> None:
        """`stands` is the state that the message contradicts, where it reports on something that has one."""
        super().__init__(text)
        self.code, self.rule, self.text, self.stands = code, rule, text, stands
