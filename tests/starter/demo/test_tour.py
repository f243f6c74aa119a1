"""The guided tour, as a process of its own: every story ends as it should, and nothing is left behind."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from activities.store.case_files import CaseFiles
from starter.client.complaints import Complaints
from starter.client.fast_forward import FastForward
from starter.client.record import Record
from starter.demo.player import Stage
from starter.demo.screen import summary, wrongs
from starter.demo.stories import FOR_THE_DEMO, Story
from starter.demo.tour import Row, Tour, paced
from tests import ROOT
from tests.conftest import Running
from tests.stories import BY_NAME
from workflows.vocabulary import Outcome

PATIENCE = 240.0
WANTED = {Outcome.SETTLED, Outcome.FULFILLED, Outcome.UNFOUNDED, Outcome.WITHDRAWN}


@asynccontextmanager
async def demo(place: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the demo with a place of its own for temporary files; never leaves it running."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "REDRESS_"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "starter.cli.main", "demo", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=kept | {"TMPDIR": str(place)},
        limit=1 << 20,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def left_behind(place: Path) -> list[str]:
    """Return the files there, and the processes that speak of it."""
    processes = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            processes.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return [*map(str, place.iterdir()), *(one for one in processes if str(place) in one)]


async def test_the_tour_is_lived_through_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with demo(tmp_path, "--exit", "--json") as process:
        out, told = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, told.decode()
    document = json.loads(out)
    assert [one["story"] for one in document["stories"]] == [story.name for story in FOR_THE_DEMO]
    assert [one["amiss"] for one in document["stories"]] == [[]] * len(FOR_THE_DEMO)
    assert {one["outcome"] for one in document["stories"]} >= WANTED
    assert all(one["ui"].endswith(f"/workflows/{one['complaint']}") for one in document["stories"])
    assert sum(one["days"] for one in document["stories"]) > len(FOR_THE_DEMO)
    assert left_behind(tmp_path) == []


async def test_an_interrupt_ends_the_tour_in_order(tmp_path: Path) -> None:
    async with demo(tmp_path) as process:
        assert process.stdout is not None
        while b"[0/" not in (line := await asyncio.wait_for(process.stdout.readline(), PATIENCE)):
            assert line, "the tour begins"
        process.send_signal(signal.SIGINT)
        out, told = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 130
    assert told == b""
    assert b"nothing left behind" in out
    assert left_behind(tmp_path) == []


async def test_a_story_that_ends_otherwise_is_named_with_the_reason(stack: Running) -> None:
    story = BY_NAME["withdrawn_during_negotiation"]
    astray = replace(story, name="ends_otherwise", ends=replace(story.ends, outcome=Outcome.LAPSED))
    refused = replace(story, name="is_refused", acts=story.acts[-2:])
    told: list[Row] = []
    tour = _tour(stack, astray, refused)
    await tour.play(told.append)
    amiss = list(wrongs(tour.rows))
    assert any("ends_otherwise" in one and "promised lapsed, found withdrawn" in one for one in amiss)
    assert len(amiss) >= 2
    assert [row.ended for row in tour.rows] == [True, True]
    assert {row.story.name for row in told} == {"ends_otherwise", "is_refused"}
    assert summary(tour.rows, 80).row_count == 2


def test_people_take_their_time_but_the_story_stays_the_same() -> None:
    for story in FOR_THE_DEMO:
        unhurried = paced(story)
        assert unhurried.ends == story.ends
        assert [act for act in unhurried.acts if act in story.acts] == list(story.acts)
        assert len(unhurried.acts) >= len(story.acts)


def _tour(stack: Running, *stories: Story) -> Tour:
    files = CaseFiles(stack.pool)
    doors = Complaints(stack.client, Record(files, stack.pool))
    stage = Stage(complaints=doors, sandbox=stack.sandbox, clock=FastForward(stack.client, stack.pool))
    return Tour(stories, stage, files)
