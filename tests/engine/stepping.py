"""A clock for complaints that are cut into many runs: it never passes a deadline while something is still to be done.

Between two runs nothing seems to be under way, and a clock that is told to go further would leap over what the next
run is about to do: ask for a payment, say, which then is overdue before it was asked for. So this one goes to the very
timer that the newest run waits for, and no further, and only while that run waits for nothing else. What a run waits
for stands in its history, all of it as of one moment: a view and a list of activities that are asked for one after the
other may already tell of two different runs.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle

from starter.client.fast_forward import FastForward


class AtRest(NamedTuple):
    """A run that waits for its timer alone, and when that is due; None if it has none, as while a hold stands."""

    run: str
    due_at: datetime | None


class StepByStep(FastForward):
    """Lets time pass from each deadline to the next, and waits there until all that was set off is done."""

    async def _to(
        self, target: datetime, handle: WorkflowHandle[Any, Any], until: float, tell: Callable[[str], None]
    ) -> bool:
        """Pass from timer to timer; what is left until `until` is the patience for each of them."""
        clock = asyncio.get_running_loop().time
        patience = until - clock()
        while rest := await self._at_rest(handle, clock() + patience):
            now = await self._now(handle)
            if now >= target:
                return False
            if rest.due_at is None or rest.due_at > now:
                newest = self._client.get_workflow_handle(handle.id, run_id=rest.run)
                await self._skip(min(target, rest.due_at or target) - now, newest, clock() + patience, tell)
        return True

    async def _at_rest(self, handle: WorkflowHandle[Any, Any], until: float) -> AtRest | None:
        """Return what the newest run waits for, once that is nothing but its timer; None if the complaint has ended."""
        while await self._runs(handle):
            run = (await self._described(handle.id)).run_id
            history = await self._client.get_workflow_handle(handle.id, run_id=run).fetch_history()
            if not under_way(history.events):
                return AtRest(run or "", due_at(history.events))
            assert asyncio.get_running_loop().time() < until, f"{handle.id} does not come to rest"
            await asyncio.sleep(_LOOK)
        return None


def under_way(events: Iterable[HistoryEvent]) -> bool:
    """Tell whether a run has not begun, has ended, or has a task or an activity that is not done."""
    begun, task, activities = False, False, set[int]()
    for event in events:
        if event.event_type in _ENDS:
            return True
        begun = begun or event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        task = _TASK.get(event.event_type, task)
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            activities.add(event.event_id)
        activities.discard(_done(event))
    return task or not begun or bool(activities)


def due_at(events: Iterable[HistoryEvent]) -> datetime | None:
    """Return when the first timer is due that was set and has neither fired nor been called off."""
    due = dict[str, datetime]()
    for event in events:
        started = event.timer_started_event_attributes
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
            set_at = event.event_time.ToDatetime().replace(tzinfo=UTC)
            due[started.timer_id] = set_at + started.start_to_fire_timeout.ToTimedelta()
        due.pop(event.timer_fired_event_attributes.timer_id, None)
        due.pop(event.timer_canceled_event_attributes.timer_id, None)
    return min(due.values(), default=None)


def _done(event: HistoryEvent) -> int:
    """Return the event that scheduled the activity which is done by this one; 0 for any other event."""
    done: dict[int, Any] = {
        EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: event.activity_task_completed_event_attributes,
        EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: event.activity_task_failed_event_attributes,
        EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: event.activity_task_timed_out_event_attributes,
        EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: event.activity_task_canceled_event_attributes,
    }
    return int(done[event.event_type].scheduled_event_id) if event.event_type in done else 0


_TASK: dict[int, bool] = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED: True,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED: True,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: False,
}
"""Whether a task is under way after such an event; one that failed or timed out is tried again."""

_ENDS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
}

_LOOK = 0.1
