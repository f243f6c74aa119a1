"""Register of reconciliation tasks: idempotent by key, with owner and due time (R6.10)."""

from collections.abc import Iterable

from activities.store.named_queries import query
from activities.store.pool import COMMAND_SECONDS, Pool
from workflows.policy.model import LimitName
from workflows.policy.rulebook import Rulebook
from workflows.time.limits import due
from workflows.upkeep.tasks import Task
from workflows.values import Instant


class TaskRegister:
    """Stores tasks; due by the limit for payments that did not settle."""

    def __init__(self, pool: Pool, rulebook: Rulebook) -> None:
        self._pool, self._rulebook = pool, rulebook

    async def raise_all(self, tasks: Iterable[Task], sweep_at: Instant) -> int:
        """Insert or confirm each task, in one transaction; returns their number."""
        rows = [(*_columns(task), sweep_at, self._due(sweep_at)) for task in tasks]
        if rows:
            async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
                await connection.executemany(query("raise_task"), rows)
        return len(rows)

    async def close_unseen(self, sweep_at: Instant) -> int:
        """Close every task not raised since the sweep began, and record the sweep; returns their number."""
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
            done = await connection.execute(query("end_sweep"), sweep_at)
            await connection.execute(query("sweep_ended"), sweep_at)
        return int(done.split()[-1])

    def _due(self, at: Instant) -> Instant:
        policy = self._rulebook.policy
        at_the_end = due(
            at, policy.limits[LimitName.PAYMENT_OWNED].length, self._rulebook.calendar, policy.service_hours
        )
        assert at_the_end is not None, "nothing stops it"  # noqa: S101 - law of limits.due
        return at_the_end


def _columns(task: Task) -> tuple[object, ...]:
    amount = task.amount.amount if task.amount else None
    return (task.key, task.kind, task.complaint, task.movement, amount, task.owner, task.text)
