"""A provider takes its word back: the book follows the complaint, and posts each thing once (R6.10)."""

from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.pay import Payments
from activities.store.late_messages import keep_late_message
from activities.store.movements import REFUSED as REFUSED_BY_THE_BOOK
from tests.activities.payments.test_pay import PENDING, REFUSED, SETTLED, Counting
from tests.activities.store.moving import Moving, postings
from tests.activities.store.test_ledger import HELD, PROVIDER, contradictions, paid
from tests.activities.world import World, agreed, burst, later, reported
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import PaymentReported
from workflows.complaint.domain.records import Payment
from workflows.complaint.rules.dispatch import hear
from workflows.complaint.rules.emit import close
from workflows.money.movement import PaymentAnswer
from workflows.vocabulary import MoneyState, Outcome, Problem


@pytest.fixture
async def owed(world: World) -> Case:
    """A case with a refund that the provider is being asked for, decided on record."""
    case = await world.opened(order_id="o-7")
    after = agreed(case)
    await world.record(burst(case, after))
    return after


async def refused_by_the_provider(world: World, owed: Case) -> Case:
    """Return the case whose refund the provider has refused, as it is on record."""
    await paid(world, owed, REFUSED)
    failed = reported(owed, MoneyState.FAILED)
    failed = failed.but(money=(failed.money[0].but(owned_since=failed.now),))
    await world.record(burst(owed, failed))
    return failed


def word(movement: str, result: str) -> PaymentReported:
    """Return what the provider reports."""
    return PaymentReported.model_validate(
        {"kind": "payment_reported", "message_id": f"m-{result}", "sender": PROVIDER, "movement": movement,
         "result": result, "provider_reference": "p-1"}
    )  # fmt: skip


def heard_word(case: Case, message: PaymentReported) -> Case:
    """Return the case after a word of the provider that it must take."""
    after, answer = hear(case, message, case.now + timedelta(minutes=1))
    assert answer.accepted, answer
    return after


async def test_what_settled_after_all_is_posted_once_and_the_word_against_it_is_kept(world: World, owed: Case) -> None:
    failed = await refused_by_the_provider(world, owed)
    key = failed.money[0].movement.key
    settled = heard_word(failed, word(key, "settled"))
    for _ in range(2):
        await world.record(burst(failed, settled))
    row = await world.pool.fetchrow("SELECT state, reason, provider_reference FROM movements")
    assert tuple(row or ()) == ("settled", None, "p-1")
    assert await contradictions(world.pool) == [("settled", "failed")]
    assert await postings(world.pool, key) == {HELD: -29900, "buyer:b-1": 29900}
    assert await world.pool.fetchval("SELECT refunded_minor FROM lines WHERE order_id = $1", "o-7") == 29900


async def test_what_failed_after_all_is_reversed(world: World, owed: Case) -> None:
    await paid(world, owed, SETTLED)
    settled = reported(owed, MoneyState.SETTLED, "p-1")
    await world.record(burst(owed, settled))
    key = owed.money[0].movement.key
    back = heard_word(settled, word(key, "failed"))
    await world.record(burst(settled, back))
    assert await world.pool.fetchval("SELECT state FROM movements") == "reversed"
    assert await contradictions(world.pool) == [("failed", "settled")]
    assert await world.pool.fetchval("SELECT sum(amount_minor) FROM postings WHERE account LIKE 'buyer:%'") == 0


@pytest.mark.parametrize("answer", [PENDING, REFUSED, SETTLED])
async def test_whatever_a_look_up_saw_first_the_record_comes_to_the_end_of_the_complaint(
    world: World, owed: Case, answer: PaymentAnswer
) -> None:
    await paid(world, owed, answer)
    settled = reported(owed, MoneyState.SETTLED, "p-1")
    back = heard_word(settled, word(owed.money[0].movement.key, "failed"))
    await world.record(burst(owed, back))
    assert await world.pool.fetchval("SELECT state FROM movements") == "reversed"
    assert await world.pool.fetchval("SELECT count(*) FROM transactions") == 2


