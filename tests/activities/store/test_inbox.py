"""The inbox: what it accepts it keeps, once for good, in order, and nobody who asks for it misses any of it (R7.4)."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

from activities.store.inbox import PAGE, Inbox
from activities.store.named_queries import query
from activities.store.pool import Pool
from tests.engine.attacker import until
from workflows.inbox import FILING, Received
from workflows.parties import Party
from workflows.vocabulary import Role

_C, _OTHER = "C20261122-AAAAAAAAAA", "C20261122-BBBBBBBBBB"
_SELLER = Party(role=Role.SELLER, id="s-9")
_HEARD = {"accepted": True, "message_id": "m", "phase": "review", "steps": 3}


@pytest.fixture
def inbox(pool: Pool) -> Inbox:
    return Inbox(pool)


def received(request: str | None = None, text: str = "好", complaint: str = _C, **changes: Any) -> Received:
    """Word what a seller's system sends: a note of its own."""
    message = {"kind": "noted", "message_id": request or "m-1", "sender": {"role": "seller", "id": "s-9"}, "text": text}
    given: dict[str, Any] = {
        "client": "shop-9-erp",
        "request": request or uuid.uuid4().hex,
        "digest": sha256(text.encode()).hexdigest(),
        "complaint": complaint,
        "kind": "noted",
        "message": message,
        "sender": _SELLER,
    }
    return Received(**{**given, **changes})


async def test_what_is_accepted_is_committed_and_stamped_by_the_clock_of_the_database(inbox: Inbox, pool: Pool) -> None:
    before = await pool.fetchval("SELECT clock_timestamp()")
    kept = await inbox.keep(received("r-1"))
    assert kept.how == "accepted"
    assert kept.row.state == "accepted"
    assert before <= kept.row.accepted_at <= await pool.fetchval("SELECT clock_timestamp()")
    assert kept.row.received_at == kept.row.accepted_at
    assert kept.row.stamped["received_at"] == kept.row.accepted_at.isoformat()
    assert "received_at" not in kept.row.message
    assert await inbox.by_request("shop-9-erp", "r-1") == kept.row


async def test_where_time_is_let_pass_by_hand_nothing_is_stamped(inbox: Inbox) -> None:
    kept = await inbox.keep(received("r-1"), stamp=False)
    assert kept.row.received_at is None
    assert "received_at" not in kept.row.stamped
    page = await inbox.undelivered(_C, datetime(2020, 1, 1, tzinfo=UTC))
    assert page.rows == (kept.row,), "what has no stamp belongs to whoever asks"


async def test_a_request_is_accepted_once_for_good(inbox: Inbox) -> None:
    first = await inbox.keep(received("r-1"))
    again, other = await inbox.keep(received("r-1")), await inbox.keep(received("r-1", text="不好"))
    assert (again.how, again.row) == ("repeated", first.row)
    assert (other.how, other.row) == ("conflicting", first.row)
    elsewhere = await inbox.keep(received("r-1", client="buyer-app"))
    assert elsewhere.how == "accepted", "the ids of one client are not those of another"
    await inbox.answered(first.row, _HEARD)
    late = await inbox.keep(received("r-1"))
    assert (late.how, late.row.state, late.row.answer) == ("repeated", "answered", _HEARD)


async def test_of_many_who_send_one_request_at_once_one_is_accepted(inbox: Inbox) -> None:
    kept = await asyncio.gather(*(inbox.keep(received("r-1")) for _ in range(20)))
    assert sorted(one.how for one in kept) == ["accepted", *["repeated"] * 19]
    assert len({one.row.number for one in kept}) == 1


