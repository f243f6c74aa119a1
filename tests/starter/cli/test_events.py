"""Partners are told what happens to their complaints: the whole stack, a receiver of their own, an operator."""

import json
import tomllib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from activities.store.case_files import CaseFiles
from starter.client.complaints import Complaints
from starter.client.filing_input import read_filing
from starter.client.message_input import decode_message, parse_party, with_envelope
from starter.client.record import Record
from tests.activities.partner_events.receiving import SECRET, Receiver
from tests.conftest import Running
from tests.starter.cli.running import Ran, filing, order, ran
from workers.sandbox.shapes import SandboxOrder


class Shop:
    """A seller with a system of its own that subscribes, and its complaints."""

    def __init__(self, stack: Running, receiver: Receiver) -> None:
        self.stack, self.receiver = stack, receiver
        self.name = f"evt-{uuid.uuid4().hex[:8]}"
        self.doors = Complaints(stack.client, Record(CaseFiles(stack.pool), stack.pool))

    def subscribes(self, **wish: Any) -> None:
        """Add the shop's system to the clients of the stack."""
        wanted = {"url": self.receiver.url, "allow": ["127.0.0.1/32"]} | wish
        told = ", ".join(f"{key} = {json.dumps(value)}" for key, value in wanted.items())
        add(self.stack.data_dir / "clients.toml", self.name, f"events = {{{told}}}")

    async def complaint(self) -> str:
        paid = {"paid": {"amount": 29900, "currency": "CNY"}, "shipping_fee": {"amount": 0, "currency": "CNY"}}
        one = order(f"o-{uuid.uuid4().hex[:8]}", seller_id=self.name, **paid)
        await self.stack.sandbox.put_orders([SandboxOrder.model_validate_json(json.dumps(one))])
        opened = await self.doors.open(read_filing(json.dumps(filing(one["order_id"], one["order_id"])), "a filing"))
        return opened.complaint

    async def says(self, complaint: str, kind: str, sender: str, **body: object) -> None:
        answer = await self.doors.tell(
            complaint, decode_message(with_envelope(kind, {"kind": kind, **body}, parse_party(sender)))
        )
        assert answer.accepted, answer

    async def command(self, *arguments: str) -> Ran:
        return await ran(self.stack.environment, *arguments)


def add(file: Path, name: str, more: str) -> None:
    lines = (f'id = "{name}"', 'role = "seller"', f'speaks_for = ["{name}"]', f'secrets = ["{SECRET}"]', more)
    text = "\n".join((file.read_text(), "[[clients]]", *lines, ""))
    tomllib.loads(text)
    file.write_text(text)


@pytest.fixture
async def shop(stack: Running) -> AsyncIterator[Shop]:
    file = stack.data_dir / "clients.toml"
    before = file.read_text()
    async with Receiver() as receiver:
        yield Shop(stack, receiver)
    file.write_text(before)


async def test_a_shop_is_told_of_its_complaint_in_order_and_of_nothing_that_is_not_for_it(shop: Shop) -> None:
    shop.subscribes()
    complaint = await shop.complaint()
    await shop.says(complaint, "noted", "agent:a-1", text="canary-note")
    await shop.says(complaint, "reviewed", "agent:a-1", decision="accept", text="")
    await shop.says(complaint, "withdrawn", "buyer:b-1", reason="canary-reason")
    await shop.receiver.has(5)
    told = [request.event["data"]["step"]["event"] for request in shop.receiver.requests]
    assert told[:3] == ["filed", "assigned", "reviewed"]
    assert {"withdrawn", "closed"} <= set(told)
    assert "noted" not in told
    assert shop.receiver.numbers == list(range(1, len(told) + 1))
    assert b"canary" not in b"".join(request.body for request in shop.receiver.requests)


async def test_an_operator_sees_dead_letters_replays_them_and_the_doctor_speaks_of_them(shop: Shop) -> None:
    shop.subscribes(kinds=["filed", "reviewed"])
    shop.receiver.always = 410
    complaint = await shop.complaint()
    await shop.says(complaint, "reviewed", "agent:a-1", decision="accept", text="")
    await shop.receiver.has(2)
    listed = (await shop.command("events", "dead-letters", "--subscription", shop.name, "--json")).data
    assert [(one["complaint"], one["sequence"], one["event"]) for one in listed] == [
        (complaint, 1, "filed"),
        (complaint, 2, "reviewed"),
    ]
    table = await shop.command("events", "dead-letters", "--complaint", complaint)
    assert listed[0]["id"] in table.out
    assert "answered 410" in table.out
    assert "dead letters: see `redress events dead-letters`" in (await shop.command("doctor")).out
    shop.receiver.always = None
    one = await shop.command("events", "replay", listed[1]["id"], "--json")
    assert (one.code, one.data) == (0, {"replayed": 1, "deliveries": 1})
    await shop.receiver.has(3)
    rest = await shop.command("events", "replay", "--all", "--subscription", shop.name)
    assert (rest.code, rest.out.split()[0]) == (0, "1")
    await shop.receiver.has(4)
    assert shop.receiver.numbers == [1, 2, 2, 1]
    again = await shop.command("events", "replay", listed[0]["id"])
    assert (again.code, "was delivered" in again.err) == (3, True)
    assert (await shop.command("events", "dead-letters", "--subscription", shop.name, "--json")).data == []


async def test_a_subscription_that_leads_inward_is_never_called_and_the_doctor_names_it(shop: Shop) -> None:
    shop.subscribes(allow=["10.0.0.0/8"])
    complaint = await shop.complaint()
    failures = "SELECT max(failure) FROM outbound_events WHERE complaint = $1"
    while not (failure := await shop.stack.pool.fetchval(failures, complaint)):
        pass
    assert failure == "must not be connected to: its address is loopback, and not in `allow`"
    assert shop.receiver.connections == 0
    doctor = await shop.command("doctor")
    assert f"the receiver of {shop.name} must not be connected to" in doctor.out
    assert "canary" not in doctor.out + doctor.err


async def test_an_unknown_event_is_not_found_and_nothing_named_is_wrong_use(shop: Shop) -> None:
    unknown = await shop.command("events", "replay", "evt_nobody")
    assert (unknown.code, "no event evt_nobody" in unknown.err) == (4, True)
    for arguments in ((), ("evt_1", "--all"), ("evt_1", "--subscription", "x"), ("--subscription", "x")):
        wrong = await shop.command("events", "replay", *arguments)
        assert (wrong.code, "say which" in wrong.err) == (2, True)


@pytest.mark.parametrize("command", [("dead-letters",), ("replay", "--all")])
async def test_a_subscription_that_nobody_has_is_not_found_and_those_there_are_are_named(
    shop: Shop, command: tuple[str, ...]
) -> None:
    shop.subscribes()
    await shop.complaint()
    await shop.receiver.has(1)
    unknown = await shop.command("events", *command, "--subscription", "nobody")
    assert (unknown.code, unknown.out) == (4, "")
    assert "no events for a subscription nobody; there are: " in unknown.err
    assert shop.name in unknown.err
    assert (await shop.command("events", *command, "--subscription", shop.name)).code == 0
