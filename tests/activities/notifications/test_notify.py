"""Notices stand alone: started once each, delivered once each, and their trouble is never a complaint's."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.cases.record import CaseRecorder
from activities.cases.registry import CaseRegistry
from activities.notifications.delivery import NoticeDelivery, start_notice, start_notices
from activities.notifications.partners import InApp, NoticeSink
from activities.store.notifications import Outbox
from activities.store.pool import Pool
from tests.activities.working import at_work
from tests.activities.world import BUYER, World, a_registration, accepted, burst
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import ArrivedNotice
from workflows.complaint.domain.records import Notice
from workflows.complaint.rules.registration import open_case
from workflows.complaint.views.notices import notices_of
from workflows.complaint.views.view import view_of
from workflows.policy.loading import packaged
from workflows.wire import NOTICES_QUEUE


@pytest.fixture
async def sink(sandbox: RunningSandbox) -> AsyncIterator[NoticeSink]:
    async with NoticeSink(sandbox.url, seconds=1) as sink:
        yield sink


@pytest.fixture
def notices(pool: Pool, sink: NoticeSink) -> NoticeDelivery:
    return NoticeDelivery(pool, InApp(Outbox(pool), sink))


def a_notice(key: str, event: str = "closed") -> Notice:
    data = {"order": "o-1", "outcome": "settled"}
    return Notice(key=key, complaint="C20261118-7K3M9Q0VWX", to=BUYER, event=event, data=data)


async def arrived(operator: SandboxClient, *keys: str) -> list[ArrivedNotice]:
    """Wait until all of them have arrived, at most ten seconds."""
    async with asyncio.timeout(10):
        while not set(keys) <= {notice.key for notice in await operator.inbox()}:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    return [notice for notice in await operator.inbox() if notice.key in keys]


async def test_a_notice_is_worded_and_delivered_once_however_often_it_is_tried(
    notices: NoticeDelivery, operator: SandboxClient
) -> None:
    for _ in range(2):
        await ActivityEnvironment().run(notices.notify, a_notice("n-once"))
    (notice,) = await arrived(operator, "n-once")
    assert (notice.to, notice.locale) == (BUYER, "zh_CN")
    assert notice.subject == "投诉已结束：C20261118-7K3M9Q0VWX"
    assert "双方协商一致并已履行" in notice.text


async def test_a_sink_that_is_down_is_tried_again(notices: NoticeDelivery, operator: SandboxClient) -> None:
    await operator.fault("notices", "error_500")
    with pytest.raises(ApplicationError, match="the notice sink") as down:
        await ActivityEnvironment().run(notices.notify, a_notice("n-down"))
    assert (down.value.type, down.value.non_retryable) == ("PartnerUnreachable", False)
    await ActivityEnvironment().run(notices.notify, a_notice("n-down"))
    assert len(await arrived(operator, "n-down")) == 1


async def test_starting_a_notice_again_is_nothing_new_while_it_runs_and_after(temporal: Client) -> None:
    delivered: list[str] = []

    @activity.defn(name="notify")
    async def notify(notice: Notice) -> None:
        delivered.append(notice.key)

    for _ in range(2):
        await start_notice(temporal, a_notice("n-started"))
    async with at_work(temporal, NOTICES_QUEUE, notify):
        await temporal.get_activity_handle("n-started").result()
        await start_notice(temporal, a_notice("n-started"))
        await start_notice(temporal, a_notice("n-next"))
        await temporal.get_activity_handle("n-next").result()
    assert delivered == ["n-started", "n-next"]


async def test_a_whole_complaint_tells_everybody_once_through_the_real_engine(
    world: World, temporal: Client, notices: NoticeDelivery, operator: SandboxClient
) -> None:
    registry = CaseRegistry(
        world.pool,
        world,
        packaged(),
        open_case=open_case,
        view_of=view_of,
        notices_of=notices_of,
        start_notices=start_notices,
    )
    records, registration = CaseRecorder(world.pool), a_registration()
    async with at_work(temporal, NOTICES_QUEUE, notices.notify):
        for _ in range(2):
            case = await ActivityEnvironment(client=temporal).run(registry.register, registration)
        after = burst(case, accepted(case))
        for _ in range(2):
            await ActivityEnvironment(client=temporal).run(records.record, after)
        keys = [notice.key for notice in (*notices_of(case, case.timeline), *after.notices)]
        inbox = await arrived(operator, *keys)
    assert sorted(notice.key for notice in inbox) == sorted(keys)
    assert {str(notice.to) for notice in inbox} == {"buyer:b-1", "seller:sl-1", f"agent:{case.handler}"}


async def test_a_notice_that_fails_is_retried_by_itself_and_harms_nothing(
    temporal: Client, notices: NoticeDelivery, operator: SandboxClient
) -> None:
    await operator.fault("notices", "error_500", times=1)
    async with at_work(temporal, NOTICES_QUEUE, notices.notify):
        await start_notice(temporal, a_notice("n-retried"))
        assert len(await arrived(operator, "n-retried")) == 1
