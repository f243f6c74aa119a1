"""Upkeep beside the complaints: the reconciler's sweep, the look at silent carriers, and what starts them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
)
from temporalio.worker import Worker

from activities.payments.alipay.adapter import Alipay
from activities.payments.partners import PaymentProvider
from activities.payments.pay import Payments
from activities.reconciliation.cases import CaseReconciliation
from activities.reconciliation.debts import DebtRecovery, DebtRules
from activities.reconciliation.provider_book import ProviderBookComparison
from activities.store.pool import Pool
from workflows import wire
from workflows.complaint.rules.advances.debts import may_be_written_off_from, next_recovery, next_try
from workflows.policy.rulebook import Rulebook
from workflows.upkeep.parcel_watch import ParcelWatch
from workflows.upkeep.reconciliation import Reconciliation

_EVERY = timedelta(hours=1)
"""Money without an owner is found within the hour; one sweep costs one question for each open complaint."""

_LOOKS_EVERY = timedelta(minutes=15)
"""How late a subscription or a question may be that nobody made; a look without a silent parcel is one query."""

_CATCH_UP = timedelta(minutes=10)
"""After an outage one sweep sees everything: older ones that were missed are not made up for."""


_DEBTS = DebtRules(next_try, next_recovery, may_be_written_off_from)


def looks(
    pool: Pool, rulebook: Rulebook, payments: Payments, provider: PaymentProvider | Alipay
) -> list[Callable[..., Any]]:
    """Return the activities of a sweep; Alipay has no book to be read by time, nor does it know a seller's cover."""
    book = provider if isinstance(provider, PaymentProvider) else None
    reconciling = CaseReconciliation(pool, rulebook)
    return [
        reconciling.find_ownerless,
        ProviderBookComparison(pool, rulebook, book).compare_with_provider,
        DebtRecovery(pool, rulebook, payments, book, _DEBTS).see_to_debts,
        reconciling.end_sweep,
    ]


def upkeep_worker(client: Client, activities: Sequence[Callable[..., Any]], runner: Any, grace: timedelta) -> Worker:
    """Build the worker of the sweeps, apart: they never take a place from a complaint."""
    return _apart(client, wire.UPKEEP_QUEUE, Reconciliation, activities, runner, grace, at_once=2)


def parcels_worker(client: Client, activities: Sequence[Callable[..., Any]], runner: Any, grace: timedelta) -> Worker:
    """Build the worker of the parcels, apart: a carrier that hangs takes no place from anybody else."""
    return _apart(client, wire.PARCELS_QUEUE, ParcelWatch, activities, runner, grace, at_once=10)


def _apart(
    client: Client,
    queue: str,
    workflow: type,
    activities: Sequence[Callable[..., Any]],
    runner: Any,
    grace: timedelta,
    *,
    at_once: int,
) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        workflows=[workflow],
        activities=activities,
        workflow_runner=runner,
        max_cached_workflows=2,
        max_concurrent_activities=at_once,
        graceful_shutdown_timeout=grace,
    )


class _Upkeep(NamedTuple):
    """What a schedule starts: type and id of the workflow, id of the schedule, where it runs, how often, and why."""

    name: str
    queue: str
    every: timedelta
    summary: str
    note: str


_SCHEDULES = (
    _Upkeep(
        wire.RECONCILIATION,
        wire.UPKEEP_QUEUE,
        _EVERY,
        "finds money that nobody answers for (R6.10)",
        "the reconciler; pause it only while the record is being mended",
    ),
    _Upkeep(
        wire.PARCEL_WATCH,
        wire.PARCELS_QUEUE,
        _LOOKS_EVERY,
        "asks the carriers that are silent (R6.4)",
        "the look at parcels; pause it only while carriers ask for peace",
    ),
)


async def scheduled(client: Client) -> None:
    """See to it that all upkeep runs as often as this release says; safe to call by many workers at once."""
    await asyncio.gather(*(_scheduled(client, upkeep) for upkeep in _SCHEDULES))


async def _scheduled(client: Client, upkeep: _Upkeep) -> None:
    try:
        await client.create_schedule(upkeep.name, _schedule(upkeep))
    except ScheduleAlreadyRunningError:
        # An operator's pause is kept, all else is this release's.
        handle = client.get_schedule_handle(upkeep.name)
        await handle.update(lambda now: ScheduleUpdate(_schedule(upkeep, now.description.schedule.state)))


def _schedule(upkeep: _Upkeep, state: ScheduleState | None = None) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            upkeep.name, id=upkeep.name, task_queue=upkeep.queue, static_summary=upkeep.summary
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=upkeep.every)]),
        # Two of a kind at once would see the same: a late one is left out.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCH_UP),
        state=state or ScheduleState(note=upkeep.note),
    )
