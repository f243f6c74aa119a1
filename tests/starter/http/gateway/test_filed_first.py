"""Who files first under a request has it, whichever door the others come through; nobody is told of another's."""

import asyncio
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from activities.store.case_files import CaseFiles
from activities.store.inbox import Inbox
from activities.store.pool import Pool
from starter.client.complaints import Complaints
from starter.client.record import Record
from starter.http.gateway.dispatcher import InboxDispatcher
from tests.activities.store.test_inbox import received
from tests.activities.world import World, a_registration
from tests.starter.http.gateway.test_dispatcher import delivered
from workflows.answers import Code
from workflows.complaint.domain.filing import Filing
from workflows.inbox import FILING, Received
from workflows.parties import Party
from workflows.vocabulary import Role

_ME, _OTHER = Party(role=Role.BUYER, id="b-1"), Party(role=Role.BUYER, id="b-2")


def a_filing(by: Party, text: str = "颜色与页面不符") -> Filing:
    return a_registration().filing.but(request_id="app-1", filed_by=by, description=text)


def filed(by: Party, number: str = "C20261122-AAAAAAAAAA", **changes: Any) -> Received:
    message = a_filing(by).model_dump(mode="json", exclude_none=True)
    return received(complaint=number, kind=FILING, message=message, sender=by, **changes)


class Temporal:
    """A server that starts what it is asked to, and knows nothing else."""

    def __init__(self, *running: str) -> None:
        self.running, self.started = set(running), list[tuple[str, dict[str, Any], Any]]()

    async def start_workflow(self, _: str, filing: dict[str, Any], *, id: str, memo: Any, **__: Any) -> None:  # noqa: A002
        self.running.add(id)
        self.started.append((id, filing, memo))

    def get_workflow_handle(self, complaint: str) -> "_Handle":
        return _Handle(complaint in self.running)


class _Handle:
    def __init__(self, known: bool) -> None:
        self._known = known

    async def describe(self, **_: Any) -> Any:
        raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")

    async def query(self, *_: Any, **__: Any) -> Any:
        raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")


def doors(pool: Pool, temporal: Temporal) -> Complaints:
    return Complaints(temporal, Record(CaseFiles(pool), pool))  # type: ignore[arg-type]  # stands in for the client


async def test_of_many_who_file_under_one_request_at_once_one_has_it(pool: Pool) -> None:
    inbox = Inbox(pool)
    everybody = [Party(role=Role.BUYER, id=f"b-{number}") for number in range(20)]
    kept = await asyncio.gather(*(inbox.keep(filed(one)) for one in everybody))
    assert sorted(one.how for one in kept) == ["accepted", *["taken"] * 19]
    assert len({one.row.sender for one in kept}) == 1, "all are told of the one who was first"
    assert await pool.fetchval("SELECT count(*) FROM inbox") == 1


async def test_whoever_has_it_on_record_is_not_told_that_the_inbox_holds_another_for_it(pool: Pool) -> None:
    inbox = Inbox(pool)
    await inbox.keep(filed(_OTHER))  # came before the complaint was on record, and was refused when it was delivered
    assert (await inbox.keep(filed(_ME, request="r-2"))).how == "taken"
    assert (await inbox.keep(filed(_ME, request="r-2"), on_record=True)).how == "accepted"


async def test_whoever_files_again_has_the_number_of_the_first_time_whatever_the_day(pool: Pool) -> None:
    inbox = Inbox(pool)
    first = await inbox.keep(filed(_ME, request="r-1", digest="0" * 64))
    again = await inbox.keep(filed(_ME, request="r-1", digest="0" * 64))
    next_day = await inbox.keep(filed(_ME, "C20261123-AAAAAAAAAA", request="r-2"))
    assert [one.how for one in (first, again, next_day)] == ["accepted", "repeated", "accepted"]
    assert {one.row.complaint for one in (first, again, next_day)} == {"C20261122-AAAAAAAAAA"}


@pytest.mark.parametrize("by", [_ME, _OTHER], ids=["the same buyer", "another"])
async def test_a_command_files_what_waits_in_the_inbox_and_not_what_came_after(pool: Pool, by: Party) -> None:
    row = (await Inbox(pool).keep(filed(_ME))).row
    temporal = Temporal()
    opened = await doors(pool, temporal).file(a_filing(by, "later"))
    assert (opened.complaint, opened.known_before) == (row.complaint, True)
    ((number, filing, memo),) = temporal.started
    assert (number, filing) == (row.complaint, row.message)
    assert row.received_at is not None
    assert memo == {"received_at": row.received_at.isoformat()}, "an outage costs the buyer no time"


@pytest.mark.parametrize(
    ("by", "told"), [(_ME, "registered"), (_OTHER, str(Code.ALREADY_FILED))], ids=["the same buyer", "another"]
)
async def test_a_filing_that_was_accepted_under_somebody_elses_number_is_refused_and_says_so(
    pool: Pool, world: World, by: Party, told: str
) -> None:
    case = await world.opened()
    inbox = Inbox(pool)
    await inbox.keep(filed(by, case.complaint, request="f-1"))  # before it was on record that somebody has filed
    relay = asyncio.create_task(InboxDispatcher(inbox, doors(pool, Temporal(case.complaint)), asyncio.Event()).run())
    await delivered(pool)
    relay.cancel()
    await asyncio.wait([relay])
    row = await inbox.by_request("shop-9-erp", "f-1")
    assert row is not None
    assert row.answer is not None
    assert told in {row.answer.get("state"), row.answer.get("code")}
    if by == _OTHER:
        assert case.complaint not in str(row.answer)
