"""One browser for all tests of the web UI, and complaints to look at, each stopped in another phase."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from activities.store.case_files import CaseFiles
from starter.client.complaints import Complaints
from starter.client.fast_forward import FastForward
from starter.client.record import Record
from starter.demo.player import Stage, StoryRun
from tests.conftest import Running
from tests.stories import BY_NAME
from tests.webui import browser


@dataclass(frozen=True)
class Three:
    """Complaints of one story each: the seller is waited for, a ruling is out, all is over; and one to speak to."""

    negotiation: StoryRun
    confirmation: StoryRun
    closed: StoryRun
    to_answer: StoryRun


@pytest.fixture(scope="session")
async def page() -> AsyncIterator[Page]:
    expect.set_options(timeout=browser.PATIENCE)
    async with browser.page() as opened:
        yield opened


@pytest.fixture(scope="session")
async def three(page: Page, stack: Running) -> Three:
    """Play the stories up to where they are looked at; without a browser nothing is played."""
    del page
    files = Record(CaseFiles(stack.pool), stack.pool)
    doors = Complaints(stack.client, files)
    stage = Stage(complaints=doors, sandbox=stack.sandbox, clock=FastForward(stack.client, stack.pool))

    async def played(name: str, acts: int | None = None) -> StoryRun:
        story = BY_NAME[name]
        playing = StoryRun(replace(story, acts=story.acts[:acts]), stage, run=uuid4().hex[:8])
        await playing.to_the_end()
        return playing

    return Three(
        negotiation=await played("the_seller_agrees_at_once", 1),
        confirmation=await played("both_appeal_and_the_supervisor_changes_the_ruling", 4),
        closed=await played("contested_and_ruled_for_the_buyer"),
        to_answer=await played("the_seller_agrees_at_once", 1),
    )
