"""Patience with receivers: the one that fails is left in peace, and none takes the place of another."""

import asyncio
from datetime import timedelta

import pytest

from activities.partner_events.delivery import CircuitBreakers, EventDispatcher, NotAttempted, backoff
from activities.partner_events.webhook import WebhookClient, WebhookFailed
from activities.store.partner_events import Outbound
from tests.activities.partner_events.receiving import Receiver
from tests.activities.partner_events.test_delivery import delivered, receiver, refused, webhooks  # noqa: F401 - fixtures
from tests.activities.world import BUYER, SELLER, World


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def fails(receivers: CircuitBreakers, *, event_specific: bool = False, permanent: bool = False) -> None:
    with pytest.raises(WebhookFailed):
        async with receivers.slot("erp"):
            raise WebhookFailed("answered 500", event_specific=event_specific, permanent=permanent)


async def rests(receivers: CircuitBreakers, clock: Clock) -> float:
    """Return how long a receiver is left in peace now."""
    begun = clock.now
    while True:
        try:
            async with receivers.slot("erp"):
                return clock.now - begun
        except NotAttempted:
            clock.now += 0.5


async def test_a_receiver_that_fails_rests_longer_each_time_and_others_do_not() -> None:
    clock = Clock()
    receivers = CircuitBreakers(clock)
    seen = []
    for _ in range(9):
        await fails(receivers)
        async with receivers.slot("other"):
            pass
        with pytest.raises(NotAttempted) as told:
            async with receivers.slot("erp"):
                pass
        seen.append(round((told.value.retry_after or timedelta()).total_seconds()))
        clock.now += 3600
    assert all(2**n <= rest <= 2**n + 4 for n, rest in enumerate(seen[:6]))
    assert max(seen) <= 64


async def test_one_answer_of_success_makes_a_receiver_new() -> None:
    clock = Clock()
    receivers = CircuitBreakers(clock)
    for _ in range(5):
        await fails(receivers)
        clock.now += 3600
    assert await rests(receivers, clock) == 0.0
    await fails(receivers)
    assert await rests(receivers, clock) == 1.0


async def test_an_answer_about_one_event_lets_the_others_go_on() -> None:
    receivers = CircuitBreakers(Clock())
    await fails(receivers, event_specific=True)
    await fails(receivers, permanent=True)
    async with receivers.slot("erp"):
        pass


async def test_calls_that_fail_together_are_one_failure() -> None:
    clock = Clock()
    receivers = CircuitBreakers(clock)
    gate = asyncio.Event()

    async def one() -> None:
        async with receivers.slot("erp"):
            await gate.wait()
            raise WebhookFailed("answered 500")

    calls = [asyncio.create_task(one()) for _ in range(4)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await rests(receivers, clock) == 1.0


async def test_at_most_four_call_one_receiver_at_once_and_twelve_wait() -> None:
    receivers, inside, gate = CircuitBreakers(), list[int](), asyncio.Event()

    async def one(number: int) -> None:
        async with receivers.slot("erp"):
            inside.append(number)
            await gate.wait()

    calls = [asyncio.create_task(one(number)) for number in range(20)]
    async with asyncio.timeout(30):
        while sum(call.done() for call in calls) < 4:  # noqa: ASYNC110 - who is turned away is done
            await asyncio.sleep(0)
    assert len(inside) == 4
    gate.set()
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, NotAttempted) for one in done) == 4
    assert len(inside) == 16


def test_an_event_waits_twice_as_long_each_time_up_to_five_minutes() -> None:
    waits = [backoff(tries).total_seconds() for tries in (*range(12), 10_000)]
    assert all(0.8 * most <= wait <= most for wait, most in zip(waits, (2, 4, 8, 16, 32, 64, 128, 256), strict=False))
    assert max(waits) <= 300
    assert min(waits[8:]) >= 240


async def test_a_receiver_that_hangs_holds_up_nobody_elses_events(world: World, receiver: Receiver) -> None:  # noqa: F811
    async with Receiver() as hanging, WebhookClient(seconds=30) as patient:
        hanging.next.extend([None] * 50)
        world.subscribers.add("erp", SELLER, hanging.url)
        for _ in range(20):
            await world.opened()
        world.subscribers.add("app", BUYER, receiver.url)
        await world.opened()
        deliveries = EventDispatcher(Outbound(world.pool), world.subscribers, patient)
        running = [asyncio.create_task(delivered(deliveries, stream)) for stream in world.started]
        await receiver.has(2, within=15)  # less than one call that hangs takes
        assert 0 < hanging.connections <= 4
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_who_had_no_turn_was_not_tried(world: World, receiver: Receiver, webhooks: WebhookClient) -> None:  # noqa: F811
    world.subscribers.add("erp", SELLER, receiver.url)
    deliveries = EventDispatcher(Outbound(world.pool), world.subscribers, webhooks)
    await world.opened()
    await world.opened()
    receiver.next.append(500)
    await refused(deliveries, world.started[0])
    assert "circuit open" in str(await refused(deliveries, world.started[1]))
    attempts = await world.pool.fetch("SELECT attempts FROM outbound_events WHERE sequence = 1 ORDER BY complaint")
    assert sorted(row["attempts"] for row in attempts) == [0, 1]
    assert len(receiver.requests) == 1
