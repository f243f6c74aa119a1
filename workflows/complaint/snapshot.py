"""The snapshot of a complaint that continues as new; nobody can tell from outside that it did."""

from temporalio.common import RawValue

from workflows.complaint.domain.case import Case
from workflows.values import Value

STEPS_KEPT = 300
"""The latest steps stay at hand for the query; all of them are on record."""


class Snapshot(Value):
    """The state between two runs; `recorded` and `ended_recorded` count what is on record already."""

    case: Case
    recorded: int
    ended_recorded: int


def restored(start: RawValue) -> Snapshot:
    """Read what the run before handed over."""
    return Snapshot.model_validate_json(start.payload.data)


def snapshot(case: Case, recorded: int, ended_recorded: int) -> Snapshot:
    """Hand over to the next run; of the timeline what is not on record yet, and the latest steps.

    What was said at steps that are on record stays there: a case that was told much stays small.
    """
    kept = max(STEPS_KEPT, case.steps - recorded)
    timeline = (step.but(said=None) if step.number <= recorded else step for step in case.timeline[-kept:])
    return Snapshot(case=case.but(timeline=tuple(timeline)), recorded=recorded, ended_recorded=ended_recorded)
