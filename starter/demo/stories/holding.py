"""Does a complaint hold what its story promised? Asked of a timeline and a view, so it can be asked anywhere."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from starter.demo.stories.story import Story
from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import View
from workflows.complaint.views.timeline import StepView
from workflows.vocabulary import Phase


def faults(story: Story, timeline: Sequence[Step | StepView], view: View) -> tuple[str, ...]:
    """Return every promise of the story that is not held, in words; empty when it holds."""
    return tuple(_faults(story, timeline, view))


def _faults(story: Story, timeline: Sequence[Step | StepView], view: View) -> Iterator[str]:
    ends = story.ends
    yield from _unlike("outcome", ends.outcome, view.outcome)
    yield from _unlike("phases", ends.phases, phases(timeline, view.phase))
    yield from _unlike("cycle", ends.cycle, view.cycle)
    yield from _unlike("level", ends.level, view.level)
    yield from _unlike(
        "money",
        tuple((paid.purpose, str(paid.amount), paid.state) for paid in ends.money),
        tuple((one.purpose, str(one.amount), one.state) for one in view.money),
    )
    said = [f"{step.event} {step.rule}" for step in timeline]
    if missing := first_missing(ends.steps, said):
        yield f"step {missing!r} is not in its place among {said}"
    if [step.number for step in timeline] != list(range(1, view.steps + 1)):
        yield f"the timeline of {view.steps} steps has a gap"


def _unlike(what: str, promised: object, found: object) -> Iterator[str]:
    if promised != found:
        yield f"{what}: promised {promised}, found {found}"


def phases(timeline: Sequence[Step | StepView], now: Phase) -> tuple[Phase, ...]:
    """Return the phases gone through, in order; each was left by a step that was taken in it."""
    through = [phase for phase, _ in groupby(step.phase for step in timeline)]
    return tuple(through) if through and through[-1] is now else (*through, now)


def first_missing(promised: Sequence[str], found: Sequence[str]) -> str | None:
    """Return the first promise that does not occur in its order, None when all do."""
    rest = iter(found)
    return next((one for one in promised if not any(one == other for other in rest)), None)
