"""What happened is written once, in order, and nothing that comes late takes anything back."""

import asyncio
import itertools
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.cases.record import NotRegistered
from activities.errors import PartnerUnreachable
from activities.payments.pay import Payments
from activities.store.case_files import CaseFiles
from activities.store.rulebooks import documents, keep
from tests.activities.world import (
    AGENT,
    MORNING,
    World,
    a_registration,
    accepted,
    agreed,
    burst,
    later,
    reported,
    said,
    withdrawn,
)
from workflows.complaint.domain.records import Payment
from workflows.complaint.rules.dispatch import reprojected
from workflows.complaint.views.view import view_of
from workflows.complaint.views.why_due import explained
from workflows.money.movement import Movement, PaymentAnswer
from workflows.policy.loading import packaged
from workflows.vocabulary import MoneyState, Phase


class Silent:
    """A provider that never answers; what it does is reported later."""

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        raise PartnerUnreachable(f"no answer for {movement.key} {first_attempt}")


async def test_steps_deadlines_and_the_row_are_on_record_and_people_are_told(world: World) -> None:
    first = await world.opened()
    told = len(world.told)
    after = accepted(first)
    await world.record(burst(first, after))
    files = CaseFiles(world.pool)
    assert await files.timeline(first.complaint) == after.timeline
    assert await files.view(first.complaint) == view_of(after)
    assert [one.state for one in await files.ended(first.complaint)] == [ended.how for ended in after.ended]
    assert world.told[told:] == list(burst(first, after).notices)
    assert len(world.told) > told


async def test_a_burst_written_twice_leaves_one_of_everything(world: World) -> None:
    first = await world.opened()
    after = agreed(first)
    for _ in range(2):
        await world.record(burst(first, after))
    files = CaseFiles(world.pool)
    assert await files.timeline(first.complaint) == after.timeline
    assert len(await files.ended(first.complaint)) == len(after.ended)


async def test_an_older_burst_that_comes_late_takes_nothing_back(world: World) -> None:
    first = await world.opened()
    second = accepted(first)
    third = said(second, "noted", AGENT, text="电话沟通")
    await world.record(burst(second, third))
    await world.record(burst(first, second))
    files = CaseFiles(world.pool)
    assert await files.view(first.complaint) == view_of(third)
    assert await files.timeline(first.complaint) == third.timeline


async def test_bursts_of_one_complaint_at_once_end_with_the_newest(world: World) -> None:
    first = await world.opened()
    cases = [first, accepted(first)]
    for number in range(6):
        cases.append(said(cases[-1], "noted", AGENT, text=f"记录 {number}"))
    pairs = list(itertools.pairwise(cases))
    await asyncio.gather(*(world.record(burst(before, after)) for before, after in reversed(pairs)))
    files = CaseFiles(world.pool)
    assert await files.view(first.complaint) == view_of(cases[-1])
    assert [step.number for step in await files.timeline(first.complaint)] == list(range(1, cases[-1].steps + 1))


async def test_ended_deadlines_of_many_bursts_are_numbered_on_and_explained(world: World) -> None:
    first = await world.opened()
    second = accepted(first)
    third = later(second, timedelta(days=3))
    await world.record(burst(first, second))
    await world.record(burst(second, third))
    await world.record(burst(second, third))
    told = await CaseFiles(world.pool).ended(first.complaint)
    assert [(one.name, one.state) for one in told] == [(one.name, one.how) for one in third.ended]
    assert [one.explanation.due_at for one in told] == [one.due_at for one in third.ended]
    assert "seller_answer" in {one.name for one in told}


async def test_a_deadline_is_explained_from_the_record_by_the_calendar_it_ended_under(world: World) -> None:
    packaged_one = packaged()
    tomorrow = (MORNING + timedelta(days=1)).date()
    newer = packaged_one.calendar.but(
        version="cn-mended", days_off={**packaged_one.calendar.days_off, tomorrow: "Extra Day"}
    )
    first = await world.opened()
    async with world.pool.acquire() as connection:
        await keep(connection, documents(packaged_one.but(calendar=newer)))
    counted_anew = reprojected(first, newer, first.now)
    after = accepted(counted_anew)
    await world.record(burst(first, after))
    told = next(one for one in await CaseFiles(world.pool).ended(first.complaint) if one.name == "review")
    assert [skipped.name for skipped in told.explanation.skipped] == ["Extra Day"]
    assert told == next(one for one in explained(after) if one.name == "review")


async def test_an_ended_complaint_keeps_the_time_of_its_end(world: World) -> None:
    first = await world.opened()
    closed = withdrawn(first)
    await world.record(burst(first, closed))
    told_again = closed.but(
        timeline=(*closed.timeline, closed.timeline[-1].but(number=closed.steps + 1, event="refused")),
        steps=closed.steps + 1,
    )
    await world.record(burst(closed, told_again))
    (listed,) = await CaseFiles(world.pool).list()
    assert listed.closed_at == closed.closed_at
    assert listed.steps == closed.steps + 1


async def test_a_movement_that_its_provider_reported_is_settled_on_record_too(world: World) -> None:
    first = await world.opened()
    after = agreed(first)
    await world.record(burst(first, after))
    silent = Payments(world.pool, Silent())
    with pytest.raises(ApplicationError, match="no answer"):
        await ActivityEnvironment().run(silent.pay, Payment(movement=after.money[0].movement))
    await world.record(burst(after, reported(after, MoneyState.SETTLED, "p-7")))
    row = await world.pool.fetchrow("SELECT state, provider_reference, settled_at FROM movements")
    assert row is not None
    assert (row["state"], row["provider_reference"]) == ("settled", "p-7")
    assert row["settled_at"] is not None


async def test_a_complaint_that_is_not_in_the_registry_is_not_recorded_and_says_so(world: World) -> None:
    case = await world.opened()
    stranger = case.but(complaint=a_registration().complaint)
    with pytest.raises(NotRegistered, match=r"is not in the registry: .* connect the worker to the right one"):
        await world.record(burst(stranger, accepted(stranger)))
    assert case.phase is Phase.REVIEW


async def test_a_second_past_is_not_written_over_the_first_and_somebody_is_told(world: World) -> None:
    first = await world.opened()
    one, other = accepted(first), withdrawn(first)
    await world.record(burst(first, one))
    with capture_logs() as lines:
        await world.record(burst(first, one))
        assert [line["event"] for line in lines if line["log_level"] == "error"] == []
        await world.record(burst(first, other))
    (told,) = [line for line in lines if line["log_level"] == "error"]
    assert (told["event"], told["first_step"]) == ("timeline_differs", first.steps + 1)
    assert (await CaseFiles(world.pool).timeline(first.complaint))[: one.steps] == one.timeline
