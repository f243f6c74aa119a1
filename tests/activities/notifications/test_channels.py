"""Notices over real channels that fail: at most once on each, at least once overall, and no address in words."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import httpx2
import pytest
import structlog
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.notifications.delivery import NoticeDelivery, start_notice
from activities.notifications.mail import Mail
from activities.notifications.partners import InApp, NoticeSink, ShortMessages
from activities.notifications.preferences import Preferences
from activities.notifications.robots import Robot, Robots
from activities.store.notifications import Deliveries, Outbox, PreferenceStore
from activities.store.pool import Pool
from tests import ROOT
from tests.activities.notifications.dying_notice import POINTS
from tests.activities.notifications.group import Group
from tests.activities.notifications.mail_server import Post
from tests.activities.working import at_work
from tests.activities.world import World
from tests.workers.sandbox.running import RunningSandbox
from workers.sandbox.client import SandboxClient
from workflows.complaint.domain.filing import Contact
from workflows.complaint.domain.records import Notice
from workflows.parties import Party
from workflows.values import BEIJING
from workflows.vocabulary import Role
from workflows.wire import NOTICES_QUEUE

NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
NIGHT = datetime(2026, 11, 22, 23, tzinfo=BEIJING)
AT_ONCE = (timedelta(0), timedelta(0))


class Telling:
    """Notices with every channel, on a clock of one's own."""

    def __init__(self, pool: Pool, sink: NoticeSink, post: Post, group: Group, client: httpx2.AsyncClient) -> None:
        self.pool, self.post, self.group, self.clock = pool, post, group, NOON
        robots = {"ops": Robot("dingtalk", group.url, "SEC-1")}
        self.notices = NoticeDelivery(
            pool,
            InApp(Outbox(pool), sink),
            {
                "email": Mail(post.server()),
                "sms": ShortMessages(sink),
                "dingtalk": Robots("dingtalk", robots, client),
            },
            now=lambda: self.clock,
            retry_delays=AT_ONCE,
        )

    async def once(self, notice: Notice) -> None:
        await ActivityEnvironment().run(self.notices.notify, notice)

    async def told(self, notice: Notice) -> int:
        """Try until the notice is told, as Temporal would; returns how often it was tried."""
        for tries in range(1, 12):
            try:
                await self.once(notice)
            except ApplicationError:
                continue
            return tries
        raise AssertionError(f"{notice.key} was never told")

    async def wish(self, who: str, channels: Sequence[str], **more: object) -> Party:
        to = Party(role=Role.BUYER, id=who)
        addresses = {"email": f"{who}@mail.test", "dingtalk": "ops"}
        wishes = {"channels": list(channels), "addresses": addresses, **more}
        await PreferenceStore(self.pool).keep(to, Preferences.model_validate(wishes))
        return to

    async def fared(self, notice: Notice) -> dict[str, tuple[str, str | None]]:
        rows = await self.pool.fetch("SELECT channel, state, why FROM deliveries WHERE key = $1", notice.key)
        return {row["channel"]: (row["state"], row["why"]) for row in rows}


@pytest.fixture
async def telling(pool: Pool, sandbox: RunningSandbox) -> AsyncIterator[Telling]:
    async with (
        NoticeSink(sandbox.url, seconds=1) as sink,
        Post() as post,
        Group() as group,
        httpx2.AsyncClient(trust_env=False) as client,
    ):
        yield Telling(pool, sink, post, group, client)


def a_notice(to: Party, event: str = "closed", step: int = 1) -> Notice:
    key, data = f"C20261118-7K3M9Q0VWX:{step}:{event}:{to}", {"order": "o-1", "outcome": "settled"}
    return Notice(key=key, complaint="C20261118-7K3M9Q0VWX", to=to, event=event, data=data)


async def inbox(operator: SandboxClient, to: Party) -> list[str]:
    return [one.channel for one in await operator.inbox(to)]


async def test_mail_is_written_in_the_language_of_its_reader(telling: Telling, operator: SandboxClient) -> None:
    to = await telling.wish("reader", ["email"], locale="en")
    assert await telling.told(a_notice(to)) == 1
    (message,) = telling.post.arrived["reader@mail.test"]
    assert message["Subject"] == "Complaint closed: C20261118-7K3M9Q0VWX"
    assert await inbox(operator, to) == [], "who was reached by mail is not told twice"


@pytest.mark.parametrize(
    ("who", "how"),
    [("gone-1", ("failed", "recipient 550")), ("spam-1", ("failed", "content 554"))],
)
async def test_a_mail_that_bounces_falls_through_to_the_next_channel(
    telling: Telling, operator: SandboxClient, who: str, how: tuple[str, str]
) -> None:
    to = await telling.wish(who, ["email", "sms"])
    notice = a_notice(to)
    assert await telling.told(notice) == 1
    assert await telling.fared(notice) == {"email": how, "sms": ("sent", None)}
    assert await Deliveries(telling.pool).in_trouble() == {"email": 1}
    assert await inbox(operator, to) == ["sms"]


