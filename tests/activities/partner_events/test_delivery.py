"""Events arrive in the order of their complaint, whatever the receiver does; after a day they are dead letters."""

import asyncio
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.partner_events import delivery, publishing
from activities.partner_events.delivery import EventDispatcher
from activities.partner_events.publishing import DELIVER, start_delivery
from activities.partner_events.webhook import WebhookClient
from activities.store.partner_events import DeadLetters, Outbound
from tests import ROOT
from tests.activities.partner_events.receiving import Receiver
from tests.activities.working import at_work
from tests.activities.world import BUYER, SELLER, World, accepted, burst
from workflows.complaint.domain.case import Case
from workflows.complaint.views.partner_events import Stream
from workflows.wire import EVENTS_QUEUE

A_DAY_AGO = "UPDATE outbound_events SET give_up_at = give_up_at - interval '25 hours' WHERE state = 'waiting'"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as one:
        yield one


@pytest.fixture
async def webhooks() -> AsyncIterator[WebhookClient]:
    async with WebhookClient(seconds=1) as one:
        yield one


@pytest.fixture
def deliveries(world: World, webhooks: WebhookClient) -> EventDispatcher:
    return EventDispatcher(Outbound(world.pool), world.subscribers, webhooks)


@pytest.fixture
def letters(world: World) -> DeadLetters:
    return DeadLetters(world.pool)


async def delivered(deliveries: EventDispatcher, stream: Stream) -> None:
    await ActivityEnvironment().run(deliveries.deliver, stream)


async def refused(deliveries: EventDispatcher, stream: Stream) -> ApplicationError:
    with pytest.raises(ApplicationError) as told:
        await delivered(deliveries, stream)
    return told.value


async def opened_and_accepted(world: World, receiver: Receiver) -> tuple[Case, Stream]:
    """A complaint with three events for its seller, and the delivery that was started for them."""
    world.subscribers.add("erp", SELLER, receiver.url)
    case = await world.opened()
    after = accepted(case)
    await world.record(burst(case, after))
    return after, world.started[-1]


async def states(world: World) -> list[str]:
    rows = await world.pool.fetch("SELECT state FROM outbound_events ORDER BY subscription, complaint, sequence")
    return [row["state"] for row in rows]


@asynccontextmanager
async def working(temporal: Client, deliveries: EventDispatcher) -> AsyncIterator[None]:
    async with at_work(temporal, EVENTS_QUEUE, deliveries.deliver):
        yield


async def test_events_arrive_in_order_and_what_they_said_is_forgotten_then(
    world: World, receiver: Receiver, deliveries: EventDispatcher
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    await delivered(deliveries, stream)
    assert receiver.numbers == [1, 2, 3]
    assert len({request.id for request in receiver.requests}) == 3
    assert await world.pool.fetchval("SELECT count(*) FROM outbound_events WHERE body IS NOT NULL") == 0
    await delivered(deliveries, stream)
    assert receiver.numbers == [1, 2, 3]


async def test_an_event_that_is_not_taken_holds_up_the_ones_after_it_and_keeps_its_id(
    world: World, receiver: Receiver, deliveries: EventDispatcher, webhooks: WebhookClient
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    receiver.next.extend([204, 500])
    await refused(deliveries, stream)
    assert receiver.numbers == [1, 2]
    await delivered(EventDispatcher(Outbound(world.pool), world.subscribers, webhooks), stream)
    assert receiver.numbers == [1, 2, 2, 3]
    assert receiver.requests[1].id == receiver.requests[2].id
    assert receiver.requests[1].body == receiver.requests[2].body


async def test_a_receiver_that_was_down_gets_everything_in_order_once_it_is_up(
    world: World, temporal: Client, receiver: Receiver, deliveries: EventDispatcher
) -> None:
    async with working(temporal, deliveries):
        await receiver.stop()
        await opened_and_accepted(world, receiver)
        for stream in world.started:
            await start_delivery(temporal, stream)
        async with asyncio.timeout(20):
            while not await world.pool.fetchval("SELECT max(attempts) FROM outbound_events"):  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.05)
        await receiver.start()
        await receiver.has(3)
    assert receiver.numbers == [1, 2, 3]
    assert len({stream.run for stream in world.started}) == 1


async def test_many_complaints_at_a_flapping_receiver_lose_nothing_and_keep_their_order(
    world: World, temporal: Client, receiver: Receiver, webhooks: WebhookClient
) -> None:
    world.subscribers.add("erp", SELLER, receiver.url)
    world.subscribers.add("app", BUYER, receiver.url)
    receiver.next.extend([500, 204, 503, 204, 204, 429, 204, 500])
    async with working(temporal, EventDispatcher(Outbound(world.pool), world.subscribers, webhooks)):
        for _ in range(8):
            case = await world.opened()
            await world.record(burst(case, accepted(case)))
        for stream in world.started:
            await start_delivery(temporal, stream)
        async with asyncio.timeout(30):
            while set(await states(world)) != {"delivered"}:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.1)
    by_stream: dict[tuple[str, str], list[int]] = defaultdict(list)
    for request in receiver.requests:
        by_stream[request.complaint, request.event["data"]["party"]["role"]].append(request.number)
    assert len(by_stream) == 16
    for numbers in by_stream.values():
        assert numbers == sorted(numbers)
        assert sorted(set(numbers)) == [1, 2, 3]
    assert len({request.id for request in receiver.requests}) == 48


