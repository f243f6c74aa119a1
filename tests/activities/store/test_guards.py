"""What no code should ever do, PostgreSQL itself refuses."""

import asyncpg
import pytest

from activities.store.pool import Pool
from tests.activities.world import World, accepted, agreed, burst, withdrawn

MOVEMENT = """
INSERT INTO movements (key, complaint, purpose, payer_role, payer_id, payee_role, payee_id, amount_minor, rule,
    ordered_by_role, ordered_by_id, remark, state)
VALUES ($1 || ':refund:1', $1, 'refund', 'seller', 'sl-1', 'buyer', 'b-1', 100, 'R6.1', 'system', 'system', '', $2)
"""

ANOTHER = """
INSERT INTO complaints
SELECT (jsonb_populate_record(c, '{"complaint": "C-2", "request_id": "r-2", "phase": "review", "outcome": null,
    "closed_at": null}')).*
FROM complaints c WHERE complaint = $1
"""


@pytest.fixture
async def complaint(world: World) -> str:
    """A complaint with steps and ended deadlines."""
    case = await world.opened()
    await world.record(burst(case, accepted(case)))
    return case.complaint


@pytest.mark.parametrize("table", ["steps", "ended", "rulebooks"])
@pytest.mark.parametrize("order", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
async def test_what_is_written_is_never_changed_or_deleted(pool: Pool, complaint: str, table: str, order: str) -> None:
    assert complaint
    column = "kind" if table == "rulebooks" else "complaint"
    before = await pool.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of our own tables
    assert before > 0
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=rf"{table} is append-only|is append-only"):
        await pool.execute(order.format(table, column))
    assert await pool.fetchval(f"SELECT count(*) FROM {table}") == before  # noqa: S608


@pytest.mark.parametrize("state", ["settled", "failed", "reversed"])
async def test_a_movement_begins_as_decided_or_requested(pool: Pool, complaint: str, state: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=f"cannot begin as {state}"):
        await pool.execute(MOVEMENT, complaint, state)


@pytest.mark.parametrize(
    ("ways", "allowed"),
    [
        (("decided", "requested", "settled", "reversed"), True),
        (("decided", "failed"), True),
        (("requested", "failed"), True),
        (("decided", "settled"), False),
        (("requested", "decided"), False),
        (("requested", "reversed"), False),
        (("requested", "settled", "failed"), False),
        (("requested", "settled", "requested"), False),
        (("requested", "failed", "settled"), True),
        (("requested", "failed", "settled", "reversed"), True),
        (("requested", "failed", "settled", "failed"), False),
        (("decided", "failed", "requested"), False),
        (("requested", "failed", "requested"), False),
        (("requested", "settled", "reversed", "settled"), False),
    ],
)
async def test_a_movement_only_moves_on(pool: Pool, complaint: str, ways: tuple[str, ...], allowed: bool) -> None:
    await pool.execute(MOVEMENT, complaint, ways[0])
    for state in ways[1:-1]:
        await pool.execute("UPDATE movements SET state = $1", state)
    if allowed:
        await pool.execute("UPDATE movements SET state = $1", ways[-1])
    else:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=f"cannot become {ways[-1]}"):
            await pool.execute("UPDATE movements SET state = $1", ways[-1])


async def test_what_was_never_asked_for_does_not_settle_after_all(pool: Pool, complaint: str) -> None:
    await pool.execute(MOVEMENT, complaint, "decided")
    await pool.execute("UPDATE movements SET state = 'failed'")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="cannot settle after all: it was never asked"):
        await pool.execute("UPDATE movements SET state = 'settled'")


@pytest.mark.parametrize(
    "change",
    ["amount_minor = 999", "payer_id = 'sl-2'", "payee_role = 'seller'", "rule = 'R9.1'", "remark = 'other'"],
)
async def test_a_movement_keeps_its_parties_amount_and_rule(pool: Pool, complaint: str, change: str) -> None:
    await pool.execute(MOVEMENT, complaint, "requested")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="keeps its key, parties, amount"):
        await pool.execute(f"UPDATE movements SET {change}")  # noqa: S608 - a change of our own


async def test_a_movement_keeps_the_reference_of_its_provider_and_is_never_deleted(pool: Pool, complaint: str) -> None:
    await pool.execute(MOVEMENT, complaint, "requested")
    await pool.execute("UPDATE movements SET provider_reference = 'p-1'")
    for reference in ("'p-2'", "NULL"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="keeps the reference"):
            await pool.execute(f"UPDATE movements SET provider_reference = {reference}")  # noqa: S608
    for order in ("DELETE FROM movements", "TRUNCATE movements CASCADE"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await pool.execute(order)


@pytest.mark.parametrize("amount", [0, -1])
async def test_nothing_and_less_than_nothing_cannot_be_moved(pool: Pool, complaint: str, amount: int) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute(MOVEMENT.replace("100", str(amount)), complaint, "requested")


async def test_a_key_belongs_to_its_complaint_and_is_there_once(pool: Pool, complaint: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute(MOVEMENT.replace("$1 || ':refund:1'", "'C-other:refund:1'"), complaint, "requested")
    await pool.execute(MOVEMENT, complaint, "requested")
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute(MOVEMENT, complaint, "requested")


async def test_two_open_complaints_on_one_line_and_problem_are_refused(world: World) -> None:
    first = await world.opened(order_id="o-x")
    with pytest.raises(asyncpg.UniqueViolationError, match="one_open_complaint_per_line_and_problem"):
        await world.pool.execute(ANOTHER, first.complaint)
    await world.record(burst(first, withdrawn(first)))
    await world.pool.execute(ANOTHER, first.complaint)


@pytest.mark.parametrize("change", ["order_id = 'o-y'", "line = 2", "buyer_id = 'b-2'", "policy_version = '2099-01'"])
async def test_a_complaint_keeps_its_line_its_parties_and_its_policy(pool: Pool, complaint: str, change: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="keeps its number, order line, parties"):
        await pool.execute(f"UPDATE complaints SET {change} WHERE complaint = $1", complaint)  # noqa: S608 - our own


async def test_a_closed_complaint_has_an_outcome_and_a_time_of_its_end(world: World) -> None:
    case = await world.opened()
    for change in ("phase = 'closed'", "outcome = 'settled'", "closed_at = now()", "phase = 'closed', outcome = 'x'"):
        with pytest.raises(asyncpg.CheckViolationError):
            await world.pool.execute(f"UPDATE complaints SET {change}")  # noqa: S608 - a change of our own
    await world.record(burst(case, agreed(case)))
