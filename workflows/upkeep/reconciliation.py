"""The reconciler: a sweep beside the complaints that finds money nobody answers for (R6.10, R9.5, R9.6)."""

from collections.abc import Awaitable, Callable

from temporalio import workflow

from workflows import ports, wire
from workflows.upkeep.tasks import Look, Looked


@workflow.defn(name=wire.RECONCILIATION)
class Reconciliation:
    """One sweep. It runs no code of a complaint, so it finds what termination, reset or deletion left behind."""

    @workflow.run
    async def run(self) -> dict[str, int]:
        """Look everywhere money can be; returns how many tasks stand, by look. It raises tasks and never guesses."""
        return {
            "without an owner": await self._looked_through(ports.find_ownerless),
            "not as at the provider": await self._looked_through(ports.compare_with_provider),
            "debts": await self._looked_through(ports.see_to_debts),
            "done with": (await ports.end_sweep(Look(sweep_at=workflow.info().start_time))).tasks,
        }

    async def _looked_through(self, look: Callable[[Look], Awaitable[Looked]]) -> int:
        tasks, page = 0, Look(sweep_at=workflow.info().start_time)
        while True:
            looked = await look(page)
            tasks += looked.tasks
            if looked.after is None:
                return tasks
            page = page.but(after=looked.after)
