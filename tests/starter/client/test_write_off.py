"""The operations manager gives up a debt that outlived its complaint: once, in the book, and when it is old (R9.5)."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.store.late_messages import NotClosed
from activities.store.pool import Pool
from starter.client.late_messages import write_off_debt
from tests.activities.conftest import address, databases, pool, shared
from tests.activities.store.moving import Moving
from tests.activities.world import World, burst, withdrawn
from workflows.answers import Answer, Receipt, Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import DebtWrittenOff
from workflows.parties import Party
from workflows.vocabulary import Role

__all__ = ["address", "databases", "pool", "shared"]

OWED = 29900


@pytest.fixture
async def case(pool: Pool) -> Case:
    """A complaint that has ended, whose advance the buyer kept and nobody repaid."""
    world = World(pool)
    case = await world.opened()
    moving = Moving(pool, case.complaint)
    await moving.settled("advance", OWED)
    await moving.settled("unfreeze", OWED)
    await world.record(burst(case, withdrawn(case)))
    return case


NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=100)


def word(case: Case, number: str = "m-1", by: str = "o-1", movement: str = "advance:1") -> DebtWrittenOff:
    return DebtWrittenOff(
        kind="debt_written_off", message_id=number, sender=Party(role=Role.OPERATIONS_MANAGER, id=by),
        movement=f"{case.complaint}:{movement}", reason="商家已注销",
    )  # fmt: skip


async def told(pool: Pool, case: Case, message: DebtWrittenOff, at: datetime = LATER) -> Answer:
    answer = await write_off_debt(pool, case.complaint, message, at)
    assert answer is not None
    return answer


async def test_an_old_debt_is_written_off_once(pool: Pool, case: Case) -> None:
    first = await told(pool, case, word(case))
    assert isinstance(first, Receipt)
    assert await told(pool, case, word(case)) == first
    rows = await pool.fetch("SELECT key, state, amount_minor FROM movements WHERE purpose = 'write_off'")
    assert [tuple(row) for row in rows] == [(f"{case.complaint}:write_off:1", "settled", OWED)]
    assert await pool.fetchval("SELECT unfrozen_minor - repaid_minor FROM advances") == 0
    step = await pool.fetchrow("SELECT event, rule, amount_minor FROM steps WHERE number = $1", first.steps)
    assert step is not None
    assert tuple(step) == ("debt_written_off", "R9.5", OWED)
    assert await write_off_debt(pool, case.complaint, word(case, "m-2"), LATER) is None  # nothing is owed any more


async def test_a_young_debt_is_refused_with_the_day_from_which_it_may_be(pool: Pool, case: Case) -> None:
    answer = await told(pool, case, word(case), NOW)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.rule) == ("not_now", "R9.5")
    assert "tried for 90 days" in answer.text
    late = await pool.fetchval("SELECT count(*) FROM late_messages WHERE complaint = $1", case.complaint)
    assert late == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"by": "o-99"}, "wrong_sender"), ({"movement": "refund:1"}, "unknown_reference")],
    ids=["by nobody known", "a movement that leaves no debt"],
)
async def test_what_makes_no_sense_is_refused(pool: Pool, case: Case, changed: dict[str, str], code: str) -> None:
    answer = await told(pool, case, word(case, **changed))
    assert isinstance(answer, Refusal)
    assert answer.code == code


async def test_while_a_complaint_is_open_it_hears_for_itself(pool: Pool) -> None:
    case = await World(pool).opened()
    with pytest.raises(NotClosed):
        await write_off_debt(pool, case.complaint, word(case), LATER)
