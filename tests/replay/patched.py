"""A complaint whose code was changed as every running complaint can stand: the new way is wrapped in `patched`."""

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue

from workflows.complaint.workflow import Complaint

WAITS_FIRST = "a complaint sleeps before it is registered"


@workflow.defn(dynamic=True)
class WaitsFirstIfNew(Complaint):
    """A timer is new, as in `changed.WaitsFirst`: who began without it goes on without it."""

    @workflow.init
    def __init__(self, start: Sequence[RawValue]) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Sequence[RawValue]) -> dict[str, str]:
        """Sleep if this run begins now, then live through the complaint."""
        if workflow.patched(WAITS_FIRST):
            await workflow.sleep(timedelta(seconds=1))
        return await super().run(start)
