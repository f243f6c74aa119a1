"""How a later release changes what running complaints do: a rule looks at the edition, the workflow at a patch.

What began before goes on by the old way and replays; what begins now takes the new one.
"""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.workflow import NondeterminismError

from starter.client.fast_forward import FastForward
from tests.conftest import Running
from tests.engine.attacker import in_phase, unhurt
from tests.engine.stand_in import StandIn, a_case
from tests.replay import histories
from tests.replay.changed import WaitsFirst
from tests.replay.patched import WAITS_FIRST, WaitsFirstIfNew
from workflows.complaint.domain.case import EDITION, Case
from workflows.complaint.rules.registry import Runs
from workflows.complaint.rules.tables import WINDOWS
from workflows.complaint.snapshot import Snapshot, snapshot
from workflows.complaint.workflow import Complaint
from workflows.policy.model import LimitName

SILENT = "unreleased-the_seller_is_silent_and_the_platform_steps_in"
CLEAR = [name for name in histories.names() if not name.endswith(histories.SEALED)]

NEXT = EDITION + 1
TWO_DAYS = timedelta(hours=49)
"""As long as a seller may be silent, and an hour more (R3.3)."""

# -- a rule changes: the edition (`Case.edition`) ----------------------------------------------------------------------


def waits_for_sellers(monkeypatch: pytest.MonkeyPatch, unless: Callable[[Case], bool]) -> None:
    """Change the rule of R3.3: a seller's silence is no longer acted on, unless."""
    window = WINDOWS[LimitName.SELLER_ANSWER]

    def since(case: Case) -> Iterable[Runs]:
        return window.since(case) if unless(case) else ()

    monkeypatch.setitem(WINDOWS, LimitName.SELLER_ANSWER, window._replace(since=since))


def before_the_next(case: Case) -> bool:
    """Say whether a complaint keeps to the rule of before: what a rule that is changed asks."""
    return case.edition < NEXT


async def lived(stack: Running, case: Case, phase: str) -> tuple[StandIn, WorkflowHistory]:
    """Let the seller of a complaint be silent for two days; returns whom it asked, and its history."""
    platform = StandIn(case)
    async with platform.worker(stack):
        handle = await platform.open(stack)
        await in_phase(handle, "negotiation")
        await FastForward(stack.client, stack.pool).by(handle.id, TWO_DAYS, within=60, report=lambda _: None)
        await in_phase(handle, phase)
        await unhurt(handle)
        history = await handle.fetch_history()
        await handle.terminate("the test is over")
    return platform, history


async def test_a_complaint_of_before_replays_under_a_rule_that_looks_at_the_edition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits_for_sellers(monkeypatch, unless=before_the_next)
    await histories.replayer().replay_workflow(histories.load(SILENT))


async def test_a_rule_that_is_changed_for_every_edition_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    waits_for_sellers(monkeypatch, unless=lambda _: False)
    with pytest.raises(NondeterminismError):
        await histories.replayer().replay_workflow(histories.load(SILENT))


@pytest.mark.parametrize(("edition", "phase", "asked"), [(EDITION, "intervention", 1), (NEXT, "negotiation", 0)])
async def test_each_complaint_lives_by_the_edition_it_was_opened_under(
    stack: Running, monkeypatch: pytest.MonkeyPatch, edition: int, phase: str, asked: int
) -> None:
    waits_for_sellers(monkeypatch, unless=before_the_next)
    platform, history = await lived(stack, a_case().but(edition=edition), phase)
    assert len(platform.asked) == asked
    await histories.replayer().replay_workflow(history)


def test_what_is_opened_now_is_of_the_latest_edition_and_keeps_it_in_the_next_run() -> None:
    assert a_case().edition == EDITION
    case = a_case().but(edition=NEXT)
    handed = snapshot(case, 0, 0).model_dump_json()
    assert Snapshot.model_validate_json(handed).case.edition == NEXT


# -- the workflow changes: `workflow.patched` --------------------------------------------------------------------------


def patches(history: WorkflowHistory) -> list[str]:
    """Return the new ways that a run has noted to go."""
    noted = [event.marker_recorded_event_attributes.details for event in history.events]
    return [json.loads(details["patch-data"].payloads[0].data)["id"] for details in noted if "patch-data" in details]


@pytest.mark.parametrize("name", CLEAR)
async def test_a_complaint_of_before_replays_where_the_new_way_is_patched_in(name: str) -> None:
    await histories.replayer(WaitsFirstIfNew).replay_workflow(histories.load(name))


async def test_a_complaint_that_begins_takes_the_way_that_is_patched_in(stack: Running) -> None:
    platform = StandIn(a_case())
    async with platform.worker(stack, WaitsFirstIfNew):
        handle = await platform.open(stack)
        await in_phase(handle, "negotiation")
        await unhurt(handle)
        history = await handle.fetch_history()
        await handle.terminate("the test is over")
    kinds = [event.event_type for event in history.events]
    sleeps, registers = EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    assert patches(history) == [WAITS_FIRST]
    assert kinds.index(sleeps) < kinds.index(registers)
    await histories.replayer(WaitsFirstIfNew).replay_workflow(history)
    with pytest.raises(NondeterminismError):  # so the patch stays until no such complaint is open
        await histories.replayer(Complaint).replay_workflow(history)


async def test_the_same_change_without_a_patch_is_found() -> None:
    with pytest.raises(NondeterminismError):
        await histories.replayer(WaitsFirst).replay_workflow(histories.load(SILENT))
