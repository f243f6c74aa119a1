"""The clock of complaints that are cut moves only while the newest run waits for its timer and for nothing else."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus

from starter.client.fast_forward import FastForward
from tests.conftest import Running
from tests.engine.stepping import due_at, under_way

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def event(number: int, kind: str) -> HistoryEvent:
    one = HistoryEvent(event_id=number, event_type=EventType.Value(f"EVENT_TYPE_{kind}"))
    one.event_time.FromDatetime(NOW)
    return one


def timer(number: int, length: timedelta) -> HistoryEvent:
    one = event(number, "TIMER_STARTED")
    one.timer_started_event_attributes.timer_id = str(number)
    one.timer_started_event_attributes.start_to_fire_timeout.FromTimedelta(length)
    return one


def fired(number: int, which: int) -> HistoryEvent:
    one = event(number, "TIMER_FIRED")
    one.timer_fired_event_attributes.timer_id = str(which)
    return one


def called_off(number: int, which: int) -> HistoryEvent:
    one = event(number, "TIMER_CANCELED")
    one.timer_canceled_event_attributes.timer_id = str(which)
    return one


def done(number: int, which: int) -> HistoryEvent:
    one = event(number, "ACTIVITY_TASK_COMPLETED")
    one.activity_task_completed_event_attributes.scheduled_event_id = which
    return one


STARTED = event(1, "WORKFLOW_EXECUTION_STARTED")
BEGUN = [STARTED, event(2, "WORKFLOW_TASK_SCHEDULED"), event(3, "WORKFLOW_TASK_STARTED")]
BEGUN += [event(4, "WORKFLOW_TASK_COMPLETED"), timer(5, timedelta(days=2))]
PAYING = [*BEGUN, event(6, "ACTIVITY_TASK_SCHEDULED"), event(7, "ACTIVITY_TASK_STARTED")]
WOKEN = [*BEGUN, fired(6, 5), event(7, "WORKFLOW_TASK_SCHEDULED")]


@pytest.mark.parametrize(
    "events",
    [
        [STARTED],
        [STARTED, event(2, "WORKFLOW_EXECUTION_OPTIONS_UPDATED")],  # told to skip before it has begun
        BEGUN[:3],
        PAYING,
        [*PAYING, event(8, "WORKFLOW_TASK_SCHEDULED"), event(9, "WORKFLOW_TASK_COMPLETED")],
        WOKEN,
        [*WOKEN, event(8, "WORKFLOW_TASK_STARTED"), event(9, "WORKFLOW_TASK_FAILED")],
        [*BEGUN, event(6, "WORKFLOW_EXECUTION_CONTINUED_AS_NEW")],
    ],
)
def test_while_anything_is_to_be_done_a_run_is_not_at_rest(events: list[HistoryEvent]) -> None:
    assert under_way(events)


@pytest.mark.parametrize(
    ("status", "runs"),
    [
        (WorkflowExecutionStatus.RUNNING, True),
        (WorkflowExecutionStatus.CONTINUED_AS_NEW, True),
        (WorkflowExecutionStatus.COMPLETED, False),
        (WorkflowExecutionStatus.TERMINATED, False),
    ],
)
async def test_a_complaint_between_two_runs_has_not_ended(
    stack: Running, status: WorkflowExecutionStatus, *, runs: bool
) -> None:
    class Described(FastForward):
        async def _described(self, complaint: str) -> WorkflowExecutionDescription:
            return cast(WorkflowExecutionDescription, SimpleNamespace(id=complaint, status=status))

    clock = Described(stack.client, stack.pool)
    assert await clock._runs(stack.client.get_workflow_handle("C-1")) is runs


@pytest.mark.parametrize(
    "events", [BEGUN, [*PAYING, done(8, 6), event(9, "WORKFLOW_TASK_SCHEDULED"), event(10, "WORKFLOW_TASK_COMPLETED")]]
)
def test_a_run_whose_work_is_done_waits_for_its_timer(events: list[HistoryEvent]) -> None:
    assert not under_way(events)
    assert due_at(events) == NOW + timedelta(days=2)


def test_a_timer_that_has_fired_or_was_called_off_is_waited_for_no_more() -> None:
    armed_anew = [*BEGUN, called_off(6, 5), timer(7, timedelta(days=3)), timer(8, timedelta(days=9))]
    assert due_at(armed_anew) == NOW + timedelta(days=3)
    assert due_at([*armed_anew, fired(9, 7)]) == NOW + timedelta(days=9)
    assert due_at([*BEGUN, fired(6, 5)]) is None
