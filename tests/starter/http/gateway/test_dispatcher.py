"""The relay: in order, once each, side by side and fair, and again until it is answered. The inbox is real."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from temporalio.common import RawValue

from activities.store.inbox import Inbox, InboxRow
from activities.store.pool import Pool
from starter.client.errors import NotFound, Unreachable
from starter.client.results import FilingResult
from starter.client.temporal_calls import NoWorker
from starter.http.gateway.dispatcher import BATCH, InboxDispatcher
from starter.http.gateway.signed_requests import as_raw
from tests.activities.store.test_inbox import received
from tests.activities.world import a_registration
from tests.engine.attacker import until
from workflows.answers import Answer, Code, Receipt, Refusal
from workflows.complaint.decoding import Unreadable, read_message
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import Message
from workflows.inbox import FILING
from workflows.vocabulary import Phase

_C = "C20261122-FLOOD00000"
Trouble = Callable[[str], Exception | Answer | None]


class Complaints:
    """Complaints that write down what they are told; `trouble` says what stands in the way of the next one."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.stamps: list[bool] = []
        self.opened: dict[str, str | None] = {}
        self.trouble: Trouble = lambda _: None

    async def open(self, filing: Filing, *, number: str, received_at: str | None) -> FilingResult:
        del filing
        await asyncio.sleep(0)
        self._stand_in_the_way(number)
        self.heard.append((number, FILING))
        self.opened[number] = received_at
        return FilingResult(complaint=number, state="registered")

    async def tell(self, complaint: str, message: Message) -> Answer:
        await asyncio.sleep(0)
        if answer := self._stand_in_the_way(complaint):
            return answer
        self.heard.append((complaint, message.message_id))
        self.stamps.append(message.received_at is not None)
        return Receipt(message_id=message.message_id, phase=Phase.REVIEW, steps=len(self.heard))

    def _stand_in_the_way(self, complaint: str) -> Answer | None:
        trouble = self.trouble(complaint)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@asynccontextmanager