async def test_a_mail_that_is_refused_for_now_is_tried_again_and_arrives_once(telling: Telling) -> None:
    to = await telling.wish("grey-1", ["email"])
    with pytest.raises(ApplicationError, match="says later") as later:
        await telling.once(a_notice(to))
    assert (later.value.type, later.value.next_retry_delay) == ("ChannelDeferred", timedelta(0))
    assert await telling.told(a_notice(to)) == 1
    assert len(telling.post.arrived["grey-1@mail.test"]) == 1


async def test_patience_with_a_channel_ends_and_the_next_has_its_turn(
    telling: Telling, operator: SandboxClient
) -> None:
    to = await telling.wish("full-1", ["email", "dingtalk"])
    telling.group.answer('{"errcode": 130101, "errmsg": "send too fast"}')
    notice = a_notice(to)
    assert await telling.told(notice) == 5
    assert telling.post.tried["full-1@mail.test"] == 3
    assert len(telling.group.said) == 3
    assert await telling.fared(notice) == {
        "email": ("failed", "recipient 452"), "dingtalk": ("failed", "errcode 130101"), "in_app": ("sent", None),
    }  # fmt: skip
    assert await inbox(operator, to) == ["in_app"]


async def test_a_mail_that_may_have_arrived_is_never_sent_again(telling: Telling, operator: SandboxClient) -> None:
    to = await telling.wish("drop-1", ["email"])
    notice = a_notice(to)
    for _ in range(3):
        assert await telling.told(notice) == 1
    assert len(telling.post.arrived["drop-1@mail.test"]) == 1
    assert (await telling.fared(notice))["email"][0] == "unknown"
    assert await inbox(operator, to) == ["in_app"]


async def test_a_robot_that_refuses_with_200_is_not_believed(telling: Telling, operator: SandboxClient) -> None:
    to = await telling.wish("robot-1", ["dingtalk"])
    telling.group.answer('{"errcode": 310000, "errmsg": "sign not match"}')
    assert await telling.told(a_notice(to)) == 1
    assert await inbox(operator, to) == ["in_app"]
    telling.group.answer('{"errcode": 0, "errmsg": "ok"}')
    assert await telling.told(a_notice(to, step=2)) == 1
    assert await inbox(operator, to) == ["in_app"]


async def test_a_short_message_whose_answer_was_lost_is_sent_again_and_arrives_once(
    telling: Telling, operator: SandboxClient
) -> None:
    """The notice service knows a key it has seen, so here a doubt can be resolved by sending again."""
    to = await telling.wish("sms-1", ["sms"])
    await operator.fault("notices", "timeout_after", operation="sms")
    assert await telling.told(a_notice(to)) == 2
    assert await inbox(operator, to) == ["sms"]


async def test_a_number_nobody_has_falls_through(telling: Telling, operator: SandboxClient) -> None:
    to = await telling.wish("sms-2", ["sms"])
    await operator.fault("notices", "declined", operation="sms")
    assert await telling.told(a_notice(to)) == 1
    assert await inbox(operator, to) == ["in_app"]


async def test_the_ladder_of_the_survey_is_a_message_at_once_and_a_short_message_after_a_day(
    telling: Telling, operator: SandboxClient
) -> None:
    """R10.1; the third rung is a task for the handler's telephone."""
    to, handler = Party(role=Role.BUYER, id="ladder-1"), Party(role=Role.AGENT, id="ladder-a")
    rungs = (("follow_up_started", to), ("survey_reminded", to), ("callback_task_given", handler))
    for step, (event, who) in enumerate(rungs):
        await telling.once(a_notice(who, event, step))
    assert await inbox(operator, to) == ["in_app", "sms"]
    assert await inbox(operator, handler) == ["in_app"]


async def test_a_short_message_waits_for_the_morning_and_the_app_does_not(
    telling: Telling, operator: SandboxClient
) -> None:
    to, telling.clock = Party(role=Role.BUYER, id="night-1"), NIGHT
    await telling.once(a_notice(to))
    assert await inbox(operator, to) == ["in_app"]
    with pytest.raises(ApplicationError, match="waits until 08:00 Beijing time") as quiet:
        await telling.once(a_notice(to, "survey_reminded", 2))
    assert quiet.value.next_retry_delay == timedelta(hours=9)
    assert await inbox(operator, to) == ["in_app"]
    telling.clock = NIGHT + timedelta(hours=9)
    await telling.once(a_notice(to, "survey_reminded", 2))
    assert await inbox(operator, to) == ["in_app", "sms"]


async def test_on_a_stack_whose_time_is_skipped_nobody_has_a_night(pool: Pool, sandbox: RunningSandbox) -> None:
    async with NoticeSink(sandbox.url) as sink:
        awake = NoticeDelivery(
            pool, InApp(Outbox(pool), sink), {"sms": ShortMessages(sink)}, quiet=False, now=lambda: NIGHT
        )
        to = Party(role=Role.BUYER, id="awake-1")
        await ActivityEnvironment().run(awake.notify, a_notice(to, "survey_reminded"))


