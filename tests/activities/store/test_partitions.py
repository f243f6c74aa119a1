"""Complaints are kept by the month of their number: every rule holds there as it does in one table."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.notifications.channels import Delivery
from activities.reconciliation.cases import CaseReconciliation
from activities.store.inbox import Inbox
from activities.store.migrate import migrate
from activities.store.named_queries import query
from activities.store.notifications import Deliveries, Outbox
from activities.store.partitions import AHEAD, make_ahead
from activities.store.pool import Connection, Pool, open_pool
from tests.activities.conftest import Databases
from tests.activities.store.moving import Moving, postings
from tests.activities.store.test_inbox import received
from tests.activities.store.test_ledger_guards import REFUSED, ROLE
from tests.activities.world import BUYER, SELLER, World, agreed, burst, shipped, withdrawn
from workflows.complaint.domain.filing import Request
from workflows.money.amount import Money
from workflows.policy.loading import packaged
from workflows.upkeep.tasks import Look
from workflows.vocabulary import Remedy

NOVEMBER, DECEMBER, LATER = "C20261118-AAAAAAAAAA", "C20261201-BBBBBBBBBB", "C20290102-CCCCCCCCCC"
GOODS_BACK = Request(remedy=Remedy.RETURN_REFUND, amount=Money(amount=29900))
MONTHS = date(2026, 11, 5), 2
"""The months in which the complaints of these tests are filed, whatever month it is now; but for the later one."""

_PARTITIONS = """
SELECT parent.relname AS of, part.relname AS name, part.oid
FROM pg_inherits i JOIN pg_class parent ON parent.oid = i.inhparent JOIN pg_class part ON part.oid = i.inhrelid
WHERE parent.relkind = 'p' ORDER BY parent.oid, part.relname
"""


@pytest.fixture
async def book(databases: Databases) -> AsyncIterator[Pool]:
    """A system of record with partitions for November and December, among others."""
    async with databases.fresh() as url:
        await migrate(url)
        pool = await open_pool(url)
        await made(pool, *MONTHS)
        yield pool
        await pool.close()


@pytest.fixture
def here(book: Pool) -> World:
    return World(book)


async def made(on: Pool | Connection, day: date, months: int) -> dict[str, bool]:
    return {row["partition"]: row["made"] for row in await on.fetch(query("make_partitions"), day, months)}


async def partitions(on: Pool) -> dict[str, list[str]]:
    """Return the partitions of each table, by what they are called after it."""
    found: dict[str, list[str]] = {}
    for row in await on.fetch(_PARTITIONS):
        found.setdefault(row["of"], []).append(row["name"].removeprefix(row["of"]))
    return found


async def where(on: Pool, table: str, complaint: str) -> set[str]:
    """Return the partitions that a complaint's rows of a table are in."""
    column = "key" if table in {"notices", "deliveries"} else "complaint"
    rows = await on.fetch(
        f"SELECT DISTINCT tableoid::regclass::text AS name FROM {table} WHERE starts_with({column}, $1)",  # noqa: S608
        complaint,
    )
    return {row["name"] for row in rows}


async def filled(world: World, complaint: str) -> None:
    """Give a complaint at least a row in every table that has partitions."""
    world.subscribers.add("erp", SELLER, "https://partner.example/hook")
    case = await world.opened(complaint=complaint, request=GOODS_BACK)
    await world.record(burst(case, shipped(agreed(case), f"SF{complaint[-10:]}")))
    money = Moving(world.pool, complaint)
    await money.settled("compensation", 100)
    await money.settled("advance", 100)
    await Inbox(world.pool).keep(received(f"of-{complaint}", complaint=complaint))
    key = f"{complaint}:1:filed:buyer:b-1"
    delivery = Delivery(key=key, complaint=complaint, event="filed", to=BUYER, locale="zh", subject="s", text="t")
    await Outbox(world.pool).put(delivery)
    await Deliveries(world.pool).claim(key, "in_app", repeatable=True)
    await world.pool.execute(
        "INSERT INTO late_messages VALUES ($1, 'm-late', 1, 'noted', 'buyer', 'b-1', '{}')", complaint
    )
    await world.pool.execute(query("keep_contradiction"), complaint, f"{complaint}:refund:9", "settled", "unknown", "?")


