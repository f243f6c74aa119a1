"""Complaints of every day on which histories were saved go on under the code of today."""

import gzip
import inspect
import json
import re
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.workflow import NondeterminismError

from tests.replay import histories
from tests.replay.changed import CHANGED, AsksNobody
from tests.replay.overdue import in_time_and_overtaken
from tests.replay.save import RELEASES, of, save
from tests.stories import BY_NAME
from tests.workers.encryption.rings import key
from tests.workflows.complaint.playing import play
from workflows.complaint import mailbox, workflow
from workflows.vocabulary import Outcome, Phase

CLEAR = [name for name in histories.names() if not name.endswith(histories.SEALED)]
UNRELEASED = RELEASES["unreleased"]
FIRST = f"unreleased-{UNRELEASED.whole[0]}"
IN_TIME = f"unreleased-{in_time_and_overtaken.__name__}"


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


def test_they_go_through_every_phase_and_every_kind_of_ending() -> None:
    """But for what is told without a story, which comes on top."""
    told = (*UNRELEASED.whole, *UNRELEASED.cut, *UNRELEASED.cut_late, *UNRELEASED.sealed)
    cases = [play(BY_NAME[name]).case for name in told]
    passed = {step.phase for case in cases for step in case.timeline}
    assert passed | {case.phase for case in cases} == {*Phase}
    withdrawn = {Outcome.WITHDRAWN}  # as `in_time_and_overtaken` asserts of itself
    assert {case.outcome for case in cases} | withdrawn == {*Outcome}


def test_they_go_through_every_activity() -> None:
    events = [event for name in CLEAR for event in histories.load(name).events]
    scheduled = (one.activity_task_scheduled_event_attributes.activity_type.name for one in events)
    assert {*scheduled} - {""} == asked_for()


def asked_for() -> set[str]:
    """Return the activities that the code of complaints asks for."""
    sources = map(inspect.getsource, (workflow, mailbox))
    return {name for source in sources for name in re.findall(r"await ports\.(\w+)\(", source)}


@pytest.mark.parametrize("changed", CHANGED, ids=lambda one: one.__name__)
async def test_a_change_that_running_complaints_cannot_stand_is_found(changed: type) -> None:
    history = histories.load(FIRST)
    with pytest.raises(NondeterminismError):
        await histories.replayer(changed).replay_workflow(history)


async def test_a_complaint_that_no_longer_asked_the_inbox_is_found() -> None:
    with pytest.raises(NondeterminismError):
        await histories.replayer(AsksNobody).replay_workflow(histories.load(IN_TIME))


def test_until_histories_bind_the_latest_stands(tmp_path: Path) -> None:
    first = histories.save("again", histories.load(FIRST), tmp_path, binding=False)
    before = first.read_bytes()
    assert histories.save("again", histories.load(IN_TIME), tmp_path, binding=False) == first
    assert first.read_bytes() != before


def test_a_history_that_binds_is_never_overwritten(tmp_path: Path) -> None:
    path = histories.save("again", histories.load(FIRST), tmp_path, binding=True)
    before = path.read_bytes()
    with pytest.raises(histories.AlreadySaved, match=r"again\.json\.gz is saved already"):
        histories.save("again", WorkflowHistory("other", []), tmp_path, binding=True)
    assert path.read_bytes() == before


async def test_a_release_whose_histories_bind_is_not_told_again() -> None:
    with pytest.raises(histories.AlreadySaved, match="unreleased has its 16 histories"):
        await save("unreleased", binding=True)


@pytest.mark.parametrize("name", histories.names())
def test_a_saved_history_says_nothing_of_the_machine_it_was_made_on(name: str) -> None:
    saved = json.loads(gzip.decompress((histories.FOLDER / f"{name}.json.gz").read_bytes()))
    assert [text for text in histories.words(saved) if re.search(r"@|/home/|/tmp/|site-packages", text)] == []
