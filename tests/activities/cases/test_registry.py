"""Every filing becomes one complaint, once, with a handler and a rulebook that stay."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.cases.orders import OrderSystem
from activities.cases.registry import CaseRegistry
from activities.errors import PartnerUnreachable
from activities.store.case_files import CaseFiles
from activities.store.pool import Pool
from activities.store.rulebooks import RulebookChanged
from tests.activities.world import (
    AGENT,
    MORNING,
    SELLER,
    World,
    a_registration,
    accepted,
    agreed,
    burst,
    reported,
    said,
    withdrawn,
)
from tests.workers.sandbox.running import RunningSandbox, an_order
from workers.sandbox.client import SandboxClient
from workflows.complaint.domain.filing import Request
from workflows.complaint.rules.dispatch import expire
from workflows.complaint.rules.registration import open_case
from workflows.complaint.views.notices import notices_of
from workflows.complaint.views.view import view_of
from workflows.money.amount import Money
from workflows.policy.loading import packaged
from workflows.vocabulary import MoneyState, Outcome, Phase, Problem, Purpose, Remedy, Role
from workflows.words.sentences import sentence


async def count(pool: Pool, table: str) -> int:
    number: int = await pool.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of our own tables
    return number


async def test_a_filing_becomes_a_complaint_with_a_handler_its_steps_and_its_view(world: World) -> None:
    case = await world.opened()
    files = CaseFiles(world.pool)
    assert case.phase is Phase.REVIEW
    assert case.handler in {"a-1", "a-3"}
    assert await files.timeline(case.complaint) == case.timeline
    assert await files.view(case.complaint) == view_of(case)
    assert await files.by_request(case.filing.request_id) == case.complaint


async def test_registering_again_gives_the_identical_case_one_row_and_the_same_notices(world: World) -> None:
    registration = a_registration()
    first = await world.register(registration)
    told = list(world.told)
    await world.record(burst(first, accepted(first)))
    world.told.clear()
    again = await world.register(registration)
    assert again == first
    assert again.model_dump_json() == first.model_dump_json()
    assert world.told == told
    assert await count(world.pool, "complaints") == 1
    assert world.asked == 1


async def test_the_same_registration_five_times_at_once_is_one_complaint(world: World) -> None:
    registration = a_registration()
    cases = await asyncio.gather(*(world.register(registration) for _ in range(5)))
    assert all(case == cases[0] for case in cases)
    assert await count(world.pool, "complaints") == 1


async def test_two_registrations_at_once_for_one_line_are_one_open_and_one_refused_naming_it(world: World) -> None:
    two = [a_registration(order_id="o-same"), a_registration(order_id="o-same")]
    cases = await asyncio.gather(*(world.register(one) for one in two))
    opened = [case for case in cases if not case.closed]
    refused = [case for case in cases if case.outcome is Outcome.REFUSED]
    assert len(opened) == len(refused) == 1
    assert opened[0].complaint in (sentence(refused[0].timeline[1]) or "")


async def test_another_problem_of_the_same_line_may_be_complained_about(world: World) -> None:
    await world.opened(order_id="o-two", request=Request(remedy=Remedy.APOLOGY))
    other = await world.opened(
        order_id="o-two", problem=Problem.SERVICE_ATTITUDE, request=Request(remedy=Remedy.APOLOGY)
    )
    assert other.phase is Phase.REVIEW


async def test_a_line_is_free_again_once_its_complaint_has_ended(world: World) -> None:
    first = await world.opened(order_id="o-again")
    await world.record(burst(first, withdrawn(first)))
    second = await world.opened(order_id="o-again")
    assert second.phase is Phase.REVIEW


async def test_the_same_request_under_another_number_is_refused_and_kept_as_such(world: World) -> None:
    first = await world.opened(request_id="r-same")
    tomorrow = a_registration(at=MORNING + timedelta(days=1), request_id="r-same")
    second = await world.register(tomorrow)
    assert second.outcome is Outcome.REFUSED
    assert first.complaint in (sentence(second.timeline[1]) or "")
    assert await CaseFiles(world.pool).by_request("r-same") == first.complaint
    assert await world.register(tomorrow) == second


async def test_what_was_decided_for_a_line_cannot_be_asked_for_again(world: World) -> None:
    ten = Request(remedy=Remedy.REFUND, amount=Money(amount=1000))
    first = await world.opened(order_id="o-decided")
    await world.record(burst(first, agreed(first)))
    second = await world.opened(order_id="o-decided", problem=Problem.OTHER, request=ten)
    third = await world.opened(
        order_id="o-decided", problem=Problem.DELAYED, request=Request(remedy=Remedy.REFUND, amount=Money(amount=1001))
    )
    assert second.decided_elsewhere == Money(amount=29900)
    assert second.phase is Phase.REVIEW
    assert third.outcome is Outcome.REFUSED


async def test_what_could_not_be_paid_yet_is_decided_all_the_same(world: World) -> None:
    first = await world.opened(order_id="o-failed")
    after = reported(agreed(first), MoneyState.FAILED)
    await world.record(burst(first, after))
    second = await world.opened(order_id="o-failed", problem=Problem.OTHER)
    assert second.decided_elsewhere == after.money[0].movement.amount


async def test_freight_repaid_to_the_buyer_takes_nothing_from_what_a_line_can_give(world: World) -> None:
    first = await world.opened(order_id="o-freight")
    after = reported(agreed(first), MoneyState.SETTLED)
    refund = after.money[0]
    key = f"{first.complaint}:return_freight:1"
    freight = refund.but(movement=refund.movement.but(key=key, purpose=Purpose.RETURN_FREIGHT))
    await world.record(burst(first, after.but(money=(refund, freight))))
    second = await world.opened(order_id="o-freight", problem=Problem.OTHER)
    assert second.decided_elsewhere == refund.movement.amount


async def test_unfounded_complaints_of_a_buyer_are_counted_for_half_a_year(world: World) -> None:
    first = await world.opened()
    reviewed = said(first, "reviewed", AGENT, decision="unfounded", text="与页面描述一致")
    ended = expire(reviewed, reviewed.now + timedelta(days=3))
    assert ended.outcome is Outcome.UNFOUNDED
    await world.record(burst(first, ended))
    soon, late = ended.now + timedelta(days=1), ended.now + timedelta(days=181)
    assert [(await world.opened(at=at)).unfounded_before for at in (soon, late)] == [1, 0]


async def test_complaints_go_round_the_agents_least_load_first(world: World) -> None:
    handlers = [(await world.opened(at=MORNING + timedelta(minutes=turn))).handler for turn in range(4)]
    assert sorted(str(handler) for handler in handlers) == ["a-1", "a-1", "a-3", "a-3"]
    assert handlers[0] != handlers[1]


async def test_an_order_nobody_knows_is_refused_and_on_record(world: World) -> None:
    case = await world.opened(order_id="o-unknown")
    assert case.outcome is Outcome.REFUSED
    view = await CaseFiles(world.pool).view(case.complaint)
    assert view is not None
    assert view.outcome is Outcome.REFUSED


async def test_a_foreign_filer_is_refused(world: World) -> None:
    case = await world.opened(filed_by=SELLER)
    assert case.outcome is Outcome.REFUSED
    assert case.timeline[-1].rule == "R1.3"
    assert SELLER.role is Role.SELLER


async def test_a_changed_rulebook_under_a_known_version_is_refused_and_a_new_version_taken(world: World) -> None:
    await world.opened()
    book = packaged()
    changed = book.policy.but(compensation_multiple=9)
    with pytest.raises(RulebookChanged, match=r"policy version .* is on record with other content.*new version"):
        await World(world.pool, book.but(policy=changed)).opened()
    newer = World(world.pool, book.but(policy=changed.but(version="2099-01")))
    case = await newer.opened()
    assert case.policy.compensation_multiple == 9


async def test_old_complaints_keep_the_rulebook_they_were_opened_under(world: World) -> None:
    registration = a_registration()
    first = await world.register(registration)
    newer = World(world.pool, packaged().but(policy=packaged().policy.but(version="2099-01", compensation_multiple=9)))
    await newer.opened()
    assert await newer.register(registration) == first


async def test_a_rulebook_written_before_a_field_was_added_is_still_the_same(world: World) -> None:
    await world.opened()
    async with world.pool.acquire() as connection:
        await connection.execute("ALTER TABLE rulebooks DISABLE TRIGGER append_only")
        await connection.execute("UPDATE rulebooks SET checksum = 'of another release'")
        await connection.execute("ALTER TABLE rulebooks ENABLE TRIGGER append_only")
    assert (await world.opened()).phase is Phase.REVIEW


async def test_the_order_system_is_the_real_one_and_its_silence_is_retried(
    pool: Pool, sandbox: RunningSandbox, operator: SandboxClient
) -> None:
    world = World(pool)
    await operator.put_orders([an_order("o-real")])
    async with OrderSystem(sandbox.url, seconds=1) as orders:
        registry = CaseRegistry(
            pool,
            orders,
            packaged(),
            open_case=open_case,
            view_of=view_of,
            notices_of=notices_of,
            start_notices=world.tell,
        )
        registration = a_registration(order_id="o-real", at=MORNING - timedelta(days=5))
        await operator.fault("orders", "error_500", operation="line")
        with pytest.raises(ApplicationError, match="the order system") as silent:
            await ActivityEnvironment().run(registry.register, registration)
        assert silent.value.type == PartnerUnreachable.__name__
        assert not silent.value.non_retryable
        case = await ActivityEnvironment().run(registry.register, registration)
        assert case.order is not None
        assert case.order.title == an_order("o-real").facts.title