# ------------------------------------------------------------------------------------------------ where a row is kept


async def test_all_that_is_kept_of_a_complaint_is_kept_in_its_month(here: World) -> None:
    for complaint, month in ((NOVEMBER, "_202611"), (DECEMBER, "_202612"), (LATER, "_other")):
        await filled(here, complaint)
        for table in await partitions(here.pool):
            assert await where(here.pool, table, complaint) == {table + month}


ASKED = [
    ("opening", "{c}"),
    ("timeline_of", "{c}"),
    ("ended_of", "{c}"),
    ("states_of_movements", "{c}"),
    ("contradictions_of", "{c}"),
    ("advance_of", "{c}"),
    ("filing_in_inbox", "{c}"),
    ("end_of", "{c}"),
    ("movement", "{c}:refund:1"),
    ("request_movement", "{c}:refund:1"),
    ("refuse_movement", "{c}:refund:1", "no"),
    ("settled_after_all", "{c}:refund:1"),
    ("heads_of", "{c}", 10, 3),
    ("answer_received", "{c}", 3, "answered", "{}"),
    ("deliveries_of", "{c}:1:filed:buyer:b-1"),
    ("mark_read", "buyer:b-1", ["{c}:1:filed:buyer:b-1"]),
    ("streams_running", "{c}"),
    ("next_event", "erp", "{c}"),
    ("event_delivered", "{c}", "evt_1"),
    ("parcels_over", "{c}", "[]"),
    ("parcel_doubted", "{c}", 7),
    ("ledger_entries", "{c}", None, None),
]
"""What is asked for every message and payment, and of what complaint."""


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked[0])
async def test_who_asks_for_one_complaint_touches_one_partition(
    twelve: Pool, asked: tuple[str, *tuple[object]]
) -> None:
    name, *given = json.loads(json.dumps(asked).replace("{c}", NOVEMBER))
    plan = "\n".join(row[0] for row in await twelve.fetch(f"EXPLAIN {query(name)}", *given))
    touched = set(re.findall(r" on \w+?_(\d{6}|other)\b", plan))
    assert touched == {"202611"}, plan


@pytest.fixture(scope="module")
async def twelve(databases: Databases) -> AsyncIterator[Pool]:
    """A system of record that is a year old."""
    async with databases.fresh() as url:
        await migrate(url)
        pool = await open_pool(url, most=1)
        await made(pool, date(2026, 6, 1), 12)
        yield pool
        await pool.close()


# ----------------------------------------------------------------------------------------- what a partition refuses


BY_NAME = [
    "UPDATE steps_{m} SET rule = 'another'",
    "DELETE FROM steps_{m}",
    "TRUNCATE steps_{m} CASCADE",
    "UPDATE ended_{m} SET how = 'met'",
    "TRUNCATE ended_{m}",
    "DELETE FROM late_messages_{m}",
    "UPDATE contradictions_{m} SET text = ''",
    "DELETE FROM movements_{m}",
    "TRUNCATE movements_{m} CASCADE",
    "UPDATE movements_{m} SET amount_minor = amount_minor + 1",
    "UPDATE movements_{m} SET state = 'decided'",
    "UPDATE movements_{m} SET settled_at = now()",
    "INSERT INTO movement_states_{m} SELECT complaint, movement, 'reversed', at, actor, rule FROM movement_states_{m}",
    "DELETE FROM movement_states_{m}",
    "DELETE FROM transactions_{m}",
    "TRUNCATE transactions_{m} CASCADE",
    "INSERT INTO transactions_{m} (number, complaint, movement, kind, at) OVERRIDING SYSTEM VALUE "
    "SELECT number + 1000, complaint, movement, 'reversal', at FROM transactions_{m}",
    "INSERT INTO postings_{m} SELECT complaint, transaction, 'platform', -100 FROM transactions_{m} t "
    "JOIN postings_{m} p USING (complaint) WHERE p.transaction = t.number",
    "UPDATE postings_{m} SET amount_minor = amount_minor + 1",
    "DELETE FROM postings_{m}",
    "TRUNCATE postings_{m}",
    "UPDATE advances_{m} SET frozen_minor = frozen_minor + 1, advanced_minor = advanced_minor + 1",
    "DELETE FROM advances_{m}",
    "UPDATE complaints_{m} SET order_id = 'another'",
    "INSERT INTO complaints_{m} "
    """SELECT (jsonb_populate_record(c, '{"complaint": "C20261103-X"}')).* FROM complaints_{m} c""",
    "DELETE FROM complaints_{m}",
    "DELETE FROM inbox_{m}",
    "UPDATE inbox_{m} SET message = '{}'",
    "INSERT INTO inbox_{m} SELECT (jsonb_populate_record(i, '{\"number\": 9}')).* FROM inbox_{m} i",
    "DELETE FROM outbound_events_{m}",
]
"""What the guards of a table refuse, asked of its partition."""