async def test_the_first_answer_stands_and_nothing_of_a_request_changes(inbox: Inbox, pool: Pool) -> None:
    row = (await inbox.keep(received("r-1"))).row
    await inbox.answered(row, _HEARD)
    await inbox.parked(row, {"accepted": False})
    now = await inbox.by_request(row.client, row.request)
    assert now is not None
    assert (now.state, now.answer) == ("answered", _HEARD)
    fresh = (await inbox.keep(received("r-2"))).row
    for change in (
        "UPDATE inbox SET message = '{}' WHERE number = $1",
        "UPDATE inbox SET received_at = now() WHERE number = $1",
        "UPDATE inbox SET state = 'parked', answer = '{}', answered_at = now(), complaint = 'C' WHERE number = $1",
        "DELETE FROM inbox WHERE number = $1",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await pool.execute(change, fresh.number)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await pool.execute("UPDATE inbox SET state = 'accepted', answer = NULL, answered_at = NULL WHERE number = $1",
                           row.number)  # fmt: skip


async def test_a_filing_is_found_by_its_request_and_by_its_number(inbox: Inbox) -> None:
    filing = {"request_id": "app-1", "order_id": "o-1"}
    row = (await inbox.keep(received(kind=FILING, message=filing))).row
    assert await inbox.filed("app-1") == row
    assert await inbox.filed("app-2") is None
    assert await inbox.filing_of(_C) == row
    assert await inbox.filing_of(_OTHER) is None
    page = await inbox.undelivered(_C, row.accepted_at + timedelta(days=1))
    assert page.rows == (), "a filing is started, not heard"


# -- asking for what it holds ---------------------------------------------------------------------------------------


async def test_a_complaint_is_given_what_came_in_by_then_in_order_and_no_more(inbox: Inbox) -> None:
    rows = [(await inbox.keep(received(f"r-{number}"))).row for number in range(4)]
    await inbox.keep(received("r-other", complaint=_OTHER))
    await inbox.answered(rows[0], _HEARD)
    page = await inbox.undelivered(_C, rows[2].accepted_at)
    assert ([row.request for row in page.rows], page.more) == (["r-1", "r-2"], False), "at the instant is in time"
    assert (await inbox.undelivered(_C, rows[2].accepted_at, after=rows[2].number)).rows == ()


@pytest.mark.parametrize(("size", "pages"), [(10, [PAGE, PAGE, 7]), (240_000, [4] * 26 + [3])])
async def test_pages_are_bounded_and_leave_nothing_out(inbox: Inbox, size: int, pages: list[int]) -> None:
    number = sum(pages)
    kept = [(await inbox.keep(received(f"r-{one}", text="x" * size))).row.number for one in range(number)]
    found: list[list[int]] = []
    after, more = None, True
    while more:
        page = await inbox.undelivered(_C, datetime.now(UTC) + timedelta(minutes=1), after)
        found.append([row.number for row in page.rows])
        after, more = page.rows[-1].number, page.more
    assert [len(one) for one in found] == pages
    assert [one for page in found for one in page] == kept


async def test_whoever_asks_again_and_again_from_where_he_left_off_misses_nothing(inbox: Inbox) -> None:
    over = asyncio.get_running_loop().time() + 2.0
    kept: list[int] = []
    found: list[int] = []

    async def keeping() -> None:
        while asyncio.get_running_loop().time() < over:
            kept.append((await inbox.keep(received())).row.number)

    async def asking(*, beyond: float) -> None:
        more = False
        while more or asyncio.get_running_loop().time() < beyond:
            page = await inbox.undelivered(_C, datetime(2100, 1, 1, tzinfo=UTC), found[-1] if found else None)
            found.extend(row.number for row in page.rows)
            more = page.more

    await asyncio.gather(*(keeping() for _ in range(6)), asking(beyond=over))
    await asking(beyond=asyncio.get_running_loop().time() + 0.1)
    assert len(kept) > 100
    assert sorted(found) == sorted(kept)


async def test_what_is_kept_while_somebody_asks_is_stamped_later_than_his_clock(inbox: Inbox, pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(query("lock_inbox"), _C)
        keeping = asyncio.create_task(inbox.keep(received("r-1")))
        await until(lambda: _waits_for_a_lock(pool), what="the message to wait")
        clock = await connection.fetchval(query("clock"))
    assert (await keeping).row.accepted_at > clock


async def test_whoever_asks_waits_for_a_message_that_is_stamped_and_not_yet_committed(inbox: Inbox, pool: Pool) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        one = received("r-1")
        row = await connection.fetchrow(
            query("keep_received"), one.client, one.request, one.digest, one.complaint, one.kind, one.sender.role,
            one.sender.id, "{}", True,
        )  # fmt: skip
        assert row is not None
        asking = asyncio.create_task(inbox.undelivered(_C, row["received_at"]))
        await until(lambda: _waits_for_a_lock(pool), what="whoever asks to wait")
        assert not asking.done()
        await transaction.commit()
    assert [found.number for found in (await asking).rows] == [row["number"]]


async def _waits_for_a_lock(pool: Pool) -> bool:
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(await pool.fetchval(sessions))


# -- turns ----------------------------------------------------------------------------------------------------------

_LEASE = timedelta(seconds=30)


async def test_a_turn_is_taken_by_one_and_can_be_taken_again_when_it_is_over(inbox: Inbox) -> None:
    for number in range(3):
        await inbox.keep(received(f"r-{number}"))
    await inbox.keep(received("r-other", complaint=_OTHER))
    turns = await asyncio.gather(*(inbox.take(1, _LEASE) for _ in range(5)))
    taken = [one for turn in turns for one in turn]
    assert sorted(taken) == sorted(set(taken)), "nobody's turn is taken twice"
    taken += await inbox.take(5, _LEASE)
    assert sorted(taken) == [_C, _OTHER]
    assert await inbox.take(5, _LEASE) == ()
    await inbox.turn_over(_C)
    assert await inbox.take(5, _LEASE) == (_C,)


async def test_the_turn_of_a_relay_that_died_can_be_taken_after_its_lease(inbox: Inbox) -> None:
    await inbox.keep(received("r-1"))
    assert await inbox.take(1, timedelta(0)) == (_C,)
    assert await inbox.take(1, _LEASE) == (_C,)
    assert await inbox.take(1, _LEASE) == ()


async def test_everybody_comes_before_anybody_comes_twice_and_a_flood_for_one_takes_one_turn(inbox: Inbox) -> None:
    for number in range(40):
        await inbox.keep(received(f"r-{number}"))
    others = [f"C20261122-{number:010d}" for number in range(1, 10)]
    for complaint in others:
        await inbox.keep(received(complaint=complaint))
    taken: list[str] = []
    while found := await inbox.take(1, _LEASE, taken[-1] if taken else ""):
        taken += found
        await inbox.turn_over(found[0])
    assert taken == [*others, _C]


async def test_who_rests_is_not_taken_and_says_why(inbox: Inbox, pool: Pool) -> None:
    await inbox.keep(received("r-1"))
    assert await inbox.take(1, _LEASE) == (_C,)
    await inbox.postponed(_C, "Temporal does not answer", timedelta(hours=1), timedelta(hours=1))
    assert await inbox.take(1, _LEASE) == ()
    row = await pool.fetchrow("SELECT tries, why FROM inbox_turns")
    assert tuple(row or ()) == (1, "Temporal does not answer")
    await inbox.postponed(_C, "Temporal does not answer", timedelta(hours=1), timedelta(0))
    assert await inbox.take(1, _LEASE) == (_C,), "never longer than the longest"
