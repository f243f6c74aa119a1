"""One message to many complaints: who is meant is written down, each hears it once, the reason is on record."""

import asyncio
import json
import os
import pty
import signal
import sys
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.store.case_files import CaseFiles, Wanted
from starter.bulk.broadcast import FILTERS, broadcast_message, parse_filters, select
from starter.client.complaints import Complaints
from starter.client.errors import Exit, WrongUse
from starter.client.filing_input import read_filing
from starter.client.record import Record
from tests import ROOT
from tests.conftest import Running
from tests.starter.cli.running import Ran, filing, order, ran
from workers.sandbox.shapes import SandboxOrder
from workflows.parties import Party
from workflows.vocabulary import Phase, Role

PAID = {"paid": {"amount": 29900, "currency": "CNY"}, "shipping_fee": {"amount": 0, "currency": "CNY"}}
AGENT = Party(role=Role.AGENT, id="a-1")
REASON = ("--reason", "系统升级通知")


class Shop:
    """A seller of one's own, so that `--where seller=…` means the complaints of one test."""

    def __init__(self, stack: Running, folder: Path) -> None:
        self.stack, self.seller = stack, f"shop-{uuid.uuid4().hex[:10]}"
        self.results_path = folder / "told.jsonl"
        self.files = Record(CaseFiles(stack.pool), stack.pool)
        self.client = Complaints(stack.client, self.files)

    async def has(self, number: int) -> list[str]:
        names = [f"{self.seller}-{uuid.uuid4().hex[:10]}" for _ in range(number)]
        orders = [order(name, seller_id=self.seller, **PAID) for name in names]
        await self.stack.sandbox.put_orders([SandboxOrder.model_validate_json(json.dumps(one)) for one in orders])
        opened = (self.client.open(read_filing(json.dumps(filing(name, name)), "a filing")) for name in names)
        return sorted(one.complaint for one in await asyncio.gather(*opened))

    def words(self, *more: str, kind: str = "noted") -> tuple[str, ...]:
        where = ("--where", f"seller={self.seller}", "--results", str(self.results_path))
        return ("tell", kind, *where, "--as", "agent:a-1", "--set", "text=公告", *more)

    async def told(self, *more: str, kind: str = "noted") -> Ran:
        return await ran(self.stack.environment, *self.words(*REASON, "--yes", "--json", *more, kind=kind))

    def states(self) -> dict[str, str]:
        rows = [json.loads(line) for line in self.results_path.read_text().splitlines()[1:]]
        return {row["complaint"]: row["state"] for row in rows if "complaint" in row}

    async def notes(self, complaints: list[str]) -> Counter[str]:
        """How often each has noted it, as the cases themselves tell."""
        timelines = await asyncio.gather(*(self.client.timeline(one) for one in complaints))
        pairs = zip(complaints, timelines, strict=True)
        return Counter({one: sum(step.event == "noted" for step in steps) for one, steps in pairs})


@pytest.fixture
def shop(stack: Running, tmp_path: Path) -> Shop:
    return Shop(stack, tmp_path)


# -- on the real stack ------------------------------------------------------------------------------------------------


async def test_many_are_told_once_however_often_it_is_said(shop: Shop) -> None:
    complaints = await shop.has(3)
    shown = await ran(shop.stack.environment, *shop.words(*REASON, "--dry-run", "--json"))
    assert (shown.code, sorted(one["complaint"] for one in shown.data)) == (0, complaints)
    assert not shop.results_path.exists()
    assert await shop.notes(complaints) == Counter(dict.fromkeys(complaints, 0))
    first = await shop.told()
    assert (first.code, first.data["states"]) == (0, {"heard": 3}), first
    assert shop.states() == dict.fromkeys(complaints, "heard")
    (later,) = await shop.has(1)
    again = await shop.told()
    assert (again.code, again.data["done_before"]) == (0, 3)  # who came later was not meant
    shop.results_path.unlink()
    assert (await shop.told()).data["states"] == {"heard": 4}  # the ids are the same: who heard it gives that answer
    assert await shop.notes([*complaints, later]) == Counter(dict.fromkeys([*complaints, later], 1))


async def test_the_reason_is_on_record_with_every_complaint(shop: Shop) -> None:
    complaints = await shop.has(2)
    assert (await shop.told()).code == 0
    for complaint in complaints:
        shown = await ran(shop.stack.environment, "timeline", complaint)
        assert "noted by agent:a-1 was told to many, because: 系统升级通知" in shown.out
    of_shop = "SELECT complaints FROM told_to_many WHERE chosen_by = jsonb_build_object('seller', $1::text)"
    assert await shop.stack.pool.fetchval(of_shop, shop.seller) == 2
    until = (datetime.now(UTC) + timedelta(days=5)).isoformat()
    where = ("--where", f"seller={shop.seller}", "--as", "operations_manager:o-1", "--results")
    held = await ran(
        shop.stack.environment,
        *("tell", "hold_placed", *where, f"{shop.results_path}.2", "--set", f"until={until}", *REASON, "--yes"),
    )
    assert held.code == 0, held
    steps = await shop.client.timeline(complaints[0])
    assert [step.reason for step in steps if step.event == "hold_placed"] == ["系统升级通知"]


