"""What a complaint takes along when it continues as new: everything, so that nobody can tell that it did."""

from temporalio.common import RawValue

from workflows.complaint.domain.case import Case
from workflows.values import Value

STEPS_KEPT = 300
"""The latest steps stay at hand for the query; all of them are on record."""


class Carried(Value):
    """The state between two runs; `recorded` and `ended_recorded` count what is on record already."""

    case: Case
    recorded: int
    ended_recorded: int


def carried(start: RawValue) -> Carried:
    """Read what the run before handed over."""
    return Carried.model_validate_json(start.payload.data)


def handed_over(case: Case, recorded: int, ended_recorded: int) -> Carried:
    """Hand over to the next run; of the timeline what is not on record yet, and the latest steps."""
    kept = max(STEPS_KEPT, case.steps - recorded)
    return Carried(
        case=case.but(timeline=case.timeline[-kept:]),
        recorded=recorded,
        ended_recorded=ended_recorded,
    )
