"""The stories of the guided tour, and what a story is; the process is told in full by the tests."""

from starter.demo.stories.agreeing import (
    AGREED_AT_ONCE,
    COUNTER_OFFER_CONFIRMED,
    PAYMENT_REFUSED,
    WITHDRAWN_AMONG_THEMSELVES,
)
from starter.demo.stories.holding import faults
from starter.demo.stories.returns import INTACT, NEVER_SENT, RETURNED_INTACT
from starter.demo.stories.ruling import (
    BOTH_SILENT,
    CONTESTED_FOR_THE_BUYER,
    RULED_FOR_SELLER,
    SILENT_ON_EVIDENCE,
    SILENT_SELLER,
)
from starter.demo.stories.second_looks import COUNTERSIGNED, RULING_CHANGED, TWO_CYCLES, UNFOUNDED_SILENT
from starter.demo.stories.story import Act, Pass, Reaches, Reports, Story, Tell

FOR_THE_DEMO = (
    AGREED_AT_ONCE,
    COUNTER_OFFER_CONFIRMED,
    SILENT_SELLER,
    CONTESTED_FOR_THE_BUYER,
    RULED_FOR_SELLER,
    UNFOUNDED_SILENT,
    WITHDRAWN_AMONG_THEMSELVES,
    BOTH_SILENT,
    COUNTERSIGNED,
    RULING_CHANGED,
    SILENT_ON_EVIDENCE,
    RETURNED_INTACT,
    PAYMENT_REFUSED,
    INTACT,
    NEVER_SENT,
    TWO_CYCLES,
)
"""The stories of the guided tour, the plainest first."""

__all__ = ["FOR_THE_DEMO", "Act", "Pass", "Reaches", "Reports", "Story", "Tell", "faults"]
