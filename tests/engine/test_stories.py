"""Every story holds on the real server, and engine, record, provider and inbox tell the same of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType, TimeoutType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadConverter

from activities.store.case_files import CaseFiles
from starter.demo.stories import Story, faults
from starter.demo.stories.holding import first_missing
from tests.engine.telling import Told
from tests.stories import STORIES
from workflows import wire
from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import MovementView, View
from workflows.complaint.rules.money.orders import AWARDED
from workflows.complaint.views.timeline import StepView, step_view
from workflows.vocabulary import MoneyState, Phase, Purpose, Role

pytestmark = pytest.mark.timeout(900)
"""Whichever test comes first, all the stories are told in its set-up."""

MOST_EVENTS = 400
ON_THE_ENGINE = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


@ON_THE_ENGINE
async def test_a_story_holds_on_the_engine(told: dict[str, Told], story: Story) -> None:
    one = told[story.name]
    timeline = await one.whole_timeline()
    assert faults(story, timeline, (await one.doors.view(one.number)).view) == ()
    assert (await one.view()).phase is story.ends.phases[-1]


@ON_THE_ENGINE
async def test_the_engine_takes_the_same_steps_as_the_rules_alone(told: dict[str, Told], story: Story) -> None:
    one = told[story.name]
    timeline = await one.whole_timeline()
    play = await one.by_the_rules()
    assert [*map(what, timeline)] == [*map(what, play.case.timeline)]


def what(step: Step | StepView) -> tuple[object, ...]:
    """Return what does not depend on who was given the complaint, nor on how long a payment took."""
    return (step.number, step.event, step.rule, step.phase, step.role, step.amount)


@ON_THE_ENGINE
async def test_the_record_has_every_step_and_every_deadline(told: dict[str, Told], story: Story) -> None:
    one = told[story.name]
    record, timeline = CaseFiles(one.stack.pool), await one.timeline()
    kept = tuple(map(step_view, await record.timeline(one.number)))
    assert kept[: len(timeline)] == timeline
    assert {step.event for step in kept[len(timeline) :]} <= {"late_message"}
    ended = tuple(due for due in await one.why_due() if due.state != "open")
    assert await record.ended(one.number) == ended
    numbers = await one.stack.pool.fetch("SELECT number FROM ended WHERE complaint = $1 ORDER BY number", one.number)
    assert [row["number"] for row in numbers] == list(range(1, len(ended) + 1))


@ON_THE_ENGINE
async def test_the_row_reads_as_the_complaint_does(told: dict[str, Told], story: Story) -> None:
    one = told[story.name]
    view, timeline = await one.view(), await one.whole_timeline()
    kept = await CaseFiles(one.stack.pool).view(one.number)
    assert kept == view.but(steps=len(timeline))
    row = await one.stack.pool.fetchrow("SELECT * FROM complaints WHERE complaint = $1", one.number)
    assert row is not None
    assert {name: row[name] for name in (*_LIKE_THE_VIEW, *_row(view, timeline))} == {
        **{name: getattr(view, name) for name in _LIKE_THE_VIEW},
        **_row(view, timeline),
    }


_LIKE_THE_VIEW = ("phase", "outcome", "severity", "handler", "level", "overdue", "cycle")


def _row(view: View, timeline: Iterable[StepView]) -> dict[str, Any]:
    steps = list(timeline)
    counted = {MoneyState.DECIDED, MoneyState.REQUESTED, MoneyState.SETTLED}
    return {
        "steps": len(steps),
        "filed_at": steps[0].at,
        "closed_at": next((step.at for step in steps if step.event == "closed"), None),
        "next_due_at": min((one.due_at for one in view.waiting_on), default=None),
        "decided_minor": sum(one.amount.amount for one in view.money if one.state in counted and _of_the_line(one)),
    }


def _of_the_line(one: MovementView) -> bool:
    """What the buyer was given: paid, or left of an advance."""
    return one.purpose in {*AWARDED, Purpose.UNFREEZE}


@ON_THE_ENGINE
async def test_the_provider_paid_what_the_story_tells_and_nothing_else(told: dict[str, Told], story: Story) -> None:
    await paid_as_told(told[story.name])


async def paid_as_told(one: Told) -> None:
    """Assert that complaint, record and the provider's own book agree on every movement of money."""
    by_the_provider = [paid for paid in one.story.ends.money if paid.purpose is not Purpose.WRITE_OFF]
    # Only a provider that takes its word back makes a story reverse anything: in its own book that has failed.
    promised = [(paid.purpose, paid.amount, str(paid.state).replace("reversed", "failed")) for paid in by_the_provider]
    book = await one.stack.sandbox.book(one.number)
    view = await one.view()
    assert [(paid.purpose, paid.amount, _IN_THE_BOOK[paid.state]) for paid in book] == promised
    assert [paid.key for paid in book] == [paid.key for paid in view.money if paid.purpose != Purpose.WRITE_OFF]
    rows = await one.stack.pool.fetch(
        "SELECT * FROM movements WHERE complaint = $1 ORDER BY requested_at, key", one.number
    )
    assert [_movement(row) for row in rows] == [
        (paid.key, paid.purpose, paid.payer, paid.payee, paid.amount.amount, paid.state, paid.rule)
        for paid in view.money
    ]


