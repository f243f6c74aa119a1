"""Complaints of every day on which histories were saved go on under the code of today."""

import gzip
import json
import re
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.workflow import NondeterminismError

from tests.replay import histories
from tests.replay.changed import CHANGED
from tests.replay.save import CUT, TELLING
from tests.workers.sealing.rings import ring_file


@pytest.mark.parametrize("name", histories.names())
async def test_a_saved_history_replays(name: str) -> None:
    await histories.replayer().replay_workflow(histories.load(name))


@pytest.mark.parametrize("name", histories.names())
async def test_a_saved_history_replays_where_there_are_keys_by_now(name: str, tmp_path: Path) -> None:
    await histories.replayer(key_ring=ring_file(tmp_path / "ring.toml")).replay_workflow(histories.load(name))


def test_every_telling_story_of_the_first_day_is_saved() -> None:
    first_day = {f"2026-11-{name}" for name in (*TELLING, *(f"{name}.run-2" for name in CUT))}
    assert first_day <= set(histories.names())


@pytest.mark.parametrize("changed", CHANGED, ids=lambda one: one.__name__)
async def test_a_change_that_running_complaints_cannot_stand_is_found(changed: type) -> None:
    history = histories.load(f"2026-11-{TELLING[0]}")
    with pytest.raises(NondeterminismError):
        await histories.replayer(changed).replay_workflow(history)


def test_a_saved_history_is_never_overwritten(tmp_path: Path) -> None:
    history = histories.load(f"2026-11-{TELLING[0]}")
    path = histories.save("again", history, tmp_path)
    before = path.read_bytes()
    with pytest.raises(histories.AlreadySaved, match=r"again\.json\.gz is saved already"):
        histories.save("again", WorkflowHistory("other", []), tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", histories.names())
def test_a_saved_history_says_nothing_of_the_machine_it_was_made_on(name: str) -> None:
    saved = json.loads(gzip.decompress((histories.FOLDER / f"{name}.json.gz").read_bytes()))
    assert [text for text in histories.words(saved) if re.search(r"@|/home/|/tmp/|site-packages", text)] == []
