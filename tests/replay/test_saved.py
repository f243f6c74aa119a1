"""Complaints of every day on which histories were saved go on under the code of today."""

import gzip
import json
import re
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.workflow import NondeterminismError

from tests.replay import histories
from tests.replay.before import BeforeTheInbox
from tests.replay.changed import CHANGED
from tests.replay.overdue import in_time_and_overtaken
from tests.replay.save import RELEASES, of
from tests.workers.encryption.rings import key

CLEAR = [name for name in histories.names() if not name.endswith(histories.SEALED)]
FIRST = f"2026-11-{RELEASES['2026-11'].whole[0]}"


@pytest.mark.parametrize("name", CLEAR)
async def test_a_saved_history_replays(name: str) -> None:
    await histories.replayer().replay_workflow(histories.load(name))


@pytest.mark.parametrize("name", histories.names())
async def test_a_saved_history_replays_where_there_are_keys_by_now(name: str, tmp_path: Path) -> None:
    ring = histories.ring(tmp_path / "ring.toml", key())
    await histories.replayer(key_ring=ring).replay_workflow(histories.load(name))


@pytest.mark.parametrize("name", sorted(set(histories.names()) - set(CLEAR)))
async def test_what_is_sealed_is_read_by_its_key_alone(name: str) -> None:
    with pytest.raises(NondeterminismError):
        await histories.replayer().replay_workflow(histories.load(name))


def test_all_that_was_told_for_a_release_is_saved_and_nothing_else() -> None:
    told = {f"{release}-{name}" for release, named in RELEASES.items() for name in of(named)}
    assert told == set(histories.names())


@pytest.mark.parametrize("changed", CHANGED, ids=lambda one: one.__name__)
async def test_a_change_that_running_complaints_cannot_stand_is_found(changed: type) -> None:
    history = histories.load(FIRST)
    with pytest.raises(NondeterminismError):
        await histories.replayer(changed).replay_workflow(history)


async def test_a_complaint_that_no_longer_asked_the_inbox_is_found() -> None:
    """The histories of the first release would not notice: nothing was asked then."""
    with pytest.raises(NondeterminismError):
        await histories.replayer(BeforeTheInbox).replay_workflow(
            histories.load(f"2026-11-doors-{in_time_and_overtaken.__name__}")
        )


def test_a_saved_history_is_never_overwritten(tmp_path: Path) -> None:
    history = histories.load(FIRST)
    path = histories.save("again", history, tmp_path)
    before = path.read_bytes()
    with pytest.raises(histories.AlreadySaved, match=r"again\.json\.gz is saved already"):
        histories.save("again", WorkflowHistory("other", []), tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", histories.names())
def test_a_saved_history_says_nothing_of_the_machine_it_was_made_on(name: str) -> None:
    saved = json.loads(gzip.decompress((histories.FOLDER / f"{name}.json.gz").read_bytes()))
    assert [text for text in histories.words(saved) if re.search(r"@|/home/|/tmp/|site-packages", text)] == []