async def test_what_happens_while_a_delivery_ends_is_delivered_by_it_or_by_the_next(
    world: World, temporal: Client, receiver: Receiver, deliveries: EventDispatcher
) -> None:
    """The end of a delivery and the next burst meet in every order: nothing may stay behind."""
    world.subscribers.add("erp", SELLER, receiver.url)
    async with working(temporal, deliveries):
        for _ in range(6):
            case = await world.opened()
            await start_delivery(temporal, world.started[-1])
            before = len(receiver.requests)
            await receiver.has(before + 1)
            await world.record(burst(case, accepted(case)))
            await start_delivery(temporal, world.started[-1])
        await receiver.has(18)
    numbers = defaultdict(list)
    for request in receiver.requests:
        numbers[request.complaint].append(request.number)
    assert [*numbers.values()] == [[1, 2, 3]] * 6


async def test_a_delivery_that_has_looked_for_the_last_time_is_not_taken_for_one_that_runs(
    world: World, temporal: Client, receiver: Receiver, deliveries: EventDispatcher
) -> None:
    gate, first = asyncio.Event(), list[Stream]()

    @activity.defn(name=DELIVER)
    async def slow_to_end(stream: Stream) -> None:
        await deliveries.deliver(stream)
        first.append(stream)
        if len(first) == 1:
            await gate.wait()

    world.subscribers.add("erp", SELLER, receiver.url)
    async with at_work(temporal, EVENTS_QUEUE, slow_to_end):
        case = await world.opened()
        await start_delivery(temporal, world.started[-1])
        async with asyncio.timeout(20):
            while await world.pool.fetchval("SELECT running FROM outbound_streams"):  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.02)
        await world.record(burst(case, accepted(case)))
        await start_delivery(temporal, world.started[-1])
        await receiver.has(3, within=10)  # sooner than Temporal would take the first for dead
        gate.set()
    assert receiver.numbers == [1, 2, 3]


