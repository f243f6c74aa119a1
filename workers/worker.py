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

from activities.adapters.orders import OrderSystem
from activities.adapters.webhooks import Webhooks
from activities.calendars import Calendars
from activities.delivering import Deliveries
from activities.drain import Draining
from activities.notices import Notices
from activities.payments import Payments
from activities.postgres.held import HeldMoney
from activities.postgres.inbox import Inbox
from activities.postgres.keys import KeysMissing, agree_on_keys
from activities.postgres.migrate import MigrationRefused
from activities.postgres.outbound import Outbound
from activities.postgres.pool import Pool, open_pool
from activities.postgres.prepare import prepare
from activities.postgres.rulebooks import RulebookChanged
from activities.publishing import Publisher, Publishing
from activities.records import Records
from activities.registry import Registry
from activities.telling import Tell, tell
from workers.carriers import carriers, watches
from workers.channels import notices_over
from workers.events import events_worker
from workers.logs import configure
from workers.metadata import KindsShown
from workers.provider import payment_provider
from workers.runner import workflow_runner
from workers.sealing import ring
from workers.settings import Settings, SettingsInvalid, connect
from workers.subscriptions import ConfiguredSubscriptions, clients_file
from workers.upkeep import looks, parcels_worker, scheduled, upkeep_worker
from workflows import wire
from workflows.complaint import Complaint
from workflows.domain.rulebook import Rulebook
from workflows.policy import PolicyInvalid
from workflows.rules.notices import notices_of
from workflows.rules.registration import open_case
from workflows.rules.view import view_of

_log = structlog.stdlib.get_logger("redress.worker")

_GRACE = timedelta(seconds=8)
"""How long running activities may finish when the worker is stopped; most take a few milliseconds."""


_STICKY = timedelta(seconds=5)
"""How long a task waits for the worker that has the complaint in memory. No shorter, or a busy worker is taken for a
dead one, and shorter than an activity's attempt: ADR 6 says what a task that timed out can do to an update."""


async def serve(settings: Settings, stop: asyncio.Event, *, tell: Tell = tell) -> None:
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
        webhooks = await world.enter_async_context(Webhooks())
        partners = Publisher(pool, subscriptions)
        carrier = await world.enter_async_context(carriers_of())
        payments = Payments(pool, provider, tell=tell, partners=partners)
        draining = Draining(Inbox(pool), by_hand=settings.time_skipping)
        of_complaints = [*_of_complaints(pool, orders, rulebook, payments, tell, partners), draining.drain]
        for worker in (
            complaints_worker(client, settings, of_complaints),
            notices_worker(client, notices),
            events_worker(client, Deliveries(Outbound(pool), subscriptions, webhooks), _GRACE),
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
    keys = ring.read(settings.key_ring) if settings.key_ring else None
    await agree_on_keys(settings.database_url, keys.checks if keys else {}, keys.retired if keys else ())


def _of_complaints(
    pool: Pool, orders: OrderSystem, rulebook: Rulebook, payments: Payments, tell: Tell, partners: Publishing
) -> list[Callable[..., Any]]:
    registry = Registry(
        pool,
        orders,
        rulebook,
        open_case=open_case,
        view_of=view_of,
        notices_of=notices_of,
        tell=tell,
        partners=partners,
    )
    return [
        registry.register,
        Records(pool, tell=tell, partners=partners).record,
        payments.pay,
        Calendars(pool).calendar,
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


def notices_worker(client: Client, notices: Notices) -> Worker:
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
        ring.KeyRingInvalid,
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
