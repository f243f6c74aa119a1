"""Whatever the engine has recorded, the code replays it: a worker that comes back finds every complaint as it was."""

import pytest
from temporalio.client import WorkflowHistory
from temporalio.workflow import NondeterminismError

from starter.demo.stories import Story
from tests.engine.telling import Told
from tests.replay.changed import CHANGED
from tests.replay.histories import replayer
from tests.stories import STORIES


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_the_history_of_a_story_replays(told: dict[str, Told], story: Story) -> None:
    for history in await told[story.name].runs():
        await replayer().replay_workflow(history)


@pytest.mark.parametrize("changed", CHANGED, ids=lambda one: one.__name__)
@pytest.mark.parametrize("story", STORIES[:1], ids=lambda story: story.name)
async def test_changed_code_would_be_found(told: dict[str, Told], story: Story, changed: type) -> None:
    with pytest.raises(NondeterminismError):
        await replayer(changed).replay_workflow((await told[story.name].runs())[0])


@pytest.mark.parametrize("story", STORIES[:1], ids=lambda story: story.name)
async def test_a_history_cut_anywhere_replays(told: dict[str, Told], story: Story) -> None:
    """A worker may die after any event; what was recorded until then is what the next one replays."""
    (whole,) = await told[story.name].runs()
    for events in range(3, len(whole.events)):
        await replayer().replay_workflow(WorkflowHistory(whole.workflow_id, whole.events[:events]))