async def at_once(connection: Connection, order: str) -> None:
    """Do it, and prove what is proven at the end of a transaction; nothing of it remains."""
    async with connection.transaction():
        await connection.execute(order)
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        raise AssertionError(f"taken: {order}")


@pytest.mark.parametrize("hand", ["the owner", "the application"])
async def test_what_a_table_refuses_its_partition_refuses_too(here: World, hand: str) -> None:
    await filled(here, NOVEMBER)
    async with here.pool.acquire() as connection:
        await connection.execute(ROLE.read_text(encoding="utf-8"))
        if hand == "the application":
            await connection.execute("SET ROLE redress_app")
        for order in BY_NAME:
            with pytest.raises(REFUSED):
                await at_once(connection, order.replace("{m}", "202611"))
        await connection.execute("RESET ROLE")


async def test_a_movement_that_is_moved_in_its_partition_is_posted(here: World) -> None:
    await filled(here, NOVEMBER)
    money = Moving(here.pool, NOVEMBER)
    key = await money.becomes(await money.decided("coupon", 200), "requested")
    await here.pool.execute("UPDATE movements_202611 SET state = 'settled' WHERE key = $1", key)
    assert sum((await postings(here.pool, key)).values()) == 0
    assert len(await postings(here.pool, key)) > 1


async def test_every_partition_has_the_triggers_of_its_table(book: Pool) -> None:
    triggers = "SELECT tgname FROM pg_trigger WHERE tgrelid = $1::text::regclass AND NOT tgisinternal ORDER BY tgname"
    for table, parts in (await partitions(book)).items():
        expected = await book.fetch(triggers, table)
        for part in parts:
            assert await book.fetch(triggers, table + part) == expected, table + part