async def test_a_run_that_is_killed_half_way_is_gone_on_with(shop: Shop) -> None:
    complaints = await shop.has(30)
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "starter.cli.main", *shop.words(*REASON, "--yes")),
        cwd=ROOT,
        env=shop.stack.environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(60):
        while not shop.results_path.exists() or '"heard"' not in shop.results_path.read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    done = Counter(shop.states().values())["heard"]
    assert 0 < done < 30
    again = await shop.told()
    assert (again.code, again.data["done_before"]) == (0, done)
    assert await shop.notes(complaints) == Counter(dict.fromkeys(complaints, 1))


async def test_who_has_ended_is_left_out_and_who_refuses_is_told_of(shop: Shop) -> None:
    ended, reviewed, fresh = await shop.has(3)
    await ran(shop.stack.environment, "tell", ended, "withdrawn", "--set", "reason=已解决")
    await ran(shop.stack.environment, "tell", reviewed, "reviewed", "--set", "decision=accept")
    async with asyncio.timeout(20):
        while len(await shop.files.cases.list(Wanted(seller=shop.seller, phase=Phase.REVIEW))) != 1:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    answer = await shop.told("--set", "decision=accept", kind="reviewed")
    assert (answer.code, answer.data["states"]) == (Exit.REFUSED, {"heard": 1, "refused": 1}), answer
    assert shop.states() == {reviewed: "refused", fresh: "heard"}
    assert '"code": "not_now"' in shop.results_path.read_text()


@pytest.mark.parametrize(("says", "told"), [("no", 0), ("yes", 1)])
async def test_at_a_terminal_somebody_is_asked_first(shop: Shop, says: str, told: int) -> None:
    (complaint,) = await shop.has(1)
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "starter.cli.main", *shop.words(*REASON)),
        cwd=ROOT,
        env=shop.stack.environment,
        stdin=theirs,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    os.write(ours, f"{says}\n".encode())
    _, error = await process.communicate()
    for end in (ours, theirs):
        os.close(end)
    assert b"tell 1 complaints noted as agent:a-1? Type yes" in error, error
    assert await shop.notes([complaint]) == Counter({complaint: told})
    assert shop.results_path.exists() == bool(told)


async def test_a_choice_is_what_the_list_shows_page_by_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    complaints = await shop.has(5)
    monkeypatch.setattr("starter.bulk.broadcast.MOST", 2)
    found = [one.complaint async for one in select(shop.files.cases, {"seller": shop.seller})]
    listed = await shop.files.cases.list(Wanted(seller=shop.seller))
    assert found == [one.complaint for one in listed]
    assert sorted(found) == complaints


# -- the words --------------------------------------------------------------------------------------------------------


def test_the_words_are_those_of_the_list() -> None:
    said = ["phase=review", "waiting-on=seller", "problem=quality", "seller=s", "handler=a-1", "severity=major"]
    assert parse_filters([*said, "overdue=yes"]) == {
        **dict(one.replace("waiting-on", "waiting_on").split("=") for one in said), "overdue": True,
    }  # fmt: skip
    assert set(FILTERS) == {one.partition("=")[0].replace("-", "_") for one in [*said, "overdue=yes"]}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["phase"], "write one of phase=…, waiting_on=…"),
        (["limit=5"], "write one of phase=…"),
        (["phase=nowhere"], "Input should be 'registration', 'review'"),
        (["overdue=maybe"], "write yes or no"),
        (["seller=a", "seller=b"], "is there twice"),
    ],
)
def test_other_words_are_refused(said: list[str], message: str) -> None:
    with pytest.raises(WrongUse, match=message):
        parse_filters(said)


def message_id(kind: str = "noted", sender: Party = AGENT, reason: str = "r", **said: Any) -> str:
    return broadcast_message(kind, {"text": "t"} | said, sender, reason).message_id


def test_the_same_message_has_the_same_id_and_any_other_another() -> None:
    others = [message_id(text="u"), message_id(reason="s"), message_id(sender=Party(role=Role.AGENT, id="a-2"))]
    assert message_id() == message_id()
    assert len({message_id(), *others}) == 4
    assert message_id(message_id="mine") == "mine"


def test_an_enumerated_reason_is_not_overwritten_and_one_that_was_given_stays() -> None:
    held = {"until": "2027-01-01T00:00:00+08:00"}
    manager = Party(role=Role.OPERATIONS_MANAGER, id="o-1")
    assert broadcast_message("hold_placed", held, manager, "r").model_dump()["reason"] == "r"
    assert broadcast_message("hold_placed", held | {"reason": "own"}, manager, "r").model_dump()["reason"] == "own"
    ruled = {"liability": "seller", "remedy": "apology", "freight": "seller", "text": "t"}
    with pytest.raises(WrongUse, match="reason"):
        broadcast_message("ruled", ruled, AGENT, "not_as_described")
