"""What a complaint has to have written down: the steps that are not on record yet, and what goes with them (R11.1)."""

from collections.abc import Iterable

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.records import Record
from workflows.complaint.domain.timeline import Step
from workflows.complaint.rules.money.orders import decided_for_the_buyer
from workflows.complaint.views.notices import notices_of
from workflows.complaint.views.view import view_of

_STEPS_AT_ONCE, _BYTES_AT_ONCE = 100, 400_000
"""One record stays below 512 kB, where the server warns, even after a flood of messages, or of long ones."""

_BYTES_TO_BE_LEFT = 300_000
"""What the next run may have to write down, beside the case itself."""


def left_to_the_next_run(case: Case, most: int) -> int:
    """Return how many of the latest steps the next run may write down: a flood is not left to it."""
    return _fitting(case, reversed(case.timeline[-most:]), _BYTES_TO_BE_LEFT)


def _fitting(case: Case, steps: Iterable[Step], most_bytes: int) -> int:
    """Count the steps, from the first one on, that stay with their notices within so many bytes."""
    count = 0
    for count, step in enumerate(steps, start=1):
        most_bytes -= sum(len(one.model_dump_json().encode()) for one in (step, *notices_of(case, (step,))))
        if most_bytes < 0:
            return count - 1
    return count


def unwritten(case: Case, recorded: int, ended_recorded: int) -> Record:
    """Return the next burst; `recorded` and `ended_recorded` count what is on record already."""
    steps = tuple(step for step in case.timeline if step.number > recorded)[:_STEPS_AT_ONCE]
    steps = steps[: max(_fitting(case, steps, _BYTES_AT_ONCE), 1)]
    return Record(
        complaint=case.complaint,
        steps=steps,
        ended=case.ended[ended_recorded:],
        ended_from=ended_recorded,
        view=view_of(case),
        decided=decided_for_the_buyer(case),
        notices=notices_of(case, steps),
        movements=tuple(entry.movement for entry in case.money),
        closed_at=case.closed_at,
        goods_since=case.goods[-1].since if case.goods else None,
    )