async def test_the_role_of_workers_is_granted_nothing_on_a_partition_of_any_month(book: Pool) -> None:
    await book.execute(ROLE.read_text(encoding="utf-8"))
    async with book.acquire() as worker:
        await worker.execute("SET ROLE redress_app")
        assert set((await made(worker, date(2027, 8, 1), 1)).values()) == {True}, "who may not drop one may make one"
        for part in ("steps_202611", "steps_202708", "steps_other"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await worker.execute(f"SELECT * FROM {part}")  # noqa: S608 - names of our own
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await worker.execute("SELECT drop_empty_partitions('2026-01-01')")
        await worker.execute("RESET ROLE")


# ------------------------------------------------------------------------------------- what holds across all months


async def test_one_request_is_one_complaint_whatever_the_month(here: World) -> None:
    first = await here.opened(complaint=NOVEMBER, request_id="r-both")
    await here.record(burst(first, withdrawn(first)))
    again = await here.opened(complaint=DECEMBER, request_id="r-both", order_id=first.filing.order_id)
    assert again.complaint == DECEMBER
    rows = await here.pool.fetch("SELECT complaint, filed_as FROM complaints ORDER BY complaint")
    assert [tuple(row) for row in rows] == [(NOVEMBER, None), (DECEMBER, NOVEMBER)]
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await here.pool.execute(ANOTHER, NOVEMBER, json.dumps({"complaint": LATER, "order_id": "o-other"}))
    assert refused.value.constraint_name == "one_complaint_per_request"


async def test_one_line_and_problem_has_one_open_complaint_whatever_the_month(here: World) -> None:
    first = await here.opened(complaint=NOVEMBER)
    another: dict[str, str | None] = {"complaint": DECEMBER, "request_id": "r-december"}
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await here.pool.execute(ANOTHER, NOVEMBER, json.dumps(another))
    assert refused.value.constraint_name == "one_open_complaint_per_line_and_problem"
    refiled = await here.opened(
        complaint=LATER, order_id=first.filing.order_id, line=first.filing.line, problem=first.filing.problem
    )
    assert (refiled.outcome, refiled.phase) == ("refused", "closed"), "the open one is found, in whatever month it is"
    await here.record(burst(first, withdrawn(first)))
    assert await here.pool.fetchval("SELECT count(*) FROM open_lines") == 0
    open_again = another | {"phase": "review", "outcome": None, "closed_at": None}
    await here.pool.execute(ANOTHER, NOVEMBER, json.dumps(open_again))
    assert await here.pool.fetchval("SELECT complaint FROM open_lines") == DECEMBER
    reopened = "UPDATE complaints SET phase = 'review', outcome = NULL, closed_at = NULL WHERE complaint = $1"
    with pytest.raises(asyncpg.UniqueViolationError):
        await here.pool.execute(reopened, NOVEMBER)


async def test_a_request_of_a_client_is_accepted_once_whatever_the_month(book: Pool) -> None:
    inbox = Inbox(book)
    first = await inbox.keep(received("r-1", complaint=NOVEMBER))
    again = await inbox.keep(received("r-1", complaint=DECEMBER))
    other = await inbox.keep(received("r-1", complaint=DECEMBER, text="another"))
    assert [(one.how, one.row) for one in (again, other)] == [("repeated", first.row), ("conflicting", first.row)]
    for forged in ({"complaint": DECEMBER}, {"number": 77}, {"request": "r-2"}):
        with pytest.raises(asyncpg.UniqueViolationError):
            await book.execute(FORGED, json.dumps(forged))


@pytest.mark.parametrize("table", ["requests", "open_lines", "inbox_requests"])
async def test_the_places_are_taken_by_what_takes_them_and_by_nobody_else(here: World, table: str) -> None:
    await filled(here, NOVEMBER)
    for order in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"UPDATE {table} SET complaint = 'C'"):  # noqa: S608
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await here.pool.execute(order)


ANOTHER = "INSERT INTO complaints SELECT (jsonb_populate_record(c, $2::jsonb)).* FROM complaints c WHERE complaint = $1"
FORGED = "INSERT INTO inbox SELECT (jsonb_populate_record(i, $1::jsonb)).* FROM inbox i"


# ------------------------------------------------------------------------------------------- made ahead, and dropped


async def test_the_present_month_and_the_next_two_are_there_after_a_migration_and_after_each_sweep(empty: str) -> None:
    await migrate(empty)
    pool = await open_pool(empty)
    months = [row["to_char"] for row in await pool.fetch(_NEXT)]
    for parts in (await partitions(pool)).values():
        assert parts == [*months, "_other"]
    sweep = Look(sweep_at=datetime(2031, 12, 31, 17, tzinfo=UTC))  # in Beijing it is January
    await ActivityEnvironment().run(CaseReconciliation(pool, packaged()).end_sweep, sweep)
    for parts in (await partitions(pool)).values():
        assert parts == [*months, "_203201", "_203202", "_203203", "_other"]
    await pool.close()


_NEXT = """
SELECT to_char(date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') + make_interval(months => n), '_YYYYMM')
FROM generate_series(0, 2) AS n
"""


