"""What partners are told is written with the steps it tells of: once, numbered, and no more than they may see."""

import json
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.payments.pay import Payments
from tests.activities.world import AGENT, BUYER, SELLER, World, accepted, agreed, burst, later, said, withdrawn
from tests.workflows.complaint.steps import step_of
from workflows.complaint.domain.records import Payment
from workflows.money.movement import Movement, PaymentAnswer
from workflows.parties import Party
from workflows.vocabulary import RefusalReason, Role

URL = "https://partner.example/hook"
OTHERS = Party(role=Role.SELLER, id="sl-2")
EVERY_SELLER = Party(role=Role.SELLER, id="*")


class Settling:
    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        del movement, first_attempt
        return PaymentAnswer(result="settled", provider_reference="p-1")


async def written(world: World, subscription: str) -> list[dict[str, Any]]:
    rows = await world.pool.fetch(
        "SELECT body FROM outbound_events WHERE subscription = $1 ORDER BY complaint, sequence", subscription
    )
    return [json.loads(row["body"]) for row in rows]


def told(events: list[dict[str, Any]]) -> list[str]:
    return [event["data"]["step"]["event"] for event in events]


async def test_each_party_is_told_from_the_filing_on_without_a_gap_in_its_numbers(world: World) -> None:
    world.subscribers.add("erp", SELLER, URL)
    world.subscribers.add("app", BUYER, URL)
    first = await world.opened()
    after = accepted(first)
    await world.record(burst(first, after))
    for name, party in (("erp", SELLER), ("app", BUYER)):
        events = await written(world, name)
        assert told(events) == ["filed", "assigned", "reviewed"]
        assert [event["data"]["sequence"] for event in events] == [1, 2, 3]
        assert {event["data"]["party"]["id"] for event in events} == {party.id}
        assert events[0]["type"] == "complaint.filed.v1"
    assert {(one.subscription, one.run) for one in world.started} == {("erp", 1), ("app", 1)}


async def test_a_burst_written_twice_tells_nobody_twice(world: World) -> None:
    world.subscribers.add("erp", SELLER, URL)
    first = await world.opened()
    after = agreed(first)
    for _ in range(2):
        await world.record(burst(first, after))
    numbers = [event["data"]["sequence"] for event in await written(world, "erp")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {one.run for one in world.started} == {1}


async def test_a_seller_is_never_told_what_is_not_for_it_and_nobody_of_others_complaints(world: World) -> None:
    world.subscribers.add("erp", EVERY_SELLER, URL)
    world.subscribers.add("other", OTHERS, URL)
    world.subscribers.add("app", BUYER, URL)
    first = await world.opened()
    case = said(accepted(first), "noted", AGENT, text="canary-note: 卖家可能说谎")
    case = said(case, "work_order_opened", AGENT, department="order", question="canary-question")
    case = said(case, "seller_answered", SELLER, answer="refuse", reason=RefusalReason.GOODS_AS_DESCRIBED)
    case = said(case, "intervention_requested", BUYER, text="canary-grounds")
    await world.record(burst(first, case))
    sellers, buyers = await written(world, "erp"), await written(world, "app")
    for events in (sellers, buyers):
        assert {"noted", "work_order_opened"} & set(told(events)) == set()
    assert "seller_answered" in told(buyers)
    assert await written(world, "other") == []
    assert "canary" not in json.dumps(sellers, ensure_ascii=False)


async def test_why_a_buyer_withdrew_is_not_told_to_the_seller_by_the_end_either(world: World) -> None:
    world.subscribers.add("erp", SELLER, URL)
    first = await world.opened()
    await world.record(burst(first, withdrawn(first)))
    events = await written(world, "erp")
    assert told(events)[-1] == "closed"
    assert "问题已解决" not in json.dumps(events, ensure_ascii=False)


async def test_a_ruling_that_waits_for_its_countersign_is_told_to_nobody_before_it_is_sent(world: World) -> None:
    world.subscribers.add("erp", SELLER, URL)
    world.subscribers.add("app", BUYER, URL)
    first = await world.opened()
    case = said(accepted(first), "seller_answered", SELLER, answer="refuse", reason=RefusalReason.GOODS_AS_DESCRIBED)
    case = said(case, "intervention_requested", BUYER, text="请平台介入")
    events = {step.event for step in case.timeline}
    ruled = step_of("ruled", Role.AGENT, "a-1").but(number=case.steps + 1, at=case.now)
    pending = case.but(timeline=(*case.timeline, ruled))
    pending = pending.but(steps=case.steps + 1)
    await world.record(burst(first, pending))
    assert "intervention_started" in events
    for name in ("erp", "app"):
        assert "ruled" not in told(await written(world, name))


async def test_the_shop_whose_order_a_stranger_complains_of_hears_nothing_of_it(world: World) -> None:
    world.subscribers.add("erp", SELLER, URL)
    world.subscribers.add("app", BUYER, URL)
    stranger = Party(role=Role.BUYER, id="b-2")
    case = await world.opened(filed_by=stranger)
    assert case.outcome == "refused"
    assert await written(world, "erp") + await written(world, "app") == []


async def test_a_subscription_gets_only_the_events_it_names(world: World) -> None:
    world.subscribers.add("erp", SELLER, URL, kinds=["closed"])
    first = await world.opened()
    assert world.started == []
    await world.record(burst(first, withdrawn(first)))
    (event,) = await written(world, "erp")
    assert (event["type"], event["data"]["sequence"]) == ("complaint.closed.v1", 1)


async def test_who_subscribes_later_is_told_from_then_on(world: World) -> None:
    first = await world.opened()
    world.subscribers.add("erp", SELLER, URL)
    await world.record(burst(first, accepted(first)))
    (event,) = await written(world, "erp")
    assert (event["data"]["step"]["event"], event["data"]["sequence"]) == ("reviewed", 1)


async def test_steps_that_ride_with_a_payment_are_told_as_well(world: World) -> None:
    world.subscribers.add("app", BUYER, URL)
    first = await world.opened()
    after = agreed(first)
    payments = Payments(world.pool, Settling(), start_notices=world.tell, partners=world.partners)
    payment = Payment(movement=after.money[0].movement, burst=burst(first, after))
    for _ in range(2):
        await ActivityEnvironment().run(payments.pay, payment)
    assert told(await written(world, "app")) == ["filed", "assigned", "reviewed", "seller_answered"]


async def test_what_is_written_rolls_back_with_its_steps(world: World) -> None:
    world.subscribers.add("erp", SELLER, URL)
    first = await world.opened()
    broken = burst(first, accepted(first))
    broken = broken.but(view=broken.view.but(level="not a level"))
    with pytest.raises(Exception, match="level"):
        await world.record(broken)
    assert told(await written(world, "erp")) == ["filed", "assigned"]


async def test_nothing_is_started_before_its_steps_are_on_record_and_a_retry_starts_what_was_not(world: World) -> None:
    world.subscribers.add("erp", SELLER, URL)
    first = await world.opened()
    world.started.clear()
    await world.record(burst(first, later(accepted(first), timedelta(days=3))))
    assert [one.run for one in world.started] == [1]  # it still runs: nobody has delivered anything
