"""Deliver notices: rendered for the recipient, sent by the first channel that works (R1.5, R7.2, R10.1).

One standalone activity per notice; its id is the notice's key. At most once per channel: a row claims the channel
before the attempt, and an attempt whose outcome is unknown is not repeated. At least once overall: a failed channel
falls through to the next one, at last to the app, which is retried for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.execution import attempt, start_once
from activities.notifications.channels import IN_APP, Channel, ChannelName, Letter, NotDelivered, Undecided, key_on
from activities.notifications.partners import InApp
from activities.notifications.preferences import Recipient, Way, Wishes, recipient
from activities.notifications.texts import render
from activities.store.notifications import Deliveries, Fared, State, WishBook
from activities.store.pool import Pool
from workflows import wire
from workflows.complaint.domain.records import Notice
from workflows.vocabulary import Role

NOTIFY = "notify"

ATTEMPT = timedelta(seconds=30)
"""Room for one try of each channel, one after the other, each within a few seconds."""
RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=5)
)
"""For ever: a channel that is mended after days still delivers, and the web UI shows what waits."""

Tell = Callable[[Sequence[Notice]], Awaitable[None]]
"""Starts notices; starting one again is nothing new. Returns once Temporal has all of them."""


async def tell(notices: Sequence[Notice]) -> None:
    """Start notices with the Temporal client of the running activity."""
    client = activity.client()
    await asyncio.gather(*(start_notice(client, notice) for notice in notices))


async def start_notice(client: Client, notice: Notice) -> None:
    """Start one notice; its key is the activity's id, so that starting it twice is starting it once."""
    await start_once(
        client,
        NOTIFY,
        notice,
        key=notice.key,
        queue=wire.NOTICES_QUEUE,
        attempt=ATTEMPT,
        retry=RETRY,
        summary=f"tells {notice.to}: {notice.event} ({notice.complaint})",
    )


PAUSES: Sequence[timedelta] = tuple(timedelta(seconds=one) for one in (2, 30, 300, 900))
"""Between the tries of a channel that says "later": long enough for greylisting, then the next channel has its turn."""

OVER = frozenset({"failed", "unknown"})
"""A channel that had its turn and did not bring the notice for certain."""

_log = structlog.stdlib.get_logger("redress.notices")


def _now() -> datetime:
    return datetime.now(UTC)


class Notices:
    """Implements the standalone activity `notify`.

    `channels` are those that are set up, beside the app; `of_roles` what holds for a role where its members said
    nothing. Without `quiet` nobody has a night: on a stack whose time is skipped the clock on the wall is nobody's.
    """

    def __init__(
        self,
        pool: Pool,
        in_app: InApp,
        channels: Mapping[ChannelName, Channel] | None = None,
        of_roles: Mapping[Role, Wishes] | None = None,
        *,
        quiet: bool = True,
        now: Callable[[], datetime] = _now,
        pauses: Sequence[timedelta] = PAUSES,
    ) -> None:
        self._deliveries, self._wishes = Deliveries(pool), WishBook(pool)
        self._in_app, self._channels, self._of_roles = in_app, channels or {}, of_roles or {}
        self._quiet, self._now, self._pauses = quiet, now, pauses

    @activity.defn(name=NOTIFY)
    async def notify(self, notice: Notice) -> None:
        """Word a notice and deliver it; an event without a text of its own is told in general words."""
        with attempt(notice.complaint) as this:
            this.outcome = await self._tell(notice)

    async def _tell(self, notice: Notice) -> str:
        """Deliver by the first way that works and return its name; raises ApplicationError to be tried again."""
        fared = await self._deliveries.of(notice.key)
        if any(one.state == "sent" for one in fared.values()):
            return "known"
        own, contact = await self._wishes.of(notice.to, notice.complaint)
        told = recipient(notice.to, notice.event, own, self._of_roles.get(notice.to.role, Wishes()), contact)
        for way in told.ways:
            if await self._by(way, told, notice, fared.get(way.channel)):
                return way.channel
        raise AssertionError("the app is the last way, and either delivers or fails")

    async def _by(self, way: Way, told: Recipient, notice: Notice, fared: Fared | None) -> bool:
        """Try one way; False where the next one has its turn."""
        letter = _rendered(notice, way, told)
        if way.channel == IN_APP:
            await self._in_app.send(letter)
            await self._deliveries.sent(notice.key, IN_APP)
            return True
        channel = self._channels.get(way.channel)
        if channel is None or (fared is not None and fared.state in OVER):
            return False
        if fared is None or fared.state == "deferred":
            self._wait_for_morning(way)
        tries = await self._deliveries.claim(notice.key, way.channel, repeatable=channel.repeatable)
        if tries is None:
            # Whoever claimed it died, or is still at it beyond its time: it may arrive, so it is not sent again.
            await self._over(way, notice, "unknown", "interrupted")
            return False
        return await self._sent(channel, letter, way, notice, tries)

    async def _sent(self, channel: Channel, letter: Letter, way: Way, notice: Notice, tries: int) -> bool:
        try:
            await channel.send(letter)
        except NotDelivered as wrong:
            if not wrong.lasting and tries <= len(self._pauses):
                await self._deliveries.fared(notice.key, way.channel, "deferred", wrong.why)
                raise _later(way, wrong.why, self._pauses[tries - 1]) from None
            await self._over(way, notice, "failed", wrong.why)
            return False
        except Undecided as wrong:
            await self._over(way, notice, "unknown", wrong.why)
            return False
        except Exception as wrong:  # noqa: BLE001 - its text may hold an address, and Temporal would show it
            await self._over(way, notice, "unknown", type(wrong).__name__)
            return False
        await self._deliveries.fared(notice.key, way.channel, "sent")
        return True

    async def _over(self, way: Way, notice: Notice, state: State, why: str) -> None:
        await self._deliveries.fared(notice.key, way.channel, state, why)
        _log.warning("falls_through", complaint=notice.complaint, channel=way.channel, state=state, why=why)

    def _wait_for_morning(self, way: Way) -> None:
        now = self._now()
        until = way.quiet.over(now) if way.quiet and self._quiet else None
        if until is not None:
            raise ApplicationError(
                f"quiet hours: {way.channel} waits until {until:%H:%M} Beijing time",
                type="QuietHours",
                next_retry_delay=until - now,
                category=ApplicationErrorCategory.BENIGN,
            )


def _rendered(notice: Notice, way: Way, told: Recipient) -> Letter:
    subject, text = render(notice, told.locale)
    return Letter(
        key=key_on(way.channel, notice.key), complaint=notice.complaint, event=notice.event, to=notice.to,
        address=way.address, locale=told.locale, subject=subject, text=text,
    )  # fmt: skip


def _later(way: Way, why: str, pause: timedelta) -> ApplicationError:
    return ApplicationError(
        f"{way.channel} says later ({why}): tried again in {pause.total_seconds():g} s, then the next channel",
        type="ChannelDeferred",
        next_retry_delay=pause,
    )
