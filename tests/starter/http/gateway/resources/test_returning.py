"""A return told end to end over HTTP: what the carrier says moves it, pushed by the carrier or asked of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from starter.client.errors import Exit
from starter.doctor.partners import carriers, parcels
from tests.conftest import Running
from tests.starter.http.gateway.saying import filing
from tests.starter.http.gateway.signing import Program
from workers.sandbox.shapes import Happening, read_orders
from workflows import wire
from workflows.complaint.domain.parcels import EventName
from workflows.complaint.domain.view import LegView, View
from workflows.complaint.views.timeline import StepView

Known = Mapping[str, Program]

ORDER = """{"order_id": "o-%(name)s", "line": 1, "buyer_id": "b-%(name)s", "seller_id": "shop-1", "item_id": "i-1",
  "title": "青瓷茶具", "spec": "六件套", "quantity": 1, "paid": {"amount": 29900, "currency": "CNY"},
  "shipping_fee": {"amount": 0, "currency": "CNY"}, "paid_at": "%(paid)s", "delivered_at": "%(delivered)s"}"""


def order(name: str) -> str:
    """Word an order that was delivered two days ago: these complaints are filed by the clock on the wall (R1.7)."""
    now = datetime.now(UTC)
    paid, delivered = ((now - timedelta(days=ago)).isoformat() for ago in (4, 2))
    return ORDER % {"name": name, "paid": paid, "delivered": delivered}


async def until(wanted: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until something is so, at most half a minute."""
    try:
        async with asyncio.timeout(30):
            while not await wanted():  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"it does not come to {what}") from None


class Return:
    """A complaint of which everything is said at the doors, and nothing to the complaint itself."""

    def __init__(self, stack: Running, known: Known, name: str) -> None:
        self.stack, self.known, self.name, self.number, self.handler = stack, known, name, "", ""
        self.tracking = f"SF-{name}"

    async def shipped(self) -> None:
        """File it, have it accepted and agreed, send the goods back."""
        await self.stack.sandbox.put_orders(read_orders(order(self.name)))
        remedy = {"remedy": "return_refund", "amount": {"amount": 29900, "currency": "CNY"}}
        filed = await self.known["buyer-app"].post("/v1/complaints", filing(self.name, request=remedy))
        self.number = filed.json()["complaint"]
        await self.agreed()
        buyer = {"role": "buyer", "id": f"b-{self.name}"}
        await self.say("buyer-app", buyer, "goods_sent", leg="return", carrier="sf", tracking=self.tracking)
        await until(lambda: self.leg_is("sent"), "goods on their way")

    async def agreed(self) -> None:
        """Have it accepted by its handler, and agreed by the seller."""
        await until(self._handled, "a handler")
        agent = {"role": "agent", "id": self.handler}
        await self.say("desk-agent", agent, "reviewed", decision="accept", text="受理")
        await self.say("seller-app", {"role": "seller", "id": "shop-1"}, "seller_answered", answer="agree")

    async def _handled(self) -> bool:
        sql = "SELECT handler FROM complaints WHERE complaint = $1"
        self.handler = await self.stack.pool.fetchval(sql, self.number) or ""
        return bool(self.handler and (await self.view()).handler)

    async def say(self, client: str, sender: Mapping[str, str], kind: str, **body: Any) -> None:
        message = {"kind": kind, "message_id": f"{self.name}-{kind}", "sender": sender, **body}
        answer = await self.known[client].post("/v1/messages", {"complaint": self.number, "message": message})
        assert answer.status_code == 202, answer.text

    async def view(self) -> View:
        handle = self.stack.client.get_workflow_handle(self.number)
        view: View = await handle.query(wire.VIEW, result_type=View)
        return view

    async def leg(self) -> LegView | None:
        goods = (await self.view()).goods
        return goods.legs[-1] if goods else None

    async def leg_is(self, state: str) -> bool:
        leg = await self.leg()
        return leg is not None and leg.state == state

    async def steps(self, event: str) -> list[StepView]:
        handle = self.stack.client.get_workflow_handle(self.number)
        timeline: list[StepView] = await handle.query(wire.TIMELINE, result_type=list[StepView])
        return [step for step in timeline if step.event == event]

    async def happens(self, event: EventName) -> None:
        await self.stack.sandbox.happen(Happening(carrier="sf", tracking=self.tracking, event=event))

    async def over(self) -> bool:
        sql = "SELECT over_at IS NOT NULL FROM parcels WHERE tracking = $1"
        return bool(await self.stack.pool.fetchval(sql, self.tracking))

    async def subscribed(self) -> bool:
        sql = "SELECT subscribed_at IS NOT NULL FROM parcels WHERE tracking = $1"
        return bool(await self.stack.pool.fetchval(sql, self.tracking))


@pytest.fixture
async def sent_back(stack: Running, known: Known, name: str) -> Return:
    """A complaint whose goods are on their way back to the seller."""
    one = Return(stack, known, name)
    await one.shipped()
    return one


async def test_the_carriers_pushes_alone_move_the_return(sent_back: Return) -> None:
    await until(sent_back.subscribed, "a subscription at the carrier")
    for event in ("picked_up", "in_transit", "delivered"):
        await sent_back.happens(event)
        await until(partial(sent_back.leg_is, event), f"a return that is {event}")
    reported = await sent_back.steps("parcel_reported")
    assert [(step.actor, step.role, step.rule) for step in reported] == [("sf", "carrier", "R6.4")] * 3
    waiting = {(one.actor, one.action): one for one in (await sent_back.view()).waiting_on}
    assert ("seller", "goods_received") in waiting
    await until(sent_back.over, "a parcel that is watched no more")


