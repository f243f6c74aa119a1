"""Upkeep beside the complaints: the sweep of the reconciler, and the schedule that starts it."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

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

from activities.adapters.alipay.adapter import Alipay
from activities.adapters.payments import PaymentProvider
from activities.comparing import Comparing
from activities.debts import Debts, Rules
from activities.payments import Payments
from activities.postgres.pool import Pool
from activities.reconciling import Reconciling
from workflows import wire
from workflows.domain.rulebook import Rulebook
from workflows.reconciliation import Reconciliation
from workflows.rules.debts import may_be_written_off_from, next_recovery, next_try

_EVERY = timedelta(hours=1)
"""Money without an owner is found within the hour; one sweep costs one question for each open complaint."""

_CATCH_UP = timedelta(minutes=10)
"""After an outage one sweep sees everything: older ones that were missed are not made up for."""


_DEBTS = Rules(next_try, next_recovery, may_be_written_off_from)


def looks(
    pool: Pool, rulebook: Rulebook, payments: Payments, provider: PaymentProvider | Alipay
) -> list[Callable[..., Any]]:
    """Return the activities of a sweep; Alipay has no book to be read by time, nor does it know a seller's cover."""
    book = provider if isinstance(provider, PaymentProvider) else None
    reconciling = Reconciling(pool, rulebook)
    return [
        reconciling.find_ownerless,
        Comparing(pool, rulebook, book).compare_with_provider,
        Debts(pool, rulebook, payments, book, _DEBTS).see_to_debts,
        reconciling.end_sweep,
    ]


def upkeep_worker(client: Client, activities: Sequence[Callable[..., Any]], runner: Any, grace: timedelta) -> Worker:
    """Build the worker of the sweeps, apart: they never take a place from a complaint."""
    return Worker(
        client,
        task_queue=wire.UPKEEP_QUEUE,
        workflows=[Reconciliation],
        activities=activities,
        workflow_runner=runner,
        max_cached_workflows=2,
        max_concurrent_activities=2,
        graceful_shutdown_timeout=grace,
    )


async def scheduled(client: Client) -> None:
    """See to it that the sweep runs each hour, as this release says; safe to call by many workers at once."""
    schedule = _schedule()
    try:
        await client.create_schedule(wire.RECONCILIATION, schedule)
    except ScheduleAlreadyRunningError:
        # An operator's pause is kept, all else is this release's.
        handle = client.get_schedule_handle(wire.RECONCILIATION)
        await handle.update(lambda now: ScheduleUpdate(_schedule(now.description.schedule.state)))


def _schedule(state: ScheduleState | None = None) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            wire.RECONCILIATION,
            id=wire.RECONCILIATION,
            task_queue=wire.UPKEEP_QUEUE,
            static_summary="finds money that nobody answers for (R6.10)",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=_EVERY)]),
        # Two sweeps at once would see the same: a late one is left out.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCH_UP),
        state=state or ScheduleState(note="the reconciler; pause it only while the record is being mended"),
    )
