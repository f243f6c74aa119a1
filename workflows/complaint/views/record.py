"""What a complaint has to have written down: the steps that are not on record yet, and what goes with them (R11.1)."""

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.records import Record
from workflows.complaint.rules.money.payments import decided_for_the_buyer
from workflows.complaint.views.notices import notices_of
from workflows.complaint.views.view import view_of

_STEPS_AT_ONCE = 100
"""One record stays far below the payload limit of 2 MB even after a flood of messages."""


def unwritten(case: Case, recorded: int, ended_recorded: int) -> Record:
    """Return the next burst; `recorded` and `ended_recorded` count what is on record already."""
    steps = tuple(step for step in case.timeline if step.number > recorded)[:_STEPS_AT_ONCE]
    return Record(
        complaint=case.complaint,
        steps=steps,
        ended=case.ended[ended_recorded:],
        ended_from=ended_recorded,
        view=view_of(case),
        decided=decided_for_the_buyer(case),
        notices=notices_of(case, steps),
        movements=tuple(entry.movement for entry in case.money),
        goods_since=case.goods[-1].since if case.goods else None,
    )