async def test_what_was_pushed_before_the_buyer_named_the_parcel_is_heard_then(
    stack: Running, known: Known, name: str
) -> None:
    early = Return(stack, known, name)
    event = {"event": "picked_up", "at": "2026-11-22T09:00:00+08:00"}
    push = {"carrier": "sf", "parcels": [{"tracking": early.tracking, "events": [event]}]}
    answer = await known["sf"].post("/v1/webhooks/carriers/sf", push)
    assert answer.json() == {"told": 0, "parked": 1}
    await early.shipped()
    await until(lambda: early.leg_is("picked_up"), "a parcel that had been picked up before")


async def test_a_push_that_never_comes_is_made_up_for_by_the_look(stack: Running, sent_back: Return) -> None:
    await until(sent_back.subscribed, "a subscription at the carrier")
    await stack.sandbox.fault("carrier", "declined", operation="push")
    await sent_back.happens("delivered")
    assert await stack.sandbox.faults() == []
    assert await sent_back.leg_is("sent")
    age = "UPDATE parcels SET known_at = known_at - $2::interval WHERE tracking = $1"
    await stack.pool.execute(age, sent_back.tracking, timedelta(hours=7))
    await stack.client.get_schedule_handle(wire.PARCEL_WATCH).trigger()
    await until(lambda: sent_back.leg_is("delivered"), "what only the look can have found")


async def test_the_handlers_of_two_complaints_that_name_one_number_are_told(
    stack: Running, known: Known, sent_back: Return, name: str
) -> None:
    other = Return(stack, known, f"{name}-2")
    other.tracking = sent_back.tracking
    await other.shipped()
    numbers = {sent_back.number, other.number}

    async def named() -> bool:
        sql = "SELECT count(*) FROM parcels WHERE tracking = $1"
        return bool(await stack.pool.fetchval(sql, other.tracking) == len(numbers))

    async def told() -> bool:
        desk = known["desk-agent"]
        handlers = {one.handler for one in (sent_back, other)}
        lists = [(await desk.get(f"/v1/notices?as=agent:{handler}")).json()["notices"] for handler in handlers]
        return numbers <= {one["complaint"] for few in lists for one in few if one["event"] == "parcel_doubtful"}

    await until(named, "both parcels on record")
    await stack.client.get_schedule_handle(wire.PARCEL_WATCH).trigger()
    await until(told, "a notice to both handlers")


async def test_pushes_repeated_are_one_step(stack: Running, known: Known, sent_back: Return) -> None:
    await until(sent_back.subscribed, "a subscription at the carrier")
    await stack.sandbox.fault("carrier", "callback_repeated", operation="push")
    await sent_back.happens("picked_up")
    await until(lambda: sent_back.leg_is("picked_up"), "a parcel that is picked up")
    events = [{"event": "in_transit", "at": f"2026-11-22T{hour:02d}:00:00+08:00"} for hour in range(5, 10)]
    push = {"carrier": "sf", "parcels": [{"tracking": sent_back.tracking, "events": [*events, *events[::-1]]}]}
    # The carrier's own pushes may still be coming in beside these: whoever is first tells what is new.
    answers = [await known["sf"].post("/v1/webhooks/carriers/sf", push) for _ in range(3)]
    assert [answer.json() for answer in answers[1:]] == [{"told": 0, "parked": 0}] * 2
    assert [answer.status_code for answer in answers[1:]] == [200, 200]
    await until(lambda: sent_back.leg_is("in_transit"), "a parcel on the way")
    assert len(await sent_back.steps("parcel_reported")) == 2
    assert await sent_back.steps("refused") == []


async def test_a_payment_that_settles_later_is_told_at_the_gateway(stack: Running, known: Known, name: str) -> None:
    one = Return(stack, known, name)
    await stack.sandbox.put_orders(read_orders(order(name)))
    filed = await known["buyer-app"].post("/v1/complaints", filing(name))
    one.number = filed.json()["complaint"]
    await stack.sandbox.fault("payment", "pending", operation="send", complaint=one.number)
    await one.agreed()

    async def settled() -> bool:
        return [paid.state for paid in (await one.view()).money] == ["settled"]

    await until(settled, "a refund that settled later")
    (reported,) = await one.steps("payment_reported")
    assert (reported.actor, reported.role) == ("sandbox-pay", "payment")


async def test_the_doctor_says_that_a_carrier_fails_and_that_a_parcel_is_left_alone(
    stack: Running, sent_back: Return
) -> None:
    assert (await carriers(stack.ready.partners or "")).state == "ok"
    await stack.sandbox.fault("carrier", "error_500", operation="look_up")
    failing = await carriers(stack.ready.partners or "")
    assert (failing.state, failing.exit_code) == ("failed", Exit.UNREACHABLE)
    age = "UPDATE parcels SET known_at = known_at - interval '9 hours', heard_at = NULL WHERE tracking = $1"
    await stack.pool.execute(age, sent_back.tracking)
    stands = await parcels(stack.pool)
    assert (stands.state, "no carrier tells of them" in stands.text) == ("warning", True)
