"""Parcels are watched: what carriers say reaches every complaint that waits for it, once, whichever way it comes."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import httpx2
import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RawValue, WorkflowIDReusePolicy
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.cases.record import CaseRecorder
from activities.parcels.partners import CarrierService
from activities.parcels.watch import ParcelPolling, ParcelSubscriber, watch
from activities.store.inbox import Inbox
from activities.store.parcels import PARKED_FOR, Heard, Parcels
from tests.activities.working import at_work
from tests.activities.world import World, a_registration, agreed, burst, said, shipped
from tests.chance import SEED
from tests.workers.sandbox.running import RunningSandbox
from workers.composition.workflow_runner import workflow_runner
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import Happening
from workflows import wire
from workflows.complaint.decoding import read_message
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.filing import Request
from workflows.complaint.domain.messages import ParcelReported
from workflows.complaint.domain.parcels import EventName, Parcel, ParcelEvent, ParcelLook, newest_of_each, reports
from workflows.complaint.rules.dispatch import hear
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.upkeep.parcel_watch import ParcelWatch
from workflows.vocabulary import Remedy, Role

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
"""Some days ago: nothing happens later than it is heard of."""

_numbers = itertools.count(1)
AT_ONCE = timedelta()


@pytest.fixture
async def carrier(sandbox: RunningSandbox, http: httpx2.AsyncClient) -> AsyncIterator[CarrierService]:
    async with CarrierService(sandbox.url, client=http) as one:
        yield one


def on_record(world: World) -> Parcels:
    return Parcels(world.pool, Inbox(world.pool))


def a_number() -> str:
    return f"SF{next(_numbers):08d}"


def happened(event: EventName, hours: float = 0) -> ParcelEvent:
    return ParcelEvent(event=event, at=AT + timedelta(hours=hours))


async def on_its_way(world: World, tracking: str, carrier: str = "sf", since: datetime | None = None) -> Case:
    """A complaint on record whose buyer has sent the goods back, which were owed since then (for ever, if not said)."""
    request = Request(remedy=Remedy.RETURN_REFUND, amount=Money(amount=29900))
    first = await world.opened(**dict(a_registration().filing.but(request=request)) | _fresh())
    sent = shipped(agreed(first), tracking, carrier)
    await world.record(burst(first, sent).but(goods_since=since))
    return sent


def _fresh() -> dict[str, Any]:
    number = next(_numbers)
    return {"request_id": f"r-parcel-{number}", "order_id": f"o-parcel-{number}"}


async def inbox_of(world: World, case: Case) -> list[dict[str, Any]]:
    rows = await world.pool.fetch("SELECT * FROM inbox WHERE complaint = $1 ORDER BY number", case.complaint)
    return [dict(row) for row in rows]


async def told(world: World, case: Case) -> list[tuple[str, datetime]]:
    sql = (
        "SELECT message ->> 'event' AS event, (message ->> 'at')::timestamptz AS at FROM inbox "
        "WHERE complaint = $1 ORDER BY number"
    )
    return [(row["event"], row["at"]) for row in await world.pool.fetch(sql, case.complaint)]


def test_every_event_of_the_contract_is_one_of_a_parcel() -> None:
    assert get_args(ParcelReported.model_fields["event"].annotation) == get_args(EventName)


async def test_a_parcel_is_watched_from_the_record_that_names_it_until_nothing_matters_any_more(world: World) -> None:
    case = await on_its_way(world, number := a_number())
    assert world.watched == [Parcel(complaint=case.complaint, leg="return", carrier="sf", tracking=number)]
    (row,) = await world.pool.fetch("SELECT * FROM parcels WHERE complaint = $1", case.complaint)
    assert (row["tracking"], row["over_at"], row["subscribed_at"]) == (number, None, None)
    arrived = said(case, "parcel_reported", _carrier("sf"), tracking=number, event="delivered", at=AT)
    await world.record(burst(case, arrived))
    assert await world.pool.fetchval("SELECT over_at FROM parcels WHERE complaint = $1", case.complaint) is not None
    assert await on_record(world).heard("sf", number, [happened("returned")]) == Heard(0, parked=True)


def _carrier(name: str) -> Party:
    return Party(role=Role.CARRIER, id=name)


async def test_a_record_that_comes_late_does_not_watch_again_what_is_over(world: World) -> None:
    case = await on_its_way(world, number := a_number())
    ended = said(case, "parcel_reported", _carrier("sf"), tracking=number, event="delivered", at=AT)
    await world.record(burst(case, ended))
    first = await world.pool.fetchval("SELECT over_at FROM parcels WHERE tracking = $1", number)
    await world.record(burst(case.but(timeline=case.timeline[:-1]), case))
    assert await world.pool.fetchval("SELECT over_at FROM parcels WHERE tracking = $1", number) == first


async def test_what_a_carrier_says_is_kept_for_the_complaint_as_a_message_it_understands(world: World) -> None:
    case = await on_its_way(world, number := a_number())
    assert await on_record(world).heard("sf", number, [happened("delivered")]) == Heard(1, parked=False)
    (row,) = await inbox_of(world, case)
    assert (row["sender_role"], row["sender_id"], row["kind"]) == ("carrier", "sf", "parcel_reported")
    assert row["received_at"] is not None
    message = next(reports("sf", number, [happened("delivered")]))
    heard, answer = hear(case, message, case.now + timedelta(hours=1))
    assert (answer.accepted, heard.goods[-1].state) == (True, "delivered")


async def test_events_repeated_out_of_order_and_in_lists_are_told_once(world: World) -> None:
    case = await on_its_way(world, number := a_number())
    parcels, chance = on_record(world), random.Random(SEED)  # noqa: S311
    events = [
        happened("picked_up"),
        *(happened("in_transit", hours) for hours in range(1, 40)),
        happened("delivered", 41),
    ]
    for _ in range(12):
        await parcels.heard("sf", number, chance.sample(events, chance.randrange(1, len(events))))
    await parcels.heard("sf", number, events)
    await parcels.heard("sf", number, events[::-1])
    heard = await told(world, case)
    assert len(heard) == len(set(heard))
    assert max(heard, key=lambda one: one[1]) == ("delivered", AT + timedelta(hours=41))
    # Of what is on the way only ever newer news is told.
    moves = [at for event, at in heard if event == "in_transit"]
    assert moves == sorted(moves)


async def test_a_thousand_events_are_few_messages(world: World) -> None:
    case = await on_its_way(world, number := a_number())
    events = [happened("in_transit", minute / 60) for minute in range(2000)]
    await on_record(world).heard("sf", number, events)
    assert await told(world, case) == [("in_transit", events[-1].at)]


async def test_two_pushes_at_the_same_moment_are_told_once(world: World) -> None:
    case = await on_its_way(world, number := a_number())
    parcels = on_record(world)
    await asyncio.gather(*(parcels.heard("sf", number, [happened("delivered")]) for _ in range(8)))
    assert len(await told(world, case)) == 1


async def test_one_parcel_with_the_goods_of_two_complaints_is_told_to_both(world: World) -> None:
    number = a_number()
    cases = [await on_its_way(world, number) for _ in range(2)]
    assert (await on_record(world).heard("sf", number, [happened("picked_up")])).told == 2
    assert [await told(world, case) for case in cases] == [[("picked_up", AT)]] * 2


async def test_a_number_of_another_carrier_is_another_parcel(world: World) -> None:
    case = await on_its_way(world, number := a_number())
    assert (await on_record(world).heard("yto", number, [happened("delivered")])).parked
    assert await told(world, case) == []


async def test_what_was_said_before_anybody_named_the_parcel_is_parked_until_then(
    world: World, carrier: CarrierService
) -> None:
    number, parcels = a_number(), on_record(world)
    assert await parcels.heard("sf", number, [happened("picked_up")]) == Heard(0, parked=True)
    case = await on_its_way(world, number)
    assert await told(world, case) == []
    await ActivityEnvironment().run(ParcelSubscriber(parcels, carrier).watch_parcel, world.watched[-1])
    assert await told(world, case) == [("picked_up", AT)]


async def test_what_nobody_ever_named_is_forgotten_after_a_while(world: World, carrier: CarrierService) -> None:
    number, parcels = a_number(), on_record(world)
    case = await on_its_way(world, number)
    await parcels.heard("sf", number, [happened("picked_up")])
    await parcels.heard("sf", "SF-nobody", [happened("picked_up")])
    await world.pool.execute("UPDATE parcel_events SET received_at = received_at - $1::interval", PARKED_FOR)
    await ActivityEnvironment().run(ParcelPolling(parcels, carrier).look_at_parcels, ParcelLook())
    kept = await world.pool.fetch("SELECT tracking FROM parcel_events")
    assert [row["tracking"] for row in kept] == [number]
    assert await told(world, case) == [("picked_up", AT)]


async def test_a_parcel_is_subscribed_as_soon_as_it_is_named_and_again_while_the_carrier_fails(
    world: World, temporal: Client, carrier: CarrierService, operator: SandboxClient
) -> None:
    parcels = on_record(world)
    await operator.fault("carrier", "error_500", operation="subscribe")
    records = CaseRecorder(world.pool, start_notices=world.tell, watch=watch)
    request = Request(remedy=Remedy.RETURN_REFUND, amount=Money(amount=29900))
    first = await world.opened(**dict(a_registration().filing.but(request=request)) | _fresh())
    sent = burst(first, shipped(agreed(first), number := a_number()))
    async with at_work(temporal, wire.PARCELS_QUEUE, ParcelSubscriber(parcels, carrier).watch_parcel):
        for _ in range(2):
            await ActivityEnvironment(client=temporal).run(records.record, sent)
        key = f"{first.complaint}:return:sf:{number}"
        await asyncio.wait_for(temporal.get_activity_handle(key).result(), 20)
    assert await world.pool.fetchval("SELECT subscribed_at FROM parcels WHERE tracking = $1", number) is not None
    assert await operator.faults() == []


async def test_pushes_that_stay_away_are_made_up_for_by_asking(
    world: World, temporal: Client, carrier: CarrierService, operator: SandboxClient
) -> None:
    case = await on_its_way(world, number := a_number())
    await operator.happen(Happening(carrier="sf", tracking=number, event="delivered", at=AT))
    looks = ParcelPolling(on_record(world), carrier, silence=timedelta())
    async with Worker(
        temporal,
        task_queue=wire.PARCELS_QUEUE,
        workflows=[ParcelWatch],
        activities=[looks.look_at_parcels],
        workflow_runner=workflow_runner(),
    ):
        for _ in range(2):
            found = await temporal.execute_workflow(
                wire.PARCEL_WATCH,
                id=wire.PARCEL_WATCH,
                task_queue=wire.PARCELS_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            )
            assert found == {"asked": 1, "unanswered": 0}
    assert await told(world, case) == [("delivered", AT)]
    pushed_as_well = await on_record(world).heard("sf", number, [happened("delivered")])
    assert pushed_as_well == Heard(0, parked=False)
    assert await told(world, case) == [("delivered", AT)]


async def test_only_a_parcel_whose_carrier_is_silent_is_asked_about(world: World, carrier: CarrierService) -> None:
    parcels = on_record(world)
    case = await on_its_way(world, number := a_number())
    looks = ParcelPolling(parcels, carrier, silence=timedelta(hours=6))

    async def asked() -> tuple[int, datetime | None]:
        found = await ActivityEnvironment().run(looks.look_at_parcels, ParcelLook())
        return found.asked, await world.pool.fetchval("SELECT looked_at FROM parcels WHERE tracking = $1", number)

    assert await asked() == (1, None)  # nobody had subscribed it; it is too new to be asked about
    assert await asked() == (0, None)
    await world.pool.execute("UPDATE parcels SET known_at = known_at - interval '7 hours'")
    await parcels.heard("sf", number, [])  # a push that tells nothing new is no silence
    assert await asked() == (0, None)
    await world.pool.execute("UPDATE parcels SET heard_at = heard_at - interval '7 hours'")
    assert (await asked())[1] is not None
    assert await asked() == (0, await world.pool.fetchval("SELECT looked_at FROM parcels"))
    arrived = said(case, "parcel_reported", _carrier("sf"), tracking=number, event="delivered", at=AT)
    await world.record(burst(case, arrived))
    await world.pool.execute("UPDATE parcels SET looked_at = NULL, known_at = known_at - interval '1 day'")
    assert await asked() == (0, None)


async def test_a_carrier_without_an_answer_holds_up_no_other(
    world: World, carrier: CarrierService, operator: SandboxClient
) -> None:
    numbers = [a_number() for _ in range(7)]
    cases = [await on_its_way(world, number) for number in numbers]
    for number in numbers:
        await operator.happen(Happening(carrier="sf", tracking=number, event="picked_up", at=AT))
    await operator.fault("carrier", "error_500", times=2, operation="look_up")
    looks = ParcelPolling(on_record(world), carrier, silence=AT_ONCE)
    found = await ActivityEnvironment().run(looks.look_at_parcels, ParcelLook())
    assert (found.asked, found.unanswered) == (7, 2)
    assert [await told(world, case) for case in cases].count([]) == 2
    await ActivityEnvironment().run(looks.look_at_parcels, ParcelLook())
    assert [await told(world, case) for case in cases] == [[("picked_up", AT)]] * 7


async def test_a_parcel_that_is_given_up_is_subscribed_again_by_the_next_look(
    world: World, carrier: CarrierService
) -> None:
    parcels = on_record(world)
    await on_its_way(world, number := a_number())
    await ActivityEnvironment().run(ParcelSubscriber(parcels, carrier).watch_parcel, world.watched[-1])
    await parcels.unsubscribed("sf", number)
    await ActivityEnvironment().run(ParcelPolling(parcels, carrier).look_at_parcels, ParcelLook())
    assert await world.pool.fetchval("SELECT subscribed_at FROM parcels WHERE tracking = $1", number) is not None


def test_an_event_has_one_id_whoever_tells_it_and_another_event_another() -> None:
    events = [happened("picked_up"), happened("delivered", 3)]
    ids = [one.message_id for one in reports("sf", "SF1", events)]
    assert [one.message_id for one in reports("sf", "SF1", events[::-1] * 3)] == ids
    others = {
        *(one.message_id for one in reports("yto", "SF1", events)),
        *(one.message_id for one in reports("sf", "SF2", events)),
        *(one.message_id for one in reports("sf", "SF1", [happened("picked_up", 1), happened("lost", 3)])),
    }
    assert len({*ids, *others}) == 8
    assert newest_of_each([]) == ()


def test_a_message_about_the_longest_number_is_one_that_is_understood() -> None:
    (message,) = reports("sf", "9" * 128, [happened("lost")])
    raw = RawValue(
        Payload(metadata={"encoding": b"json/plain"}, data=message.model_dump_json(exclude_none=True).encode())
    )
    assert read_message("parcel_reported", [raw]) == message