async def test_after_a_day_an_event_is_a_dead_letter_and_the_next_one_shows_the_gap(
    world: World, receiver: Receiver, deliveries: EventDispatcher, letters: DeadLetters
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    receiver.next.extend([422])
    await refused(deliveries, stream)
    assert await states(world) == ["waiting"] * 3
    await world.pool.execute(A_DAY_AGO)
    receiver.next.extend([422])
    await delivered(deliveries, stream)
    assert await states(world) == ["dead", "delivered", "delivered"]
    assert receiver.numbers == [1, 1, 2, 3]
    (letter,) = await letters.list(None, None, 10)
    assert (letter.sequence, letter.attempts, letter.failure) == (1, 2, "answered 422")


async def test_all_that_is_too_old_goes_with_the_first_where_nobody_answers(
    world: World, receiver: Receiver, deliveries: EventDispatcher, letters: DeadLetters
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    await receiver.stop()
    await world.pool.execute(A_DAY_AGO)
    await delivered(deliveries, stream)
    assert await states(world) == ["dead"] * 3
    failures = {one.failure for one in await letters.list(None, None, 10)}
    assert failures == {"cannot be connected to"}
    assert not await world.pool.fetchval("SELECT running FROM outbound_streams")


async def test_a_receiver_that_is_gone_for_good_is_not_tried_for_a_day(
    world: World, receiver: Receiver, deliveries: EventDispatcher
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    receiver.always = 410
    await delivered(deliveries, stream)
    assert await states(world) == ["dead"] * 3


async def test_dead_letters_are_replayed_in_their_order_under_their_ids_for_another_day(
    world: World, receiver: Receiver, deliveries: EventDispatcher, letters: DeadLetters
) -> None:
    case, stream = await opened_and_accepted(world, receiver)
    receiver.next.extend([410, 410, 410])
    await delivered(deliveries, stream)
    ids = [request.id for request in receiver.requests]
    assert await letters.revive(subscription="erp") == 3
    assert await letters.revive(subscription="erp") == 0
    (again,) = await letters.running(None, case.complaint)
    assert again.run == stream.run + 1
    await delivered(deliveries, again)
    assert receiver.numbers == [1, 2, 3, 1, 2, 3]
    assert [request.id for request in receiver.requests[3:]] == ids
    assert await states(world) == ["delivered"] * 3


async def test_one_dead_letter_is_replayed_alone(
    world: World, receiver: Receiver, deliveries: EventDispatcher, letters: DeadLetters
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    receiver.next.extend([410, 410])
    await delivered(deliveries, stream)
    first, second = await letters.list(None, None, 10)
    assert await letters.revive(event=second.id) == 1
    (again,) = await letters.running("erp", None)
    await delivered(deliveries, again)
    assert await states(world) == ["dead", "delivered", "delivered"]
    assert (await letters.state(first.id), await letters.state(second.id)) == ("dead", "delivered")


async def test_an_attempt_that_was_overtaken_sends_nothing_more(
    world: World, receiver: Receiver, deliveries: EventDispatcher, webhooks: WebhookClient
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    receiver.next.append(None)  # the first attempt waits for an answer
    old = asyncio.create_task(delivered(deliveries, stream))
    async with asyncio.timeout(10):
        while not receiver.connections:  # noqa: ASYNC110 - the receiver's own count
            await asyncio.sleep(0.01)
    await delivered(EventDispatcher(Outbound(world.pool), world.subscribers, webhooks), stream)
    with pytest.raises(ApplicationError):
        await old
    await delivered(deliveries, stream)
    assert sorted(receiver.numbers) == [1, 1, 2, 3]
    assert await states(world) == ["delivered"] * 3


async def test_a_delivery_that_another_one_has_followed_does_not_begin(
    world: World, receiver: Receiver, deliveries: EventDispatcher
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    await delivered(deliveries, stream.but(run=stream.run - 1))
    assert receiver.requests == []


async def test_a_subscription_that_was_taken_out_is_tried_for_its_day_and_then_given_up(
    world: World, receiver: Receiver, deliveries: EventDispatcher, letters: DeadLetters
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    world.subscribers.all.clear()
    assert "not in the clients file" in str(await refused(deliveries, stream))
    await world.pool.execute(A_DAY_AGO)
    await delivered(deliveries, stream)
    assert len(await letters.list("erp", None, 10)) == 3


async def test_a_failure_names_the_subscription_and_never_its_address(
    world: World, receiver: Receiver, deliveries: EventDispatcher, capsys: pytest.CaptureFixture[str]
) -> None:
    _, stream = await opened_and_accepted(world, receiver)
    receiver.always = 500
    failure = await refused(deliveries, stream)
    assert "the receiver of erp answered 500" in str(failure)
    kept = await world.pool.fetchval("SELECT failure FROM outbound_events WHERE sequence = 1")
    shown = f"{failure!r} {kept} {capsys.readouterr()}"
    assert "canary" not in shown
    assert str(receiver.port) not in shown


async def test_a_worker_killed_in_the_middle_of_a_delivery_is_followed_by_one_that_goes_on_in_order(
    world: World,
    address: str,
    temporal: Client,
    receiver: Receiver,
    deliveries: EventDispatcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "_HEARTBEAT_TIMEOUT", timedelta(seconds=5))
    monkeypatch.setattr(delivery, "_BEAT_SECONDS", 1.0)
    _, stream = await opened_and_accepted(world, receiver)
    receiver.next.extend([204, None])  # the second event arrives, and its sender dies while it waits for the answer
    await start_delivery(temporal, stream)
    place = temporal.service_client.config.target_host
    command = ["-m", "tests.activities.partner_events.dying_delivery", place, address, receiver.url]
    victim = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT)
    async with asyncio.timeout(60):
        while receiver.connections < 2:  # noqa: ASYNC110 - the receiver's own count
            await asyncio.sleep(0.02)
    victim.kill()
    await receiver.has(2, within=60)
    async with working(temporal, deliveries):
        await receiver.has(4, within=60)
    assert await victim.wait() == -signal.SIGKILL
    numbers = receiver.numbers
    assert (numbers, set(numbers)) == (sorted(numbers), {1, 2, 3})
    assert len({request.id for request in receiver.requests if request.number == 2}) == 1
