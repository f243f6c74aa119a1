"""The worker: the composition root, where the workflow meets its activities and these meet the world."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from activities.cases.lookups import CalendarLookup, InboxDrain
from activities.cases.orders import OrderSystem
from activities.cases.record import CaseRecorder
from activities.cases.registry import CaseRegistry
from activities.notifications.delivery import NoticeDelivery, StartNotices, start_notices
from activities.partner_events.delivery import EventDispatcher
from activities.partner_events.publishing import EventPublisher, OutboxPublisher
from activities.partner_events.webhook import WebhookClient
from activities.payments.pay import Payments
from activities.store.held_money import HeldMoney
from activities.store.inbox import Inbox
from activities.store.migrate import MigrationRefused
from activities.store.partner_events import Outbound
from activities.store.payload_keys import KeysMissing, agree_on_keys
from activities.store.pool import Pool, open_pool
from activities.store.prepare import prepare
from activities.store.rulebooks import RulebookChanged
from workers.composition.handler_metadata import KindsShown
from workers.composition.partner_events import events_worker
from workers.composition.upkeep import looks, parcels_worker, scheduled, upkeep_worker
from workers.composition.workflow_runner import workflow_runner
from workers.config.notifications import notices_over
from workers.config.parcels import carriers, watches
from workers.config.payments import payment_provider
from workers.config.settings import Settings, SettingsInvalid, connect
from workers.config.subscriptions import ConfiguredSubscriptions, clients_file
from workers.encryption import key_ring
from workers.telemetry.logs import configure
from workflows import wire
from workflows.complaint.rules.registration import open_case
from workflows.complaint.views.notices import notices_of
from workflows.complaint.views.view import view_of
from workflows.complaint.workflow import Complaint
from workflows.policy.loading import PolicyInvalid
from workflows.policy.rulebook import Rulebook

_log = structlog.stdlib.get_logger("redress.worker")

_GRACE = timedelta(seconds=8)
"""How long running activities may finish when the worker is stopped; most take a few milliseconds."""


_STICKY = timedelta(seconds=5)
"""How long a task waits for the worker that has the complaint in memory. No shorter, or a busy worker is taken for a
dead one, and shorter than an activity's attempt: ADR 6 says what a task that timed out can do to an update."""


async def serve(settings: Settings, stop: asyncio.Event, *, start_notices: StartNotices = start_notices) -> None:
    """Work until told to stop; `tell` starts notices.

    Raises SettingsInvalid, PolicyInvalid, KeyRingInvalid or KeysMissing, and OSError or RuntimeError when database or
    Temporal cannot be reached.
    """
    rulebook, provider_over, carriers_of = settings.rulebook(), payment_provider(settings), carriers(settings)
    subscriptions = ConfiguredSubscriptions(clients_file())
    await prepare(settings.database_url, rulebook)
    await _hold_every_key(settings)
    client = await connect(settings.key_ring)
    async with AsyncExitStack() as world:
        pool = await open_pool(settings.database_url, most=max(2, settings.max_activities // 4))
        world.push_async_callback(pool.close)
        orders = await world.enter_async_context(OrderSystem(settings.partners_url))
        provider = await world.enter_async_context(provider_over(HeldMoney(pool)))
        notices = await world.enter_async_context(notices_over(settings, pool))
        webhooks = await world.enter_async_context(WebhookClient())
        partners = OutboxPublisher(pool, subscriptions)
        carrier = await world.enter_async_context(carriers_of())
        payments = Payments(pool, provider, start_notices=start_notices, partners=partners)
        draining = InboxDrain(Inbox(pool), by_hand=settings.time_skipping)
        of_complaints = [*_of_complaints(pool, orders, rulebook, payments, start_notices, partners), draining.drain]
        for worker in (
            complaints_worker(client, settings, of_complaints),
            notices_worker(client, notices),
            events_worker(client, EventDispatcher(Outbound(pool), subscriptions, webhooks), _GRACE),
            parcels_worker(client, watches(settings, pool, carrier), workflow_runner(), _GRACE),
            upkeep_worker(client, looks(pool, rulebook, payments, provider), workflow_runner(), _GRACE),
        ):
            await world.enter_async_context(worker)
        await scheduled(client)
        _log.info("working", queue=wire.TASK_QUEUE, policy=rulebook.policy.version, calendar=rulebook.calendar.version)
        await _say_ready(settings.ready_file)
        await stop.wait()
        _log.info("stopping")


async def _say_ready(mark: Path | None) -> None:
    if mark:
        await asyncio.to_thread(mark.touch)


async def _hold_every_key(settings: Settings) -> None:
    keys = key_ring.read(settings.key_ring) if settings.key_ring else None
    await agree_on_keys(settings.database_url, keys.checks if keys else {}, keys.retired if keys else ())


def _of_complaints(
    pool: Pool,
    orders: OrderSystem,
    rulebook: Rulebook,
    payments: Payments,
    start_notices: StartNotices,
    partners: EventPublisher,
) -> list[Callable[..., Any]]:
    registry = CaseRegistry(
        pool,
        orders,
        rulebook,
        open_case=open_case,
        view_of=view_of,
        notices_of=notices_of,
        start_notices=start_notices,
        partners=partners,
    )
    return [
        registry.register,
        CaseRecorder(pool, start_notices=start_notices, partners=partners).record,
        payments.pay,
        CalendarLookup(pool).calendar,
    ]


def complaints_worker(client: Client, settings: Settings, activities: Sequence[Callable[..., Any]]) -> Worker:
    """Build the worker of the complaints, with all their activities."""
    return Worker(
        client,
        task_queue=wire.TASK_QUEUE,
        workflows=[Complaint],
        activities=activities,
        interceptors=[KindsShown()],
        workflow_runner=workflow_runner(),
        max_cached_workflows=settings.max_cached_workflows,
        max_concurrent_workflow_tasks=settings.max_workflow_tasks,
        max_concurrent_activities=settings.max_activities,
        graceful_shutdown_timeout=_GRACE,
        sticky_queue_schedule_to_start_timeout=_STICKY,
    )


def notices_worker(client: Client, notices: NoticeDelivery) -> Worker:
    """Build the worker of the notices, apart: a flood of them never delays a complaint."""
    return Worker(
        client,
        task_queue=wire.NOTICES_QUEUE,
        activities=[notices.notify],
        max_concurrent_activities=10,
        graceful_shutdown_timeout=_GRACE,
    )


async def run() -> None:
    """Run until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    settings = Settings.read()
    configure(settings.log_format)
    await serve(settings, stop)


def main() -> int:
    """Run the worker; returns 0, 2 for a wrong setting, 5 for a backend that cannot be reached."""
    try:
        asyncio.run(run())
    except (
        SettingsInvalid,
        PolicyInvalid,
        MigrationRefused,
        RulebookChanged,
        key_ring.KeyRingInvalid,
        KeysMissing,
    ) as invalid:
        print(f"redress worker: {invalid}", file=sys.stderr)  # noqa: T201 - a person reads this
        return 2
    except (OSError, RuntimeError, asyncpg.PostgresError) as unreachable:
        print(f"redress worker: cannot start: {unreachable}; see `redress doctor`", file=sys.stderr)  # noqa: T201
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
