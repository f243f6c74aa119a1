"""An old number proves nothing: what happened before a leg was owed is not its; a number named twice is told (R6.3)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from temporalio.testing import ActivityEnvironment

from activities.notifications.texts import render
from activities.parcels.partners import CarrierService
from activities.parcels.watch import ParcelPolling, ParcelSubscriber
from activities.store.inbox import Inbox
from activities.store.parcels import DOUBTFUL, Heard, Parcels, under_way
from starter.doctor.partners import parcels as parcels_check
from tests.activities.parcels.test_watch import a_number, on_its_way, on_record, told
from tests.activities.world import World, agreed, burst, said, shipped
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import Happening
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parcels import EventName, ParcelEvent, ParcelLook
from workflows.complaint.domain.records import Notice
from workflows.complaint.rules.dispatch import expire
from workflows.complaint.views.record import unwritten
from workflows.parties import Party
from workflows.vocabulary import Role

NOW = datetime.now(UTC).replace(microsecond=0)
SINCE = NOW - timedelta(days=2)
"""When the return was agreed."""

BEFORE, AFTER = SINCE - timedelta(days=20), SINCE + timedelta(days=1)


@pytest.fixture
async def carrier(sandbox: RunningSandbox, http: httpx2.AsyncClient) -> AsyncIterator[CarrierService]:
    async with CarrierService(sandbox.url, client=http) as one:
        yield one


def at(instant: datetime, event: EventName) -> ParcelEvent:
    return ParcelEvent(event=event, at=instant)


async def named(world: World, carrier: CarrierService, parcels: Parcels, number: str) -> Case:
    """A complaint whose buyer names that number, and whose parcel is watched since."""
    case = await on_its_way(world, number, since=SINCE)
    await ActivityEnvironment().run(ParcelSubscriber(parcels, carrier).watch_parcel, world.watched[-1])
    return case


async def looked(world: World, carrier: CarrierService) -> list[Notice]:
    """Let a look pass; returns what handlers were told of parcels, each notice once, as it is by its key."""
    before = {one.key for one in world.told}
    looks = ParcelPolling(on_record(world), carrier, silence=timedelta(), start_notices=world.tell)
    await ActivityEnvironment().run(looks.look_at_parcels, ParcelLook())
    return list({one.key: one for one in world.told if one.key not in before}.values())


async def test_a_parcel_that_had_arrived_before_the_return_was_agreed_does_not_arrive_again(
    world: World, carrier: CarrierService
) -> None:
    number, parcels = a_number(), on_record(world)
    await parcels.heard("sf", number, [at(BEFORE, "picked_up"), at(BEFORE + timedelta(days=2), "delivered")])
    case = await named(world, carrier, parcels, number)
    assert await told(world, case) == []
    again = [at(BEFORE + timedelta(days=2), "delivered"), at(AFTER, "delivered")]
    assert await parcels.heard("sf", number, again) == Heard(0, parked=False)
    assert await told(world, case) == []


async def test_an_old_number_that_is_only_asked_about_does_not_arrive_either(
    world: World, carrier: CarrierService, operator: SandboxClient
) -> None:
    number, parcels = a_number(), on_record(world)
    await operator.happen(Happening(carrier="sf", tracking=number, event="delivered", at=BEFORE))
    case = await named(world, carrier, parcels, number)
    (notice,) = await looked(world, carrier)
    assert await told(world, case) == []
    assert (notice.event, notice.to) == (DOUBTFUL, Party(role=Role.AGENT, id=case.handler or ""))
    assert number in render(notice, "en")[1]
    assert notice.data["before"] in render(notice, "zh_CN")[1]
    assert await looked(world, carrier) == []


async def test_what_was_refused_at_the_door_is_still_to_come_back(world: World, carrier: CarrierService) -> None:
    number, parcels = a_number(), on_record(world)
    await parcels.heard("sf", number, [at(BEFORE, "in_transit"), at(BEFORE, "refused")])
    case = await named(world, carrier, parcels, number)
    await parcels.heard("sf", number, [at(AFTER, "returned")])
    assert await told(world, case) == [("returned", AFTER)]


async def test_the_original_that_was_said_to_have_arrived_arrives_all_the_same(
    world: World, carrier: CarrierService
) -> None:
    number, parcels = a_number(), on_record(world)
    await parcels.heard("sf", number, [at(BEFORE, "delivered")])
    case = await named(world, carrier, parcels, number)
    await world.pool.execute("UPDATE parcels SET leg = 'original' WHERE tracking = $1", number)
    await parcels.heard("sf", number, [at(AFTER, "delivered")])
    assert await told(world, case) == [("delivered", AFTER)]


@pytest.mark.parametrize("before", ["picked_up", "lost"])
async def test_a_parcel_that_was_handed_over_early_counts_from_when_it_was_owed(
    world: World, carrier: CarrierService, before: EventName
) -> None:
    number, parcels = a_number(), on_record(world)
    case = await named(world, carrier, parcels, number)
    early = SINCE - timedelta(hours=3)
    await parcels.heard("sf", number, [at(early, before), at(AFTER, "delivered")])
    assert await told(world, case) == [("delivered", AFTER)]
    (notice,) = await looked(world, carrier)
    assert notice.data["others"] == ""


async def test_what_happened_after_it_was_agreed_and_before_the_number_was_told_counts(
    world: World, carrier: CarrierService
) -> None:
    number, parcels = a_number(), on_record(world)
    await parcels.heard("sf", number, [at(NOW - timedelta(hours=1), "delivered")])
    await world.pool.execute("UPDATE parcel_events SET received_at = received_at - interval '30 minutes'")
    case = await named(world, carrier, parcels, number)
    assert await told(world, case) == [("delivered", NOW - timedelta(hours=1))]
    assert await looked(world, carrier) == []


async def test_what_came_back_to_the_buyer_is_not_returned_by_naming_it_again(
    world: World, carrier: CarrierService
) -> None:
    number, parcels = a_number(), on_record(world)
    sent = await named(world, carrier, parcels, number)
    await parcels.heard("sf", number, [at(AFTER, "returned")])
    back = said(sent, "parcel_reported", _sf(), tracking=number, event="returned", at=AFTER)
    await world.record(burst(sent, back).but(goods_since=SINCE))
    # Its sender has signed for it, which some carriers call delivered.
    await parcels.heard("sf", number, [at(NOW, "delivered")])
    again = shipped(back, number)
    await world.record(burst(back, again).but(goods_since=SINCE))
    await parcels.pass_on("sf", number)
    assert [event for event, _ in await told(world, again)] == ["returned"]


async def test_what_came_back_stays_back_also_where_it_is_named_again_before_that_is_on_record(
    world: World, carrier: CarrierService
) -> None:
    number, parcels = a_number(), on_record(world)
    sent = await named(world, carrier, parcels, number)
    await parcels.heard("sf", number, [at(AFTER, "returned")])
    back = said(sent, "parcel_reported", _sf(), tracking=number, event="returned", at=AFTER)
    again = shipped(back, number)
    await world.record(burst(sent, again).but(goods_since=SINCE))
    await parcels.heard("sf", number, [at(AFTER, "delivered"), at(NOW, "delivered"), at(NOW, "in_transit")])
    assert [event for event, _ in await told(world, again)] == ["returned"]


def _sf() -> Party:
    return Party(role=Role.CARRIER, id="sf")


async def test_what_counted_as_not_sent_because_its_carrier_was_silent_is_heard_when_it_is_named_again(
    world: World, carrier: CarrierService
) -> None:
    number, parcels = a_number(), on_record(world)
    sent = await named(world, carrier, parcels, number)
    unsent = expire(sent, sent.now + timedelta(days=6, hours=18))  # 48 h, then two working days (R6.4)
    assert (unsent.goods[-1].state, unsent.goods[-1].attempt) == ("awaited", 2)
    await world.record(burst(sent, unsent).but(goods_since=SINCE))
    assert (await parcels.heard("sf", number, [at(AFTER, "delivered")])).parked
    again = shipped(unsent, number)
    await world.record(burst(unsent, again).but(goods_since=SINCE))
    await parcels.pass_on("sf", number)
    assert await told(world, again) == [("delivered", AFTER)]


async def test_the_same_number_in_another_cycle_proves_nothing_of_it(world: World, carrier: CarrierService) -> None:
    number, parcels = a_number(), on_record(world)
    sent = await named(world, carrier, parcels, number)
    await parcels.heard("sf", number, [at(AFTER, "delivered")])
    await world.pool.execute("UPDATE parcels SET over_at = clock_timestamp() WHERE tracking = $1", number)
    later = said(sent, "noted", _handler(sent), text="第二轮")
    await world.record(burst(sent, later).but(goods_since=AFTER + timedelta(hours=5)))
    await parcels.heard("sf", number, [at(AFTER + timedelta(hours=6), "delivered")])
    assert await told(world, sent) == [("delivered", AFTER)]


def _handler(case: Case) -> Party:
    return Party(role=Role.AGENT, id=case.handler or "")


async def test_a_number_in_two_complaints_is_told_to_both_handlers_and_again_when_a_third_names_it(
    world: World, carrier: CarrierService
) -> None:
    number, parcels = a_number(), on_record(world)
    first, second = [await named(world, carrier, parcels, number) for _ in range(2)]
    notices = await looked(world, carrier)
    assert {one.complaint: one.data["others"] for one in notices} == {
        first.complaint: second.complaint,
        second.complaint: first.complaint,
    }
    assert second.complaint in render(notices[0], "en")[1]
    await world.pool.execute(
        "UPDATE parcels SET known_at = known_at - interval '2 minutes' WHERE tracking = $1", number
    )
    assert await looked(world, carrier) == []
    third = await named(world, carrier, parcels, number)
    assert {one.complaint: one.data["others"] for one in await looked(world, carrier)} == {
        first.complaint: third.complaint,
        second.complaint: third.complaint,
        third.complaint: f"{first.complaint}, {second.complaint}",
    }
    assert (await under_way(world.pool, timedelta(hours=1), timedelta(hours=8))).doubtful == 3
    assert "doubtful" in (await parcels_check(world.pool)).text


async def test_an_event_dated_ahead_does_not_hide_what_comes_after_it(world: World, carrier: CarrierService) -> None:
    number, parcels = a_number(), on_record(world)
    case = await named(world, carrier, parcels, number)
    await parcels.heard("sf", number, [at(NOW + timedelta(days=365), "in_transit")])
    ((_, first),) = await told(world, case)
    assert first < NOW + timedelta(hours=1), "it is dated by when it was heard of"
    await world.pool.execute("UPDATE parcel_events SET received_at = received_at - interval '1 day'")
    assert (await parcels.heard("sf", number, [at(NOW, "in_transit")])).told == 1


async def test_ten_thousand_events_of_a_parcel_are_taken_in_and_few_messages(
    world: World, carrier: CarrierService
) -> None:
    number, parcels = a_number(), on_record(world)
    case = await named(world, carrier, parcels, number)
    events = [at(AFTER + timedelta(seconds=second), "in_transit") for second in range(10_000)]
    for page in range(0, len(events), 2000):
        await parcels.heard("sf", number, events[page : page + 2000])
    assert [happened for _, happened in await told(world, case)] == [one.at for one in events[1999::2000]]


async def test_where_time_is_skipped_clocks_are_not_compared(world: World, carrier: CarrierService) -> None:
    number, parcels = a_number(), Parcels(world.pool, Inbox(world.pool), stamp=False)
    await parcels.heard("sf", number, [at(BEFORE, "delivered")])
    case = await named(world, carrier, parcels, number)
    assert await told(world, case) == [("delivered", BEFORE)]


async def test_what_is_recorded_says_since_when_the_goods_are_owed(world: World) -> None:
    case = await on_its_way(world, number := a_number(), since=SINCE)
    assert await world.pool.fetchval("SELECT since FROM parcels WHERE tracking = $1", number) == SINCE
    assert unwritten(case, 0, 0).goods_since == case.goods[-1].since
    assert unwritten(agreed(await world.opened()), 0, 0).goods_since is None
