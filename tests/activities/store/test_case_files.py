"""Lists and files: what is on record reads as it was, and finds what one looks for."""

from datetime import timedelta

import pytest

from activities.store.case_files import CaseFiles, Wanted
from activities.store.late_messages import NotClosed, keep_late_message
from tests.activities.world import BUYER, MORNING, World, accepted, agreed, burst, later, withdrawn
from workflows.complaint.domain.messages import KINDS, Message
from workflows.complaint.views.view import view_of
from workflows.vocabulary import Phase, Problem, Role, Severity


def a_message(message_id: str = "late-1", kind: str = "survey_answered", **body: object) -> Message:
    content = {"kind": kind, "message_id": message_id, "sender": BUYER, "score": 5, **body}
    return KINDS[kind].model_validate(content)


async def test_what_is_not_on_record_is_nothing(world: World) -> None:
    files = CaseFiles(world.pool)
    assert await files.view("C20261118-NOBODY0000") is None
    assert await files.timeline("C20261118-NOBODY0000") == ()
    assert await files.ended("C20261118-NOBODY0000") == ()
    assert await files.by_request("nobody") is None
    assert await files.list() == ()
    assert await files.due() == ()


async def test_lists_are_filtered_by_everything_and_newest_first(world: World) -> None:
    review = await world.opened(at=MORNING, problem=Problem.QUALITY)
    waiting = await world.opened(at=MORNING + timedelta(minutes=1), problem=Problem.DELAYED)
    closed = await world.opened(at=MORNING + timedelta(minutes=2))
    await world.record(burst(waiting, accepted(waiting)))
    await world.record(burst(closed, withdrawn(closed)))
    overdue = later(review, timedelta(days=4))
    await world.record(burst(review, overdue))

    async def found(**by: object) -> list[str]:
        return [one.complaint for one in await CaseFiles(world.pool).list(Wanted.model_validate(by))]

    assert await found() == [closed.complaint, waiting.complaint, review.complaint]
    assert await found(limit=1) == [closed.complaint]
    assert await found(phase=Phase.CLOSED) == [closed.complaint]
    assert await found(waiting_on=Role.SELLER) == [waiting.complaint]
    assert await found(problem=Problem.DELAYED) == [waiting.complaint]
    assert await found(handler=review.handler) == [
        one.complaint for one in (closed, waiting, review) if one.handler == review.handler
    ]
    assert await found(seller="sl-1", severity=Severity.GENERAL) == await found()
    assert await found(seller="sl-2") == await found(severity=Severity.MAJOR) == []
    assert await found(overdue=True) == [review.complaint]
    assert await found(overdue=False, phase=Phase.REVIEW) == []


async def test_a_row_of_a_list_says_the_same_as_the_view(world: World) -> None:
    case = await world.opened()
    (row,) = await CaseFiles(world.pool).list()
    view = view_of(case)
    assert (row.phase, row.severity, row.handler, row.level) == (view.phase, view.severity, view.handler, view.level)
    assert row.waiting_on == view.waiting_on
    assert row.next_due_at == min(one.due_at for one in view.waiting_on)
    assert (row.amount, row.filed_at, row.steps) == (case.filing.request.amount, case.filed_at, case.steps)


async def test_due_work_is_somebodys_and_the_earliest_comes_first(world: World) -> None:
    first = await world.opened(at=MORNING)
    second = await world.opened(at=MORNING + timedelta(minutes=1))
    third = await world.opened(at=MORNING + timedelta(minutes=2))
    await world.record(burst(second, accepted(second)))
    await world.record(burst(third, withdrawn(third)))
    files = CaseFiles(world.pool)
    everything = await files.due()
    assert [one.due_at for one in everything] == sorted(one.due_at for one in everything)
    assert {one.complaint for one in everything} == {first.complaint, second.complaint}
    assert {one.complaint for one in await files.due(Role.SELLER, "sl-1")} == {second.complaint}
    assert await files.due(Role.SELLER, "sl-2") == ()
    assert {one.handler for one in await files.due(Role.AGENT, first.handler)} == {first.handler}
    assert len(await files.due(limit=1)) == 1


async def test_a_message_after_the_end_is_kept_once_with_a_step_of_its_own(world: World) -> None:
    case = await world.opened()
    closed = withdrawn(case)
    await world.record(burst(case, closed))
    at = MORNING + timedelta(days=1)
    step = await keep_late_message(world.pool, case.complaint, a_message(), at)
    assert (step.number, step.event, step.rule, step.at) == (closed.steps + 1, "late_message", "R10.4", at)
    assert await keep_late_message(world.pool, case.complaint, a_message(), at + timedelta(days=1)) == step
    other = await keep_late_message(world.pool, case.complaint, a_message("late-2"), at)
    assert other.number == step.number + 1
    files = CaseFiles(world.pool)
    assert (await files.timeline(case.complaint))[-2:] == (step, other)
    view = await files.view(case.complaint)
    assert view is not None
    assert view.steps == other.number
    await world.record(burst(case, closed))
    assert (await files.timeline(case.complaint))[-1] == other


async def test_a_message_that_was_heard_in_time_is_not_late_when_it_comes_again(world: World) -> None:
    case = await world.opened()
    closed = withdrawn(case)
    await world.record(burst(case, closed))
    heard = next(step for step in closed.timeline if step.message_id)
    again = a_message(heard.message_id or "")
    assert await keep_late_message(world.pool, case.complaint, again, MORNING) == heard


async def test_a_message_to_an_open_or_unknown_complaint_is_not_late(world: World) -> None:
    case = await world.opened()
    with pytest.raises(NotClosed, match=r"is open on record: send the message to it again"):
        await keep_late_message(world.pool, case.complaint, a_message(), MORNING)
    with pytest.raises(NotClosed, match=r"no complaint C20261118-NOBODY0000 on record: check the number"):
        await keep_late_message(world.pool, "C20261118-NOBODY0000", a_message(), MORNING)


async def test_money_reads_as_it_was_written(world: World) -> None:
    case = await world.opened()
    after = agreed(case)
    await world.record(burst(case, after))
    view = await CaseFiles(world.pool).view(case.complaint)
    assert view == view_of(after)
    assert view is not None
    assert view.money[0].amount == after.money[0].movement.amount
