"""Notices: what happened, worded for the one who is told, by the first channel that brings it (R1.5, R7.2, R10.1).

At most once per channel: a row says that a channel is tried before it is, and a try that may have arrived is never made
again. At least once overall: what fails falls through to the next channel, at last to the app, which is tried for ever.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.attempt import attempt
from activities.notifications.channels import IN_APP, Channel, ChannelName, Letter, NotDelivered, Undecided, key_on
from activities.notifications.dispatch import NOTIFY
from activities.notifications.in_app import InApp
from activities.notifications.recipients import Recipient, Way, Wishes, recipient
from activities.notifications.texts import render
from activities.store.notifications import Deliveries, Fared, State, WishBook
from activities.store.pool import Pool
from workflows.complaint.domain.records import Notice
from workflows.vocabulary import Role

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
        letter = _worded(notice, way, told)
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


def _worded(notice: Notice, way: Way, told: Recipient) -> Letter:
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
