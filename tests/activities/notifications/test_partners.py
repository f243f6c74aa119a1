from collections.abc import AsyncIterator

import httpx2
import pytest

from activities.errors import PartnerProtocolError, PartnerUnreachable
from activities.notifications.partners import NoticeSink
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient
from workflows.parties import Party
from workflows.vocabulary import Role


@pytest.fixture
async def sink(sandbox: RunningSandbox, http: httpx2.AsyncClient) -> AsyncIterator[NoticeSink]:
    async with NoticeSink(sandbox.url, client=http) as sink:
        yield sink


async def deliver(sink: NoticeSink, key: str, to: Party) -> None:
    await sink.deliver(key, channel="in_app", to=to, locale="zh_CN", subject="投诉已登记", text="我们已收到您的投诉。")


async def test_a_notice_reaches_the_inbox_of_its_recipient_once(sink: NoticeSink, operator: SandboxClient) -> None:
    to = Party(role=Role.BUYER, id="b-notice")
    for _ in range(3):
        await deliver(sink, "notice-1", to)
    (arrived,) = await operator.inbox(to)
    assert (arrived.key, arrived.subject, arrived.text) == ("notice-1", "投诉已登记", "我们已收到您的投诉。")


@pytest.mark.parametrize("mode", ["error_500", "timeout_before", "timeout_after"])
async def test_a_notice_told_again_after_a_failure_arrives_once(
    sandbox: RunningSandbox, http: httpx2.AsyncClient, sink: NoticeSink, operator: SandboxClient, mode: str
) -> None:
    to = Party(role=Role.SELLER, id=f"sl-{mode}")
    await operator.fault("notices", mode, operation="deliver")
    async with NoticeSink(sandbox.url, client=http, seconds=0.3) as hasty:
        with pytest.raises(PartnerUnreachable, match="the notice sink at http://"):
            await deliver(hasty, f"notice-{mode}", to)
    assert len(await operator.inbox(to)) == (1 if mode == "timeout_after" else 0)
    await deliver(sink, f"notice-{mode}", to)
    assert len(await operator.inbox(to)) == 1


async def test_a_slow_sink_is_waited_for(sink: NoticeSink, operator: SandboxClient) -> None:
    to = Party(role=Role.SELLER, id="sl-slow")
    await operator.fault("notices", "slow")
    await deliver(sink, "notice-slow", to)
    assert len(await operator.inbox(to)) == 1


async def test_a_notice_the_sink_cannot_take_names_the_place(sink: NoticeSink) -> None:
    to = Party(role=Role.BUYER, id="b-1")
    with pytest.raises(PartnerProtocolError, match="422 invalid: subject: String should have at most 200"):
        await sink.deliver("notice-long", channel="in_app", to=to, locale="en", subject="x" * 201, text="")
