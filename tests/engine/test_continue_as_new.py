"""Nobody can tell that a complaint was continued as new, however often: the same stories, cut every few events."""

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from activities.store.case_files import CaseFiles
from starter.demo.stories import Reports, Story, Tell, faults
from tests.engine.telling import Told
from tests.engine.test_stories import hurts, paid_as_told, unreadable, what
from tests.replay.histories import replayer
from tests.stories import STORIES
from workflows.complaint.views.timeline import StepView, step_view
from workflows.vocabulary import Phase

pytestmark = pytest.mark.timeout(900)
"""Whichever test comes first, all the stories are told in its set-up."""

CUT = [story for story in STORIES if story.ends.phases != (Phase.REGISTRATION, Phase.CLOSED)]
"""Every story but those that end where they begin: what is refused at the filing has nothing to be cut."""

SOON = 50
"""Events of a run that was asked at the sixth to give way: an activity and a few messages are under way then."""

WHEN_CUT = pytest.mark.parametrize("cut_story", CUT, ids=lambda story: story.name)


@WHEN_CUT
async def test_a_story_holds_although_it_was_cut(cut: dict[str, Told], cut_story: Story) -> None:
    one = cut[cut_story.name]
    timeline = await one.whole_timeline()
    assert faults(cut_story, timeline, (await one.doors.view(one.number)).view) == ()
    assert [*map(what, timeline)] == [*map(what, (await one.by_the_rules()).case.timeline)]
    assert len(await one.runs()) > 1


@WHEN_CUT
async def test_timeline_and_record_have_no_gap_where_it_was_cut(cut: dict[str, Told], cut_story: Story) -> None:
    one = cut[cut_story.name]
    record, timeline = CaseFiles(one.stack.pool), await one.timeline()
    kept = tuple(map(step_view, await record.timeline(one.number)))[: len(timeline)]
    assert [*map(_without_words, kept)] == [*map(_without_words, timeline)]
    # What was said stays on record, and is told from there; the workflow carries what is not on record yet.
    whole = (await one.whole_timeline())[: len(kept)]
    assert [step.said for step in whole] == [step.said for step in kept]
    assert [step.number for step in timeline] == [*range(1, len(timeline) + 1)]
    assert await record.ended(one.number) == tuple(due for due in await one.why_due() if due.state != "open")


@WHEN_CUT
async def test_money_moves_once_although_it_was_cut(cut: dict[str, Told], cut_story: Story) -> None:
    await paid_as_told(cut[cut_story.name])


@WHEN_CUT
async def test_what_was_heard_in_an_earlier_run_is_not_heard_again(cut: dict[str, Told], cut_story: Story) -> None:
    """Each answer to a repeated message was compared with the first one while the story was told."""
    one = cut[cut_story.name]
    assert one.number
    assert (one.doors.heard_again > 0) == any(isinstance(act, Tell | Reports) for act in cut_story.acts)
    heard = [step.message_id for step in await one.timeline() if step.message_id]
    assert len(heard) == len(set(heard))


@WHEN_CUT
async def test_every_run_replays_and_none_was_hurt(cut: dict[str, Told], cut_story: Story) -> None:
    for history in await cut[cut_story.name].runs():
        assert [*hurts(history), *unreadable(history)] == []
        await replayer().replay_workflow(history)


async def test_every_run_gets_somewhere(cut: dict[str, Told]) -> None:
    idle = [told.number for told in cut.values() for run in (await told.runs())[:-1] if not gets_on(run)]
    assert idle == []


async def test_no_run_waits_to_begin(cut: dict[str, Told]) -> None:
    """Or the clock of a complaint could go too far there: the stories would fail by chance, and rarely."""
    waited = [told.number for told in cut.values() if any(map(waits_to_begin, await told.runs()))]
    assert waited == []


async def test_a_run_gives_way_as_soon_as_it_can(cut: dict[str, Told]) -> None:
    """Deadlines and payments go on in the next run only, so messages that keep coming must not put it off."""
    long = {told.number: most for told in cut.values() if (most := max(events(await told.runs()))) > SOON}
    assert long == {}


def test_a_run_that_gets_nowhere_would_be_found() -> None:
    started = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    heard = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
    assert not gets_on(WorkflowHistory("C-1", [started]))
    assert gets_on(WorkflowHistory("C-1", [started, heard]))


def waits_to_begin(history: WorkflowHistory) -> bool:
    """Return whether the server held a run back."""
    started = history.events[0].workflow_execution_started_event_attributes
    return bool(started.first_workflow_task_backoff.ToTimedelta())


def events(runs: list[WorkflowHistory]) -> list[int]:
    """Return how many events each run has."""
    return [len(run.events) for run in runs]


def gets_on(history: WorkflowHistory) -> bool:
    """Return whether anything was heard, due or done in a run."""
    return any(event.event_type in _GETS_ON for event in history.events)


_GETS_ON = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
    EventType.EVENT_TYPE_TIMER_FIRED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
}


def _without_words(step: StepView) -> StepView:
    return step.but(said=None, reason=None)