async def relays(pool: Pool, complaints: Complaints, number: int = 1, **settings: timedelta) -> AsyncIterator[Inbox]:
    """Let so many relays run, as many gateways would; gives the inbox that wakes the first."""
    arrived = [asyncio.Event() for _ in range(number)]
    running = [asyncio.create_task(InboxDispatcher(Inbox(pool), complaints, one, **settings).run()) for one in arrived]
    try:
        yield Inbox(pool, arrived[0].set)
    finally:
        for one in running:
            one.cancel()
        for ended in await asyncio.gather(*running, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended


async def delivered(pool: Pool, *states: str) -> None:
    """Wait until everything has been answered, or parked."""
    wanted = states or ("answered",)

    async def all_of_it() -> bool:
        return bool(await pool.fetchval("SELECT bool_and(state = ANY ($1)) FROM inbox", list(wanted)))

    await until(all_of_it, what=f"everything {wanted}")


async def keep(inbox: Inbox, complaint: str, request: str) -> InboxRow:
    return (await inbox.keep(received(request, complaint=complaint))).row


async def test_what_is_kept_is_delivered_at_once_with_its_stamp_and_its_answer_written_down(
    pool: Pool, complaints: Complaints
) -> None:
    async with relays(pool, complaints) as inbox:
        await inbox.keep(received("r-1", complaint=_C))
        await delivered(pool)
    assert complaints.heard == [(_C, "r-1")]
    assert complaints.stamps == [True]
    row = await inbox.by_request("shop-9-erp", "r-1")
    assert row is not None
    assert (row.state, row.answer) == (
        "answered",
        {"accepted": True, "message_id": "r-1", "phase": "review", "steps": 1},
    )
    assert await pool.fetchval("SELECT count(*) FROM inbox_turns") == 0


async def test_several_relays_deliver_each_message_once_and_those_of_a_complaint_in_order(
    pool: Pool, complaints: Complaints
) -> None:
    numbers = [f"C20261122-{number:010d}" for number in range(12)]
    async with relays(pool, complaints, 3) as inbox:
        for lap in range(15):
            await asyncio.gather(*(keep(inbox, number, f"{number}-{lap:02d}") for number in numbers))
        await delivered(pool)
    assert set(Counter(complaints.heard).values()) == {1}
    for number in numbers:
        assert [one for of, one in complaints.heard if of == number] == [f"{number}-{lap:02d}" for lap in range(15)]


async def test_a_flood_for_one_does_not_hold_up_the_others(pool: Pool, complaints: Complaints) -> None:
    inbox = Inbox(pool)
    for number in range(300):
        await keep(inbox, _C, f"flood-{number:03d}")
    others = [f"C20261122-{number:010d}" for number in range(40)]
    for other in others:
        await keep(inbox, other, f"only-{other}")
    async with relays(pool, complaints):
        await delivered(pool)
    last = max(complaints.heard.index((other, f"only-{other}")) for other in others)
    before = sum(one[0] == _C for one in complaints.heard[:last])
    assert before <= 3 * BATCH, f"{before} of the flood came before the last of the others"
    assert [one for of, one in complaints.heard if of == _C] == [f"flood-{number:03d}" for number in range(300)]


async def test_while_temporal_is_away_it_waits_and_then_goes_on(pool: Pool, complaints: Complaints) -> None:
    tried: list[str] = []

    def away(complaint: str) -> Exception | None:
        tried.append(complaint)
        return Unreachable("Temporal does not answer") if len(tried) <= 3 else None

    complaints.trouble = away
    async with relays(pool, complaints) as inbox:
        for number in range(3):
            await keep(inbox, _C, f"r-{number}")
        await until(lambda: _says(pool, _C, "Temporal does not answer"), what="the reason")
        await delivered(pool)
    assert [one for _, one in complaints.heard] == ["r-0", "r-1", "r-2"]
    assert len(tried) == 6, "each failure costs one try, not one for every message"


async def _says(pool: Pool, complaint: str, why: str) -> bool:
    return bool(await pool.fetchval("SELECT why = $2 FROM inbox_turns WHERE complaint = $1", complaint, why))


@pytest.mark.parametrize(
    "trouble",
    [
        NoWorker("nobody works"),
        TimeoutError("no connection in time"),
        ValueError("personal"),
        Refusal(code=Code.NOT_NOW, rule="R7.1", phase=Phase.REVIEW, text="not now"),
    ],
    ids=["nobody", "no database", "a bug", "a refusal"],
)
async def test_the_trouble_of_one_complaint_is_not_the_others(
    pool: Pool, complaints: Complaints, trouble: Exception | Answer
) -> None:
    complaints.trouble = lambda complaint: trouble if complaint == _C else None
    others = [f"C20261122-{number:010d}" for number in range(30)]
    with capture_logs() as lines:
        await _delivered_to(pool, complaints, others, trouble)
    of_ours = [line for line in lines if line["event"] == "a fault of ours"]
    assert bool(of_ours) == isinstance(trouble, ValueError)
    if of_ours:
        line = of_ours[0]
        assert (line["reason"], line["log_level"]) == ("ValueError", "error")
        assert "test_dispatcher.py" in line["where"]
    assert "personal" not in str(lines)


async def _delivered_to(pool: Pool, complaints: Complaints, others: list[str], trouble: Exception | Answer) -> None:
    async with relays(pool, complaints) as inbox:
        await asyncio.gather(*(keep(inbox, number, f"r-{number}") for number in (_C, *others)))
        await until(lambda: _answered(pool, len(others)), what="the others")
        if isinstance(trouble, Exception):
            await until(lambda: _rests(pool), what="the one to rest")
            assert (await inbox.heads(_C, 1))[0].state == "accepted"
            assert "personal" not in await pool.fetchval("SELECT why FROM inbox_turns WHERE complaint = $1", _C)
            complaints.trouble = lambda _: None
        await delivered(pool)
    assert (_C, f"r-{_C}") in complaints.heard or not isinstance(trouble, Exception)


async def _answered(pool: Pool, number: int) -> bool:
    return bool(await pool.fetchval("SELECT count(*) >= $1 FROM inbox WHERE state = 'answered'", number))


async def _rests(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT tries > 0 FROM inbox_turns WHERE complaint = $1", _C))


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Refusal(code=Code.CLOSED, rule="R10.4", phase=Phase.CLOSED, text="it has ended"), "closed"),
        (NotFound("there is no complaint C: check the number"), "unknown_reference"),
    ],
    ids=["closed", "unknown"],
)
async def test_what_no_complaint_can_hear_any_more_is_parked_with_its_answer(
    pool: Pool, complaints: Complaints, trouble: Exception | Answer, code: str
) -> None:
    complaints.trouble = lambda _: trouble
    async with relays(pool, complaints) as inbox:
        await keep(inbox, _C, "r-1")
        await delivered(pool, "parked")
    row = await inbox.by_request("shop-9-erp", "r-1")
    assert row is not None
    assert row.answer is not None
    assert (row.answer["accepted"], row.answer["code"]) == (False, code)


async def test_a_filing_goes_before_its_messages_and_brings_along_when_it_was_received(
    pool: Pool, complaints: Complaints
) -> None:
    tried: list[str] = []

    def slow(complaint: str) -> Exception | None:
        tried.append(complaint)
        return NoWorker("it is being registered") if len(tried) == 1 else None

    complaints.trouble = slow
    filing = a_registration().filing.model_dump(mode="json", exclude_none=True)
    async with relays(pool, complaints) as inbox:
        row = (await inbox.keep(received("f-1", complaint=_C, kind=FILING, message=filing))).row
        await keep(inbox, _C, "r-1")
        await delivered(pool)
    assert complaints.heard == [(_C, FILING), (_C, "r-1")]
    assert row.received_at is not None
    assert complaints.opened == {_C: row.received_at.isoformat()}
    answered = await inbox.by_request("shop-9-erp", "f-1")
    assert answered is not None
    assert (answered.answer or {})["state"] == "registered"


