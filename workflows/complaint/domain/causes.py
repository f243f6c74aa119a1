"""Why SYSTEM takes a step on its own: a closed list, with what each cause is about."""

from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import Field

from workflows.values import Instant, Text, Value


class Cause(StrEnum):
    """Why; the fields beside it in `Because` say about what."""

    # an intervention begins
    SELLER_SILENT = "seller_silent"
    ASKED_BY_BUYER = "asked_by_buyer"
    ASKED_BY_SUPERVISOR = "asked_by_supervisor"
    NOT_CONTENT = "not_content"
    RETURN_REFUSED = "return_refused"
    LEG_FOUND = "leg_found"
    NOT_SHIPPED_IN_TIME = "not_shipped_in_time"
    PART_LOST = "part_lost"
    OUT_OF_STOCK = "out_of_stock"
    CANNOT_REPAIR = "cannot_repair"
    SAYS_RETURNED = "says_returned"
    # the buyer is to be asked, or a parcel counts as not sent
    NOT_SENT_BACK = "not_sent_back"
    CAME_BACK = "came_back"
    REPORTED_NOT_RECEIVED = "reported_not_received"
    NEVER_PICKED_UP = "never_picked_up"
    # an exchange or a repair becomes a refund
    NO_REPLACEMENT_IN_TIME = "no_replacement_in_time"
    NO_REPAIR_IN_TIME = "no_repair_in_time"
    # a complaint becomes major
    DATE_REFUSED = "date_refused"
    FAILED_AGAIN = "failed_again"
    # the complaint ends
    TOO_LATE = "too_late"
    TOO_EARLY = "too_early"
    NO_MATERIAL = "no_material"
    NOT_ASKED = "not_asked"
    NOT_REACHED = "not_reached"
    NOTHING_RETURNED = "nothing_returned"
    REFERRED = "referred"
    RULING_GIVES_NOTHING = "ruling_gives_nothing"
    SCORED = "scored"
    CALLED_BACK = "called_back"
    SILENCE_TO_THE_END = "silence_to_the_end"
    LETTER = "letter"
    EXPLAINED = "explained"
    """In the words of who turned it down."""


T = TypeVar("T")
Said = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""Left out where the cause does not speak of it."""


class Because(Value):
    """A cause and what it is about; only the fields that the cause speaks of are set."""

    cause: Cause
    leg: Said[str] = None
    found: Said[str] = None
    """How the goods of the leg were found, or what became of the parcel."""
    tracking: Said[str] = None
    ruling: Said[int] = None
    score: Said[int] = None
    days: Said[int] = None
    at: Said[Instant] = None
    """The delivery that was too long ago, or the promised time that has not come."""
    forum: Said[str] = None
    reference: Said[str] = None
    text: Said[Text] = None