async def test_of_many_who_make_them_at_once_each_is_made_once_and_nobody_is_refused(book: Pool) -> None:
    tables = len(await partitions(book))
    said = await asyncio.gather(*(made(book, date(2027, 11, 30), AHEAD) for _ in range(6)))
    everything = [name for one in said for name, was_made in one.items() if was_made]
    assert len(everything) == len(set(everything)) == tables * AHEAD
    assert {name[-6:] for name in everything} == {"202711", "202712", "202801"}
    assert await made(book, date(2027, 11, 1), AHEAD) == {}, "what is there is left alone"


async def test_whoever_is_at_work_is_not_disturbed_and_the_partitions_come_later(book: Pool) -> None:
    when = datetime(2027, 5, 1, tzinfo=UTC)
    async with book.acquire() as working, working.transaction():
        await working.execute("SELECT * FROM postings")
        await make_ahead(book, when)
        assert await working.fetchval("SELECT to_regclass('steps_202705')") is None
        await working.execute("SELECT * FROM complaints")
    await make_ahead(book, when)
    assert await book.fetchval("SELECT to_regclass('steps_202705')") is not None


async def test_a_month_without_a_partition_is_filed_in_all_the_same_and_stays_where_it_was_filed(here: World) -> None:
    case = await here.opened(complaint=LATER)
    answer = await made(here.pool, date(2029, 1, 1), 2)
    assert not answer["complaints_202901"]
    assert not answer["steps_202901"]
    assert answer["complaints_202902"], "the next month is not held up"
    async with here.pool.acquire() as working, working.transaction():
        await working.execute("SELECT * FROM steps")
        again = await made(here.pool, date(2029, 1, 1), 2)
    assert again == dict.fromkeys(["complaints_202901", "steps_202901"], False), "said every time, and nobody waits"
    await here.record(burst(case, agreed(case)))
    assert await where(here.pool, "steps", LATER) == {"steps_other"}
    assert await where(here.pool, "movements", LATER) == {"movements_202901"}
    money = Moving(here.pool, LATER)
    assert sum((await postings(here.pool, await money.settled("compensation", 100))).values()) == 0


async def test_a_row_that_comes_in_while_its_partition_is_made_stays_where_it_is(here: World) -> None:
    await here.opened(complaint=LATER)
    overlooked = "CREATE OR REPLACE FUNCTION is_elsewhere(parent regclass, month date) RETURNS boolean"
    await here.pool.execute(f"{overlooked} LANGUAGE sql AS 'SELECT false'")
    answer = await made(here.pool, date(2029, 1, 1), 1)
    assert {name for name, was_made in answer.items() if not was_made} == {"complaints_202901", "steps_202901"}


async def test_only_a_month_that_is_over_and_never_had_a_complaint_is_dropped(here: World) -> None:
    await made(here.pool, date(2020, 1, 1), 3)
    await here.opened(complaint="C20200215-AAAAAAAAAA")
    tables = len(await partitions(here.pool))
    drop = "SELECT drop_empty_partitions($1) AS name"
    assert await here.pool.fetch(drop, date(2020, 1, 31)) == [], "January is not over"
    dropped = [row["name"] for row in await here.pool.fetch(drop, date(2020, 3, 1))]
    assert len(dropped) == tables
    assert {name[-6:] for name in dropped} == {"202001"}, "one row in two tables keeps all of February"
    before = await partitions(here.pool)
    assert {row["name"][-6:] for row in await here.pool.fetch(drop, date(9999, 1, 1))} >= {"202003"}
    left = await partitions(here.pool)
    assert all("_202002" in parts and "_other" in parts for parts in left.values())
    this_month, *_ = [row["to_char"] for row in await here.pool.fetch(_NEXT)]
    for table, parts in before.items():
        assert {part for part in parts if part >= this_month} <= set(left[table]), "neither this month nor one to come"
    assert await made(here.pool, date(2020, 1, 1), 1), "a month that was dropped can be made again"