async def test_a_relay_that_is_stopped_gives_its_turns_back(pool: Pool, complaints: Complaints) -> None:
    begun = asyncio.Event()

    class Slow(Complaints):
        async def tell(self, complaint: str, message: Message) -> Answer:
            begun.set()
            await asyncio.Event().wait()
            return await super().tell(complaint, message)

    async with relays(pool, Slow()) as inbox:
        await keep(inbox, _C, "r-1")
        async with asyncio.timeout(10):
            await begun.wait()
    async with relays(pool, complaints) as inbox, asyncio.timeout(15):
        await delivered(pool)
    assert complaints.heard == [(_C, "r-1")]


# -- what another release has accepted ------------------------------------------------------------------------------


async def _newer(inbox: Inbox, request: str) -> None:
    said = {"kind": "haggled", "message_id": request, "sender": {"role": "seller", "id": "s-9"}}
    await inbox.keep(received(request, complaint=_C, kind="haggled", message=said))


async def _rests_for(pool: Pool, kind: str) -> bool:
    sql = "SELECT why LIKE $2 || ': accepted by a release that reads it%' FROM inbox_turns WHERE complaint = $1"
    return bool(await pool.fetchval(sql, _C, kind))


def _reads(kinds: set[str]) -> Callable[..., Message | Unreadable]:
    """Return the decoder of a release that knows those kinds, too."""

    def understood(name: str | None, arguments: Sequence[RawValue]) -> Message | Unreadable:
        said = json.loads(arguments[0].payload.data)
        return read_message(
            name, [as_raw(said | {"kind": "noted", "text": "x"})] if said["kind"] in kinds else arguments
        )

    return understood


async def test_while_gateways_change_order_waits_for_the_release_that_can_read_and_others_do_not(
    pool: Pool, complaints: Complaints, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with relays(pool, complaints) as inbox:
        await _newer(inbox, "h-1")
        await keep(inbox, _C, "r-1")
        await keep(inbox, "C20261122-OTHER00000", "r-2")
        await until(lambda: _rests_for(pool, "haggled"), what="the one that cannot be read to rest")
        await until(lambda: _answered(pool, 1), what="the other complaint")
        assert complaints.heard == [("C20261122-OTHER00000", "r-2")]
        monkeypatch.setattr("starter.http.gateway.dispatcher.read_message", _reads({"haggled"}))
        await delivered(pool)
    assert complaints.heard[1:] == [(_C, "h-1"), (_C, "r-1")]


async def test_when_no_such_release_comes_it_is_passed_over_and_kept_until_one_does(
    pool: Pool, complaints: Complaints, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(BATCH + 2):
        await _newer(Inbox(pool), f"h-{number:02d}")
    async with relays(pool, complaints, undecodable_for=timedelta()) as inbox:
        await keep(inbox, _C, "r-1")
        await keep(inbox, _C, "r-2")
        await until(lambda: _answered(pool, 2), what="those that can be read")
        await until(lambda: _rests_for(pool, "haggled"), what="the rest to be named")
        assert complaints.heard == [(_C, "r-1"), (_C, "r-2")]
        assert len(await inbox.heads(_C, 100)) == BATCH + 2, "nothing is lost"
        monkeypatch.setattr("starter.http.gateway.dispatcher.read_message", _reads({"haggled"}))
        await delivered(pool)
    assert [one for _, one in complaints.heard[2:]] == [f"h-{number:02d}" for number in range(BATCH + 2)]


async def test_what_can_be_read_does_not_rest_for_what_cannot(
    pool: Pool, complaints: Complaints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.http.gateway.dispatcher._RETRY_DELAY", timedelta(hours=1))
    monkeypatch.setattr("starter.http.gateway.dispatcher._LONGEST_RETRY_DELAY", timedelta(hours=1))
    await _newer(Inbox(pool), "h-1")
    for number in range(3 * BATCH):
        await keep(Inbox(pool), _C, f"r-{number:02d}")
    async with relays(pool, complaints, undecodable_for=timedelta()):
        await until(lambda: _answered(pool, 3 * BATCH), what="all that can be read")


async def test_nothing_goes_before_a_filing_that_cannot_be_read(pool: Pool, complaints: Complaints) -> None:
    filing = a_registration().filing.model_dump(mode="json", exclude_none=True) | {"mood": "calm"}
    async with relays(pool, complaints, undecodable_for=timedelta()) as inbox:
        await inbox.keep(received("f-1", complaint=_C, kind=FILING, message=filing))
        await keep(inbox, _C, "r-1")
        await until(lambda: _rests_for(pool, FILING), what="the filing to rest")
    assert complaints.heard == []