_IN_THE_BOOK = {"settled": "settled", "declined": "failed", "failed": "failed", "pending": "requested"}


def _movement(row: Any) -> tuple[object, ...]:
    parties = (row[f"{who}_id"] if row[f"{who}_role"] == "system" else row[f"{who}_role"] for who in ("payer", "payee"))
    return (row["key"], row["purpose"], *parties, *(row[name] for name in ("amount_minor", "state", "rule")))


@ON_THE_ENGINE
async def test_everybody_was_told_what_concerns_them_once(told: dict[str, Told], story: Story) -> None:
    one = told[story.name]
    play = await one.by_the_rules()
    expected = Counter(_notice(notice.key) for notice in play.notices)

    arrived = await one.inbox.of(one.number, expected.total())
    assert Counter(map(_notice, arrived)) == expected
    by_short_message = {key.split(":")[2] for key in arrived if key.endswith(":sms")}
    assert by_short_message == {key.split(":")[2] for key in arrived} & {"survey_reminded"}, "the ladder of R10.1"
    assert first_missing(story.ends.told, play.told) is None


def _notice(key: str) -> str:
    """Return number of the step, notice and role; who was given the complaint is left out.

    The handler who is told is the one who handles it when the steps are written down: after a handover that followed
    at once it is the new one, who may be a supervisor.
    """
    number, notice, role = key.split(":")[1:4]
    return f"{number}:{notice}:{'staff' if role in {Role.AGENT, Role.SUPERVISOR} else role}"


@ON_THE_ENGINE
async def test_lists_find_a_complaint_by_what_it_is_and_no_longer_by_what_it_waited_for(
    told: dict[str, Told], story: Story
) -> None:
    one = told[story.name]
    described = await one.stack.client.get_workflow_handle(one.number).describe()
    shown = {pair.key.name: pair.value for pair in described.typed_search_attributes}
    assert {name: value for name, value in shown.items() if name in wire.SEARCH_ATTRIBUTES} == _shown(
        story, await one.view()
    )


def _shown(story: Story, view: View) -> dict[str, Any]:
    asked, goods = story.complaint, story.goods
    always: dict[str, Any] = {
        "Phase": view.phase,
        "Outcome": view.outcome,
        "Problem": asked.problem,
        "Severity": view.severity,
        "BuyerId": goods.buyer if goods else "b-lihua",
        "SellerId": goods.seller if goods else None,
        "AmountMinor": asked.amount.amount if asked.amount else None,
    }
    if view.phase is not Phase.CLOSED:
        first = min(view.waiting_on, key=lambda waiting: waiting.due_at)
        always |= {"WaitingOn": first.actor, "NextDueAt": first.due_at}
        always |= {"Handler": view.handler, "Overdue": view.overdue}
    return {name: value for name, value in always.items() if value is not None}


@ON_THE_ENGINE
async def test_a_history_is_short_readable_and_without_a_failed_task(told: dict[str, Told], story: Story) -> None:
    runs = await told[story.name].runs()
    assert len(runs) == 1
    assert len(runs[0].events) < MOST_EVENTS
    assert [*hurts(runs[0])] == []
    assert [*unreadable(runs[0])] == []


def hurts(history: WorkflowHistory) -> Iterator[str]:
    """Yield every workflow task that failed, or that a worker took and never finished."""
    for event in history.events:
        late = event.workflow_task_timed_out_event_attributes
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT and late.timeout_type != _NOT_TAKEN_UP:
            yield f"event {event.event_id}: timed out"
        failed = event.workflow_task_failed_event_attributes
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED and failed.cause != _LOOK_AGAIN:
            yield f"event {event.event_id}: {failed.failure.message}"


_NOT_TAKEN_UP = TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START
"""A busy worker left a task lying, which any worker may take then. It costs time and hurts nobody."""

_LOOK_AGAIN = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
"""Something came in while the workflow was ending: the server asks it to look again. No fault of anybody's."""

_TO_BE_READ = {EventType.EVENT_TYPE_TIMER_STARTED, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED}


def unreadable(history: WorkflowHistory) -> Iterator[str]:
    """Yield every timer and activity that has no summary for people."""
    for event in history.events:
        if event.event_type in _TO_BE_READ:
            summary = event.user_metadata.summary
            said = PayloadConverter.default.from_payload(summary) if summary.data else ""
            if not (isinstance(said, str) and "(R" in said):
                yield f"event {event.event_id}: {said!r}"


def test_a_hurt_or_unreadable_history_would_be_found() -> None:
    failed = HistoryEvent(event_id=4, event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
    failed.workflow_task_failed_event_attributes.failure.message = "no such field"
    late = HistoryEvent(event_id=5, event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT)
    mute = HistoryEvent(event_id=6, event_type=EventType.EVENT_TYPE_TIMER_STARTED)
    history = WorkflowHistory("C-1", [failed, late, mute])
    assert [*hurts(history)] == ["event 4: no such field", "event 5: timed out"]
    assert [*unreadable(history)] == ["event 6: ''"]
