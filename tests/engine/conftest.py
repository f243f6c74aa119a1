"""Stories are told once per session, all together, and then looked at by many tests."""

from collections.abc import AsyncIterator

import pytest

from starter.demo.stories import Story
from tests.conftest import Running, running
from tests.engine.cutting import EVERY_FEW_EVENTS
from tests.engine.telling import Told, tell_all
from tests.stories import STORIES


def _asked_for(request: pytest.FixtureRequest, parameter: str) -> set[str]:
    """Return the names of the stories that the chosen tests look at."""
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    given = (spec.params.get(parameter) for spec in specs if spec)
    return {story.name for story in given if isinstance(story, Story)}


@pytest.fixture(scope="session")
async def told(stack: Running, request: pytest.FixtureRequest) -> dict[str, Told]:
    """The stories on the real stack."""
    wanted = _asked_for(request, "story")
    return await tell_all(stack, [story for story in STORIES if story.name in wanted])


@pytest.fixture(scope="session")
async def cutting_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack whose complaints continue as new after every few events."""
    home = tmp_path_factory.mktemp("cutting")
    async for one in running(home, time_skipping=True, dynamic_config=EVERY_FEW_EVENTS):
        yield one


@pytest.fixture(scope="session")
async def cut(cutting_stack: Running, request: pytest.FixtureRequest) -> dict[str, Told]:
    """The stories on a stack that cuts them into many runs; every message is told twice, across runs."""
    wanted = _asked_for(request, "cut_story")
    return await tell_all(cutting_stack, [story for story in STORIES if story.name in wanted], again=True)
