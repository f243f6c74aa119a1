"""The ledger cannot lie: whoever asks, in plain SQL, PostgreSQL itself refuses what must never be."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.pay import Payments
from activities.store.pool import Connection, Pool, open_pool
from activities.store.prepare import prepare
from activities.store.signed_requests import Requests
from tests import ROOT
from tests.activities.payments.test_pay import SETTLED, Counting
from tests.activities.store.moving import Moving, everything, postings
from tests.activities.world import World, agreed, burst
from workflows.complaint.domain.filing import Request
from workflows.complaint.domain.records import Payment
from workflows.money.amount import Money
from workflows.policy.loading import packaged
from workflows.vocabulary import Problem, Remedy

ROLE = ROOT / "deploy" / "postgres" / "application_role.sql"
APOLOGY = Request(remedy=Remedy.APOLOGY)
PAID, SHIPPING = 29900, 1000
REFUSED = (asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)


@pytest.fixture(params=["the owner", "the application"])
async def hand(pool: Pool, request: pytest.FixtureRequest) -> AsyncIterator[Connection]:
    """A connection of the owner of everything, or of the role that workers have."""
    async with pool.acquire() as connection:
        await connection.execute(ROLE.read_text(encoding="utf-8"))
        if request.param == "the application":
            await connection.execute("SET ROLE redress_app")
        yield connection
        await connection.execute("RESET ROLE")


@pytest.fixture
async def money(world: World) -> Moving:
    """A complaint with a refund that has settled, and an advance that is frozen."""
    case = await world.opened(order_id="o-7")
    moving = Moving(world.pool, case.complaint)
    await moving.settled("refund", 10000, from_deposit=2500)
    await moving.settled("advance", 8000)
    return moving


async def refused(hand: Connection, money: Moving, *orders: str, because: str | None = None) -> None:
    """Assert that the orders, together in one transaction, are refused and leave nothing behind."""
    before = await everything(money.on)
    with pytest.raises(REFUSED, match=because):
        await all_at_once(hand, money, orders)
    assert await everything(money.on) == before


def requesting(key: str) -> str:
    return f"UPDATE movements SET state = 'requested' WHERE key = '{key}'"  # noqa: S608 - a key of our own


async def all_at_once(hand: Connection, money: Moving, orders: tuple[str, ...]) -> None:
    number = await hand.fetchval("SELECT number FROM transactions WHERE movement = $1", f"{money.complaint}:refund:1")
    async with hand.transaction():
        for order in orders:
            await hand.execute(order.replace("{tx}", str(number)).replace("{c}", money.complaint))


BY_HAND = [
    ("INSERT INTO postings VALUES ('{c}', {tx}, 'fund', -100)",),
    ("INSERT INTO postings VALUES ('{c}', {tx}, 'fund', -100), ('{c}', {tx}, 'platform', 100)",),
    ("UPDATE postings SET amount_minor = amount_minor + 1",),
    ("UPDATE postings SET account = 'buyer:b-2' WHERE account LIKE 'buyer:%'",),
    ("DELETE FROM postings",),
    ("TRUNCATE postings",),
    ("UPDATE transactions SET at = now()",),
    ("DELETE FROM transactions",),
    ("TRUNCATE transactions CASCADE",),
    ("INSERT INTO transactions (complaint, movement, kind, at) VALUES ('{c}', '{c}:refund:1', 'reversal', now())",),
    ("INSERT INTO movement_states (complaint, movement, state, at, actor, rule) "
     "VALUES ('{c}', '{c}:refund:1', 'failed', now(), 'agent:a-1', 'R6.10')",),
    ("UPDATE movement_states SET at = now()",),
    ("DELETE FROM movement_states",),
    ("DELETE FROM contradictions",),
    ("UPDATE lines SET paid_minor = paid_minor * 100",),
    ("UPDATE lines SET refunded_minor = 0, given_minor = 0",),
    ("DELETE FROM lines",),
    ("TRUNCATE lines",),
    ("INSERT INTO lines VALUES ('o-9', 1, 'sl-1', 1, 0, 0)",),
    ("UPDATE advances SET frozen_minor = frozen_minor + 1, advanced_minor = advanced_minor + 1",),
    ("DELETE FROM advances",),
    ("UPDATE movements SET settled_at = settled_at - interval '1 day' WHERE state <> 'decided'",),
    ("UPDATE movements SET from_deposit_minor = 1234 WHERE payer_role = 'seller'",),
    ("DELETE FROM movements",),
]  # fmt: skip
"""Unbalanced, balanced but invented, changed, deleted: none of it follows from a movement."""

ODD = """
INSERT INTO movements (key, complaint, purpose, payer_role, payer_id, payee_role, payee_id, amount_minor, rule,
    ordered_by_role, ordered_by_id, remark, state)
