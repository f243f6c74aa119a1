"""What moves is posted with it, in one transaction; what a provider says against what is proven changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.pay import Payments
from activities.store.case_files import CaseFiles
from activities.store.late_messages import keep_late_message
from activities.store.pool import Pool
from tests.activities.payments.test_pay import PENDING, REFUSED, SETTLED, Counting
from tests.activities.store.moving import PLATFORM, Moving, postings
from tests.activities.world import World, agreed, burst, later, reported, said
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import PaymentReported
from workflows.complaint.domain.records import Payment
from workflows.complaint.rules.dispatch import hear
from workflows.complaint.rules.dispatch import paid as answered
from workflows.complaint.rules.emit import close
from workflows.complaint.rules.money.settlement import requested
from workflows.money.amount import Money
from workflows.money.movement import Movement, PaymentAnswer
from workflows.parties import Party
from workflows.vocabulary import MoneyState, Outcome, Purpose, Role

PROVIDER = Party(role=Role.PAYMENT, id="sandbox-pay")
HELD, DEPOSIT = "seller_held:o-7/1", "seller_deposit:sl-1"
FROZEN = "buyer_frozen:{c}"


@pytest.fixture
async def money(world: World) -> Moving:
    case = await world.opened(order_id="o-7")
    return Moving(world.pool, case.complaint)


@pytest.mark.parametrize(
    ("purpose", "payer", "posted"),
    [
        ("refund", None, {HELD: -700, DEPOSIT: -300, "buyer:b-1": 1000}),
        ("refund", PLATFORM, {"platform": -1000, "buyer:b-1": 1000}),
        ("compensation", None, {HELD: -700, DEPOSIT: -300, "buyer:b-1": 1000}),
        ("return_freight", PLATFORM, {"platform": -1000, "buyer:b-1": 1000}),
        ("advance", None, {"fund": -1000, FROZEN: 1000}),
        ("payout", None, {HELD: -1000, "seller:sl-1": 1000}),
        ("restitution", None, {"platform": -1000, "seller:sl-1": 1000}),
    ],
)
async def test_what_settles_is_posted_and_what_is_reversed_is_its_exact_opposite(
    money: Moving, purpose: str, payer: tuple[str, str] | None, posted: dict[str, int]
) -> None:
    by_seller = payer is None and purpose in {"refund", "compensation"}
    key = await money.settled(purpose, 1000, payer=payer, from_deposit=300 if by_seller else None)
    expected = {account.format(c=money.complaint): amount for account, amount in posted.items()}
    assert await postings(money.on, key) == expected
    await money.becomes(key, "reversed")
    assert await postings(money.on, key, "reversal") == {account: -amount for account, amount in expected.items()}


@pytest.mark.parametrize(
    ("purpose", "rest", "payer", "posted"),
    [
        ("unfreeze", 0, None, {FROZEN: -1000, "buyer:b-1": 1000}),
        ("unfreeze", 500, None, {FROZEN: -1500, "buyer:b-1": 1000, "fund": 500}),
        ("claw_back", 0, None, {FROZEN: -1000, "fund": 1000}),
        ("recovery", 0, None, {HELD: -700, DEPOSIT: -300, "fund": 1000}),
        ("recovery", 0, PLATFORM, {"platform": -1000, "fund": 1000}),
        ("write_off", 0, None, {"platform": -1000, "fund": 1000}),
    ],
)
async def test_what_becomes_of_an_advance_is_posted(
    money: Moving, purpose: str, rest: int, payer: tuple[str, str] | None, posted: dict[str, int]
) -> None:
    await money.settled("advance", 2000)
    by_seller = payer is None and purpose == "recovery"
    key = await money.settled(purpose, 1000, rest=rest, payer=payer, from_deposit=300 if by_seller else None)
    assert await postings(money.on, key) == {account.format(c=money.complaint): fen for account, fen in posted.items()}
    await money.becomes(key, "reversed")
    row = await money.on.fetchrow("SELECT * FROM advances WHERE complaint = $1", money.complaint)
    assert row is not None
    assert tuple(row)[1:] == (2000, 2000, 0, 0, 0, 0)


async def test_a_split_that_nobody_told_is_held_money_first_and_then_the_deposit(money: Moving) -> None:
    first = await money.settled("refund", 30000)
    second = await money.settled("compensation", 1500)
    third = await money.settled("compensation", 70, number=2)
    assert await postings(money.on, first) == {HELD: -30000, "buyer:b-1": 30000}
    assert await postings(money.on, second) == {HELD: -900, DEPOSIT: -600, "buyer:b-1": 1500}
    assert await postings(money.on, third) == {DEPOSIT: -70, "buyer:b-1": 70}


async def test_every_state_of_a_movement_is_kept_with_time_actor_rule_and_reference(world: World) -> None:
    case = await world.opened()
    after = agreed(case)
    await world.record(burst(case, after))
    movement = after.money[0].movement
    assert await states(world.pool, movement.key) == [("decided", "seller:sl-1", "R6.1", None)]
    answers = Payments(world.pool, Counting(SETTLED))
    await ActivityEnvironment().run(answers.pay, Payment(movement=movement))
    await world.record(burst(after, reported(after, MoneyState.REVERSED, "p-1")))
    assert await states(world.pool, movement.key) == [
        ("decided", "seller:sl-1", "R6.1", None),
        ("requested", "system:system", "R6.10", None),
        ("settled", "payment:provider", "R6.10", "p-1"),
        ("reversed", "payment:provider", "R6.10", "p-1"),
    ]


async def states(pool: Pool, key: str) -> list[tuple[str | None, ...]]:
    rows = await pool.fetch("SELECT * FROM movement_states WHERE movement = $1 ORDER BY at, state", key)
    order: list[str | None] = ["decided", "requested", "settled", "failed", "reversed"]
    told = [(row["state"], row["actor"], row["rule"], row["provider_reference"]) for row in rows]
    return sorted(told, key=lambda one: order.index(one[0]))


async def test_in_training_the_book_goes_by_the_time_that_a_complaint_was_let_pass(world: World) -> None:
    case = await world.opened()
    after = agreed(case)
    ahead = after.timeline[-1].but(at=datetime.now(UTC) + timedelta(days=30))
    await world.record(burst(case, after.but(timeline=(*after.timeline[:-1], ahead))))
    money = Moving(world.pool, case.complaint)
    await money.becomes(after.money[0].movement.key, "requested", "settled")
    at = await world.pool.fetchval("SELECT at FROM transactions")
    assert at == ahead.at


async def paid(world: World, case: Case, *answers: PaymentAnswer | Exception) -> tuple[PaymentAnswer, list[bool]]:
    provider = Counting(*answers)
    payment = Payment(movement=case.money[0].movement, ceiling=case.order.ceiling if case.order else None)
    return await ActivityEnvironment().run(Payments(world.pool, provider).pay, payment), provider.asked


@pytest.fixture
async def owed(world: World) -> Case:
    """A case with a refund that is decided and on record."""
    case = await world.opened(order_id="o-7")
    after = agreed(case)
    await world.record(burst(case, after))
    return after


async def test_the_providers_split_is_posted_and_told_again_from_the_record(world: World, owed: Case) -> None:
    told = SETTLED.but(from_deposit=Money(amount=400))
    assert await paid(world, owed, told) == (told, [True])
    assert await paid(world, owed) == (told, [])
    key = owed.money[0].movement.key
    assert await postings(world.pool, key) == {HELD: -29500, DEPOSIT: -400, "buyer:b-1": 29900}


async def test_what_the_sellers_money_could_give_is_told_again_from_the_record(world: World, owed: Case) -> None:
    short = PaymentAnswer(result="refused", reason="not covered", available=Money(amount=1234))
    assert await paid(world, owed, short) == (short, [True])
    assert await paid(world, owed) == (short, [])


async def test_what_is_pending_and_reported_later_is_posted_with_its_split(world: World, owed: Case) -> None:
    await paid(world, owed, PENDING.but(from_deposit=Money(amount=250)))
    settled = reported(owed, MoneyState.SETTLED, "p-1")
    await world.record(burst(owed, settled))
    await world.record(burst(owed, settled))
    key = owed.money[0].movement.key
    assert await postings(world.pool, key) == {HELD: -29650, DEPOSIT: -250, "buyer:b-1": 29900}
    assert await world.pool.fetchval("SELECT count(*) FROM contradictions") == 0


async def test_a_reported_failure_keeps_the_providers_reason_and_posts_nothing(world: World, owed: Case) -> None:
    await paid(world, owed, PENDING)
    key = owed.money[0].movement.key
    asked = owed.but(money=(owed.money[0].but(movement=owed.money[0].movement.but(state=MoneyState.REQUESTED)),))
    failed = said(
        asked, "payment_reported", PROVIDER, movement=key, result="failed", provider_reference="p-1", reason="卡已注销"
    )
    await world.record(burst(owed, failed))
    row = await world.pool.fetchrow("SELECT state, reason FROM movements")
    assert tuple(row or ()) == ("failed", "卡已注销")
    assert await world.pool.fetchval("SELECT count(*) FROM transactions") == 0


async def test_what_the_book_refuses_is_refused_before_anybody_is_asked(world: World) -> None:
    first = await world.opened(order_id="o-7")
    await Moving(world.pool, first.complaint).settled("refund", 20000)
    after = agreed(first)
    after = after.but(
        money=(after.money[0].but(movement=after.money[0].movement.but(key=f"{first.complaint}:refund:2")),)
    )
    answer, asked = await paid(world, after)
    assert (answer.result, asked) == ("refused", [])
    assert answer.reason == "other complaints of the line leave 109.00 yuan (R1.8)"
    payment = Payment(movement=after.money[0].movement.but(key=f"{first.complaint}:refund:3"))
    answer = await ActivityEnvironment().run(Payments(world.pool, Counting()).pay, payment)
    assert "refused by the ledger: refunds_within_the_price" in (answer.reason or "")
    assert await ActivityEnvironment().run(Payments(world.pool, Counting()).pay, payment) == answer


async def contradictions(pool: Pool) -> list[tuple[str, ...]]:
    rows = await pool.fetch("SELECT said, on_record FROM contradictions ORDER BY number")
    return [tuple(row) for row in rows]


async def test_a_word_that_the_complaint_refuses_is_kept_and_changes_nothing(world: World, owed: Case) -> None:
    await paid(world, owed, REFUSED)
    failed = reported(owed, MoneyState.FAILED)
    await world.record(burst(owed, failed))
    message = PaymentReported(
        kind="payment_reported", message_id="m-late", sender=PROVIDER, movement=failed.money[0].movement.key,
        result="reversed", provider_reference="p-1",
    )  # fmt: skip
    told = refused_word(failed, message)
    for _ in range(2):
        await world.record(burst(failed, told))
    assert await contradictions(world.pool) == [("reversed", "failed")]
    assert await world.pool.fetchval("SELECT state FROM movements") == "failed"


def refused_word(case: Case, message: PaymentReported) -> Case:
    """Return the case after a word of the provider that it must refuse."""
    after, answer = hear(case, message, case.now + timedelta(minutes=1))
    assert not answer.accepted
    return after


async def test_an_answer_against_a_report_that_came_before_it_is_kept(world: World, owed: Case) -> None:
    class Overtaken(Counting):
        async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
            await world.pool.execute("UPDATE movements SET state = 'failed'")
            return await super().pay(movement, first_attempt)

    provider = Overtaken(SETTLED)
    answer = await ActivityEnvironment().run(
        Payments(world.pool, provider).pay, Payment(movement=owed.money[0].movement)
    )
    assert answer.result == "refused"
    assert await contradictions(world.pool) == [("settled", "failed")]


async def test_a_reversal_that_the_book_cannot_follow_is_kept_and_holds_up_nothing(world: World, owed: Case) -> None:
    money = Moving(world.pool, owed.complaint)
    key = await money.settled("advance", 100)
    await money.settled("unfreeze", 100)
    entry = owed.money[0].but(movement=owed.money[0].movement.but(key=key, purpose=Purpose.ADVANCE))
    told = reported(owed.but(money=(entry,)), MoneyState.REVERSED)
    await world.record(burst(owed, told).but(movements=()))
    assert await contradictions(world.pool) == [("reversed", "settled")]


async def test_a_word_that_comes_after_the_end_moves_the_book_and_not_the_complaint(world: World, owed: Case) -> None:
    await paid(world, owed, SETTLED)
    closed = close(reported(owed, MoneyState.SETTLED, "p-1"), owed.now, Outcome.SETTLED, "R10.2")
    await world.record(burst(owed, closed))
    key, stranger = owed.money[0].movement.key, f"{owed.complaint}:refund:9"
    words = [("reversed", key), ("settled", stranger), ("failed", key)]
    for number, (result, movement) in enumerate(words):
        message = PaymentReported.model_validate(
            {"kind": "payment_reported", "message_id": f"late-{number}", "sender": PROVIDER, "movement": movement,
             "result": result, "provider_reference": "p-1"}
        )  # fmt: skip
        await keep_late_message(world.pool, owed.complaint, message, later(closed, timedelta(days=30)).now)
    assert await world.pool.fetchval("SELECT state FROM movements") == "reversed"
    assert await contradictions(world.pool) == [("settled", "unknown"), ("failed", "reversed")]
    assert await world.pool.fetchval("SELECT phase FROM complaints") == "closed"


async def test_what_failed_or_waits_too_long_has_an_owner_and_a_due_time(world: World, owed: Case) -> None:
    key = owed.money[0].movement.key
    asked = requested(owed, key, owed.now)
    await world.record(burst(owed, asked))
    assert await payments_due(world) == [("payment", "R6.1", asked.now + timedelta(hours=24))]
    waited = later(asked, timedelta(hours=25))
    await world.record(burst(asked, waited))
    ((owner, rule, due_at),) = await payments_due(world)
    assert (owner, rule) == ("agent", "R6.10")
    assert due_at > waited.now


async def test_a_payment_that_failed_is_the_handlers_to_see_to(world: World, owed: Case) -> None:
    key = owed.money[0].movement.key
    failed = answered(requested(owed, key, owed.now), key, REFUSED, owed.now)
    await world.record(burst(owed, failed))
    ((owner, rule, due_at),) = await payments_due(world)
    assert (owner, rule) == ("agent", "R6.10")
    assert due_at > failed.now


async def payments_due(world: World) -> list[tuple[str, str, datetime]]:
    work = await CaseFiles(world.pool).due()
    return [(one.actor, one.rule, one.due_at) for one in work if one.rule in {"R6.1", "R6.10"}]
