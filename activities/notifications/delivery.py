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
from activities.notifications.channels import (
    IN_APP,
    Channel,
    ChannelName,
    Delivery,
    DeliveryFailed,
    DeliveryUnknown,
    delivery_key,
)
from activities.notifications.partners import InApp
from activities.notifications.preferences import Preferences, Recipient, Route, resolve_recipient
from activities.notifications.texts import render
from activities.store.notifications import Deliveries, DeliveryAttempt, PreferenceStore, State
from activities.store.pool import Pool
from workflows import wire
from workflows.complaint.domain.records import Notice
from workflows.vocabulary import Role

NOTIFY = "notify"

ATTEMPT_TIMEOUT = timedelta(seconds=30)
"""Time for one attempt on each channel in turn, a few seconds each."""
RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=5)
)
"""Unlimited: a channel that works again after days still delivers, and the web UI shows what waits."""

StartNotices = Callable[[Sequence[Notice]], Awaitable[None]]
"""Starts notices, idempotent; returns once Temporal has accepted all of them."""


async def start_notices(notices: Sequence[Notice]) -> None:
    """Start notices with the Temporal client of the running activity."""
    client = activity.client()
    await asyncio.gather(*(start_notice(client, notice) for notice in notices))


async def start_notice(client: Client, notice: Notice) -> None:
    """Start the delivery of one notice, once: the activity id is the notice's key."""
    await start_once(
        client,
        NOTIFY,
        notice,
        key=notice.key,
        queue=wire.NOTICES_QUEUE,
        attempt=ATTEMPT_TIMEOUT,
        retry=RETRY,
        summary=f"tells {notice.to}: {notice.event} ({notice.complaint})",
    )


RETRY_DELAYS: Sequence[timedelta] = tuple(timedelta(seconds=one) for one in (2, 30, 300, 900))
"""Delays between attempts on a channel after a temporary failure (long enough for greylisting); then the next one."""

_TRIED = frozenset({"failed", "unknown"})
"""States of a channel that is not attempted again."""

_log = structlog.stdlib.get_logger("redress.notices")


def _now() -> datetime:
    return datetime.now(UTC)


class NoticeDelivery:
    """Implements the standalone activity `notify`.

    `channels`: the configured ones beside the app. `role_defaults`: preferences of recipients who set none. `quiet`
    is false on time-skipping stacks, where quiet hours would be judged by the wrong clock.
    """

    def __init__(
        self,
        pool: Pool,
        in_app: InApp,
        channels: Mapping[ChannelName, Channel] | None = None,
        role_defaults: Mapping[Role, Preferences] | None = None,
        *,
        quiet: bool = True,
        now: Callable[[], datetime] = _now,
        retry_delays: Sequence[timedelta] = RETRY_DELAYS,
    ) -> None:
        self._deliveries, self._wishes = Deliveries(pool), PreferenceStore(pool)
        self._in_app, self._channels, self._role_defaults = in_app, channels or {}, role_defaults or {}
        self._quiet, self._now, self._retry_delays = quiet, now, retry_delays

    @activity.defn(name=NOTIFY)
    async def notify(self, notice: Notice) -> None:
        """Render and deliver a notice; an event without a template of its own uses the general one."""
        with attempt(notice.complaint) as this:
            this.outcome = await self._deliver(notice)

    async def _deliver(self, notice: Notice) -> str:
        """Deliver by the first channel that works and return its name; raises ApplicationError to be retried."""
        previous = await self._deliveries.of(notice.key)
        if any(one.state == "sent" for one in previous.values()):
            return "known"
        own, contact = await self._wishes.of(notice.to, notice.complaint)
        recipient = resolve_recipient(
            notice.to, notice.event, own, self._role_defaults.get(notice.to.role, Preferences()), contact
        )
        for route in recipient.routes:
            if await self._try_route(route, recipient, notice, previous.get(route.channel)):
                return route.channel
        raise AssertionError("the app is the last route, and either delivers or fails")

    async def _try_route(
        self, route: Route, recipient: Recipient, notice: Notice, previous: DeliveryAttempt | None
    ) -> bool:
        """Attempt one channel; returns False to go on to the next one."""
        delivery = _rendered(notice, route, recipient)
        if route.channel == IN_APP:
            await self._in_app.send(delivery)
            await self._deliveries.sent(notice.key, IN_APP)
            return True
        channel = self._channels.get(route.channel)
        if channel is None or (previous is not None and previous.state in _TRIED):
            return False
        if previous is None or previous.state == "deferred":
            self._wait_for_quiet_hours(route)
        attempts = await self._deliveries.claim(notice.key, route.channel, repeatable=channel.idempotent)
        if attempts is None:
            # The previous attempt was interrupted after its claim: the outcome is unknown, so it is not repeated.
            await self._fall_through(route, notice, "unknown", "interrupted")
            return False
        return await self._send(channel, delivery, route, notice, attempts)

    async def _send(self, channel: Channel, delivery: Delivery, route: Route, notice: Notice, attempts: int) -> bool:
        try:
            await channel.send(delivery)
        except DeliveryFailed as wrong:
            if not wrong.permanent and attempts <= len(self._retry_delays):
                await self._deliveries.fared(notice.key, route.channel, "deferred", wrong.why)
                raise _deferred(route, wrong.why, self._retry_delays[attempts - 1]) from None
            await self._fall_through(route, notice, "failed", wrong.why)
            return False
        except DeliveryUnknown as wrong:
            await self._fall_through(route, notice, "unknown", wrong.why)
            return False
        except Exception as wrong:  # noqa: BLE001 - its text may hold an address, and Temporal would show it
            await self._fall_through(route, notice, "unknown", type(wrong).__name__)
            return False
        await self._deliveries.fared(notice.key, route.channel, "sent")
        return True

    async def _fall_through(self, route: Route, notice: Notice, state: State, why: str) -> None:
        await self._deliveries.fared(notice.key, route.channel, state, why)
        _log.warning("falls_through", complaint=notice.complaint, channel=route.channel, state=state, why=why)

    def _wait_for_quiet_hours(self, route: Route) -> None:
        now = self._now()
        until = route.quiet.quiet_until(now) if route.quiet and self._quiet else None
        if until is not None:
            raise ApplicationError(
                f"quiet hours: {route.channel} waits until {until:%H:%M} Beijing time",
                type="QuietHours",
                next_retry_delay=until - now,
                category=ApplicationErrorCategory.BENIGN,
            )


def _rendered(notice: Notice, route: Route, recipient: Recipient) -> Delivery:
    subject, text = render(notice, recipient.locale)
    return Delivery(
        key=delivery_key(route.channel, notice.key), complaint=notice.complaint, event=notice.event, to=notice.to,
        address=route.address, locale=recipient.locale, subject=subject, text=text,
    )  # fmt: skip


def _deferred(route: Route, why: str, pause: timedelta) -> ApplicationError:
    return ApplicationError(
        f"{route.channel} says later ({why}): tried again in {pause.total_seconds():g} s, then the next channel",
        type="ChannelDeferred",
        next_retry_delay=pause,
    )