SELECT v.*, 'buyer', 'b-1', 1, 'R6.1', 'agent', 'a-1', '', 'decided' FROM (VALUES {named}) AS v
"""


@pytest.mark.parametrize("orders", BY_HAND, ids=lambda orders: orders[0][:60])
async def test_nothing_in_the_book_is_written_changed_or_deleted_by_hand(
    hand: Connection, money: Moving, orders: tuple[str, ...]
) -> None:
    await refused(hand, money, *orders)


@pytest.mark.parametrize("orders", BY_HAND, ids=lambda orders: orders[0][:60])
async def test_it_is_the_guards_that_refuse_it(pool: Pool, money: Moving, orders: tuple[str, ...]) -> None:
    before = await everything(pool)
    async with pool.acquire() as owner, owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await all_at_once(owner, money, orders)
        changed = await everything(owner) != before
        await owner.execute("ROLLBACK; BEGIN")
    assert changed or orders == ("DELETE FROM contradictions",)


async def test_a_movement_is_never_posted_twice(hand: Connection, money: Moving) -> None:
    columns, values = "complaint, movement, kind, at", "'{c}', '{c}:refund:1', 'settlement', now()"
    again = f"INSERT INTO transactions ({columns}) VALUES ({values})"  # noqa: S608 - words of our own
    await refused(hand, money, again, because="posted_once|permission denied")
    await refused(hand, money, "SELECT post(m, 'settlement', now()) FROM movements m WHERE key = '{c}:refund:1'")
    for state in ("decided", "requested", "failed"):
        await refused(hand, money, f"UPDATE movements SET state = '{state}'", because="cannot become")  # noqa: S608
    await hand.execute("UPDATE movements SET state = 'settled'")
    assert await money.on.fetchval("SELECT count(*) FROM transactions") == 2


@pytest.mark.parametrize("twice", [("unfreeze", "unfreeze"), ("unfreeze", "claw_back"), ("claw_back", "claw_back")])
async def test_an_advance_ends_once(hand: Connection, money: Moving, twice: tuple[str, str]) -> None:
    first, second = twice
    await money.settled(first, 8000)
    key = await money.decided(second, 8000, number=2)
    await refused(hand, money, requesting(key), because="an_advance_ends_once")


async def test_an_advance_is_not_promised_twice_either(hand: Connection, money: Moving) -> None:
    await money.becomes(await money.decided("unfreeze", 5000), "requested")
    key = await money.decided("claw_back", 3001)
    request = requesting(key)
    await refused(hand, money, request, because="an_advance_ends_once")
    await money.becomes(f"{money.complaint}:unfreeze:1", "failed")
    await hand.execute(request)


async def test_a_second_advance_waits_for_the_end_of_the_first(hand: Connection, money: Moving) -> None:
    key = await money.decided("advance", 100, number=2)
    request = requesting(key)
    await refused(hand, money, request, because="another advance")
    await money.settled("unfreeze", 8000)
    await hand.execute(request)
    other = await money.decided("advance", 100, number=3)
    await refused(hand, money, requesting(other), because="one_advance_asked_for")


async def test_an_advance_for_freight_takes_nothing_of_the_line(hand: Connection, money: Moving) -> None:
    """Freight is repaid beside what was paid for the line, by the seller or in its place by the fund (R6.8, R1.8)."""
    await money.settled("unfreeze", 8000)
    given = "SELECT given_minor FROM lines JOIN complaints USING (order_id, line) WHERE complaint = $1"
    before = await hand.fetchval(given, money.complaint)
    key = await money.decided("advance", 3800, number=2, rule="R6.8")
    await money.becomes(key, "requested", "settled")
    await money.settled("unfreeze", 3000, number=2, rest=800)
    assert await hand.fetchval(given, money.complaint) == before


async def test_the_fund_is_repaid_once(hand: Connection, money: Moving) -> None:
    await money.settled("claw_back", 3000)
    await money.settled("recovery", 2000)
    await money.settled("write_off", 1000)
    key = await money.decided("recovery", 2001, number=2)
    await refused(hand, money, requesting(key), because="repay the fund")


@pytest.mark.parametrize("purpose", ["refund", "price_difference", "advance"])
async def test_refunds_of_all_complaints_of_a_line_never_exceed_what_was_paid(
    hand: Connection, world: World, purpose: str
) -> None:
    first = await world.opened(order_id="o-7", request=APOLOGY)
    second = await world.opened(order_id="o-7", request=APOLOGY, problem=Problem.OTHER)
    await Moving(world.pool, first.complaint).settled("refund", PAID)
    money = Moving(world.pool, second.complaint)
    key = await money.decided(purpose, SHIPPING + 1)
    await refused(hand, money, requesting(key), because="refunds_within_the_price")
    await money.settled(purpose, SHIPPING, number=2)


async def test_all_that_a_line_gives_never_exceeds_the_multiple_of_what_was_paid(
    hand: Connection, money: Moving
) -> None:
    await money.settled("return_freight", 5000)
    await money.settled("compensation", 3 * PAID - 18000)
    key = await money.decided("coupon", 1)
    request = requesting(key)
    await refused(hand, money, request, because="of a line that can give 89700 in all")
    await money.settled("claw_back", 1)
    await hand.execute(request)


async def test_what_failed_or_was_reversed_may_be_given_again(hand: Connection, money: Moving) -> None:
    await money.becomes(f"{money.complaint}:refund:1", "reversed")
    await money.becomes(await money.decided("refund", PAID + SHIPPING - 8000, number=2), "requested", "failed")
    await money.settled("refund", PAID + SHIPPING - 8000, number=3)
    key = await money.decided("refund", 1, number=4)
    await refused(hand, money, requesting(key))


async def test_parties_belong_to_a_purpose(hand: Connection, money: Moving) -> None:
    for purpose, payer in [("refund", "fund"), ("advance", "platform"), ("write_off", "fund"), ("wages", "platform")]:
        named = f"('{{c}}:{purpose}:9', '{{c}}', '{purpose}', 'system', '{payer}')"
        await refused(hand, money, ODD.format(named=named), because="parties_of_the_purpose")


@pytest.fixture
async def worker(pool: Pool, address: str) -> AsyncIterator[str]:
    """The address of the system of record, as a worker with no more rights than it needs has it."""
    await pool.execute(ROLE.read_text(encoding="utf-8"))
    await pool.execute("DROP ROLE IF EXISTS redress_worker")
    await pool.execute("CREATE ROLE redress_worker LOGIN PASSWORD 'of-a-test' IN ROLE redress_app")
    where = urlsplit(address)
    yield urlunsplit(where._replace(netloc=f"redress_worker:of-a-test@{where.hostname}:{where.port}"))
    await pool.execute("DROP ROLE redress_worker")


async def test_a_worker_with_a_role_of_its_own_can_do_all_it_has_to_and_no_more(worker: str) -> None:
    await prepare(worker, packaged())
    own = await open_pool(worker)
    world = World(own)
    case = await world.opened(order_id="o-7")
    await world.record(burst(case, agreed(case)))
    answer = await ActivityEnvironment().run(
        Payments(own, Counting(SETTLED), start_notices=world.tell).pay,
        Payment(movement=agreed(case).money[0].movement, ceiling=Money(amount=PAID + SHIPPING)),
    )
    assert answer == SETTLED
    money = Moving(own, case.complaint)
    await money.settled("advance", 800)
    key = await money.settled("unfreeze", 500, rest=300)
    assert await postings(own, key) == {f"buyer_frozen:{case.complaint}": -800, "buyer:b-1": 500, "fund": 300}
    assert await Requests(own).use("buyer-app", "r-1")
    await Requests(own).forget(timedelta())
    assert await Requests(own).use("buyer-app", "r-1"), "a gateway forgets what was read"
    for order in ("DELETE FROM steps", "DROP TABLE postings", "CREATE TABLE mine (number integer)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await own.execute(order)
    await own.close()