async def test_a_wish_that_changes_after_a_notice_was_sent_does_not_send_it_again(
    telling: Telling, operator: SandboxClient
) -> None:
    to = await telling.wish("moody", ["email"])
    await telling.told(a_notice(to))
    await telling.wish("moody", ["sms"])
    await telling.told(a_notice(to))
    assert await inbox(operator, to) == []


async def test_the_buyer_is_written_to_at_the_contact_of_the_filing(telling: Telling, world: World) -> None:
    case = await world.opened(contact=Contact(email="filed@mail.test"))
    await PreferenceStore(world.pool).keep(case.buyer, Preferences(channels=("email",)))
    notice = Notice(
        key=f"{case.complaint}:1:closed:{case.buyer}", complaint=case.complaint, to=case.buyer, event="closed",
        data={"order": "o-1", "outcome": "settled"},
    )  # fmt: skip
    await telling.told(notice)
    assert len(telling.post.arrived["filed@mail.test"]) == 1


async def test_ten_at_once_send_a_notice_once_on_each_channel(telling: Telling, operator: SandboxClient) -> None:
    to = await telling.wish("crowd", ["email"])
    await asyncio.gather(*(telling.told(a_notice(to)) for _ in range(10)))
    assert len(telling.post.arrived["crowd@mail.test"]) == 1
    assert (await telling.fared(a_notice(to)))["email"][0] == "sent"
    assert await inbox(operator, to) in ([], ["in_app"]), "who saw another at work could not know"


@pytest.mark.parametrize("point", POINTS)
async def test_a_worker_killed_in_the_middle_of_a_sending_sends_at_most_once_and_tells_at_least_once(
    telling: Telling, address: str, sandbox: RunningSandbox, operator: SandboxClient, point: str
) -> None:
    who = f"killed-{POINTS.index(point)}" if point != "in the app" else "gone-killed"
    to = await telling.wish(who, ["email"])
    notice = a_notice(to)
    command = ["-m", "tests.activities.notifications.dying_notice", address, sandbox.url, str(telling.post.port), point]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdin=PIPE, stderr=PIPE)
    await asyncio.wait_for(process.communicate(notice.model_dump_json().encode()), 30)
    assert process.returncode == -signal.SIGKILL
    await telling.told(notice)
    by_mail, in_app = len(telling.post.arrived.get(f"{who}@mail.test", ())), len(await inbox(operator, to))
    expected = {
        "before the mail": (0, 1), "after the mail": (1, 1), "after the answer": (1, 0), "in the app": (0, 1),
    }  # fmt: skip
    assert (by_mail, in_app) == expected[point]


async def test_of_a_thousand_notices_over_failing_channels_none_is_lost_and_none_comes_twice(
    telling: Telling, operator: SandboxClient
) -> None:
    ends = ("fine", "gone", "grey", "drop", "spam", "full", "fine", "fine", "fine", "fine")
    people = [await telling.wish(f"{ends[n % 10]}-m{n}", ["email"]) for n in range(1000)]
    await operator.fault("notices", "error_500", times=40)
    await operator.fault("notices", "timeout_after", times=3)
    room = asyncio.Semaphore(20)

    async def tell(to: Party) -> None:
        async with room:
            await telling.told(a_notice(to))
            if to.id[-2] == "7":  # an attempt that was over, and whose answer Temporal never saw
                await telling.told(a_notice(to))

    await asyncio.gather(*map(tell, people))
    mails = Counter({address.split("@")[0]: len(found) for address, found in telling.post.arrived.items()})
    in_app = Counter(one.to.id for one in await operator.inbox())
    assert set(mails.values()) == {1}
    assert {in_app[to.id] for to in people} == {0, 1}
    for to in people:
        reached = (mails[to.id], in_app[to.id])
        assert reached == {"fine": (1, 0), "grey": (1, 0), "drop": (1, 1)}.get(to.id[:4], (0, 1)), to.id


async def test_temporal_itself_tries_again_after_the_pause(temporal: Client, telling: Telling) -> None:
    to = await telling.wish("grey-temporal", ["email"])
    async with at_work(temporal, NOTICES_QUEUE, telling.notices.notify):
        await start_notice(temporal, a_notice(to))
        await asyncio.wait_for(temporal.get_activity_handle(a_notice(to).key).result(), 10)
    assert telling.post.tried["grey-temporal@mail.test"] == 2
    assert len(telling.post.arrived["grey-temporal@mail.test"]) == 1


async def test_no_address_is_in_a_log_an_error_or_the_record_of_deliveries(telling: Telling) -> None:
    texts: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for who in ("gone-canary", "full-canary", "spam-canary", "drop-canary", "fine-canary"):
            to = await telling.wish(who, ["email"])
            for _ in range(4):
                try:
                    await telling.once(a_notice(to))
                except ApplicationError as wrong:
                    texts.append(repr(wrong) + str(wrong.__dict__))
    rows = await telling.pool.fetch("SELECT * FROM deliveries")
    assert texts
    assert "mail.test" not in f"{texts}{logs}{[tuple(row) for row in rows]}"