async def test_what_settles_after_all_when_others_took_its_place_on_the_line_is_kept_for_people(
    world: World, owed: Case
) -> None:
    failed = await refused_by_the_provider(world, owed)
    other = await world.opened(order_id="o-7", problem=Problem.OTHER)
    await Moving(world.pool, other.complaint).settled("refund", 20000)
    settled = heard_word(failed, word(failed.money[0].movement.key, "settled"))
    await world.record(burst(failed, settled))
    assert await contradictions(world.pool) == [("settled", "failed")]
    state = "SELECT state FROM movements WHERE complaint = $1"
    assert await world.pool.fetchval(state, owed.complaint) == "failed"


async def test_after_the_end_nothing_settles_after_all(world: World, owed: Case) -> None:
    failed = await refused_by_the_provider(world, owed)
    closed = close(failed, owed.now, Outcome.SETTLED, "R10.2")
    await world.record(burst(failed, closed))
    late = word(failed.money[0].movement.key, "settled")
    await keep_late_message(world.pool, owed.complaint, late, later(closed, timedelta(days=1)).now)
    assert await world.pool.fetchval("SELECT state FROM movements") == "failed"
    assert await contradictions(world.pool) == [("settled", "failed")]


async def test_a_word_to_an_ended_complaint_moves_no_money_of_another(world: World, owed: Case) -> None:
    await paid(world, owed, PENDING)
    other = await world.opened(order_id="o-8")
    closed = close(other, other.now, Outcome.WITHDRAWN, "R3.5")
    await world.record(burst(other, closed))
    theirs = word(owed.money[0].movement.key, "settled")
    await keep_late_message(world.pool, other.complaint, theirs, later(closed, timedelta(days=1)).now)
    assert await world.pool.fetchval("SELECT state FROM movements") == "requested"
    assert await contradictions(world.pool) == [("settled", "unknown")]


async def test_what_an_answer_settled_before_the_word_that_it_failed_is_not_paid_again(
    world: World, owed: Case
) -> None:
    await paid(world, owed, SETTLED)
    failed = reported(owed, MoneyState.FAILED)
    again = failed.money[0].movement.but(key=failed.money[0].movement.key.replace(":1", ":2"))
    provider = Counting(SETTLED)
    payment = Payment(movement=again, burst=burst(owed, failed))
    answer = await ActivityEnvironment().run(Payments(world.pool, provider, start_notices=world.tell).pay, payment)
    assert answer.result == "refused"
    assert "refund:1 has settled after all" in (answer.reason or "")
    assert provider.asked == []


@pytest.mark.parametrize("purpose", ["refund", "coupon", "return_freight"])
async def test_what_another_came_in_place_of_does_not_settle_after_all(world: World, owed: Case, purpose: str) -> None:
    money = Moving(world.pool, owed.complaint)
    key = await money.becomes(await money.decided(purpose, 100, number=5), "requested", "failed")
    again = await money.decided(purpose, 100, number=6)
    for states in ((), ("requested",)):
        await money.becomes(again, *states)
        with pytest.raises(REFUSED_BY_THE_BOOK, match="another came in its place"):
            await money.becomes(key, "settled")
    await money.becomes(again, "failed")
    await money.becomes(key, "settled")
    assert sum((await postings(world.pool, key)).values()) == 0


async def test_an_advance_does_not_settle_after_all_once_another_is_asked_for(world: World, owed: Case) -> None:
    money = Moving(world.pool, owed.complaint)
    first = await money.becomes(await money.decided("advance", 100), "requested", "failed")
    second = await money.becomes(await money.decided("advance", 100, number=2), "requested")
    with pytest.raises(REFUSED_BY_THE_BOOK, match="another came in its place"):
        await money.becomes(first, "settled")
    await money.becomes(second, "failed")
    await money.becomes(second, "settled")
    frozen = "SELECT frozen_minor, advanced_minor FROM advances WHERE complaint = $1"
    assert tuple(await world.pool.fetchrow(frozen, owed.complaint) or ()) == (100, 100)
