"""Complaints whose code was changed as no running complaint can stand: what replay is there to catch."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue

from workflows.complaint.workflow import Complaint
from workflows.values import Instant


@workflow.defn(dynamic=True)
class NeverRecords(Complaint):
    """An activity is gone: nothing is written down any more."""

    @workflow.init
    def __init__(self, start: Sequence[RawValue]) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Sequence[RawValue]) -> dict[str, str]:
        """Live through the complaint, and record nothing of it."""
        return await super().run(start)

    async def _write(self) -> None:
        self._recorded, self._ended_recorded = self._case.steps, len(self._case.ended)


@workflow.defn(dynamic=True)
class WaitsFirst(Complaint):
    """A timer is new: the complaint sleeps before it is registered."""

    @workflow.init
    def __init__(self, start: Sequence[RawValue]) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Sequence[RawValue]) -> dict[str, str]:
        """Sleep, then live through the complaint."""
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(start)


@workflow.defn(dynamic=True)
class RecordsFirst(Complaint):
    """The order is another: what is to be written comes before what is waited for."""

    @workflow.init
    def __init__(self, start: Sequence[RawValue]) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Sequence[RawValue]) -> dict[str, str]:
        """Live through the complaint with its strands in another order."""
        del start
        await self._registered()
        strands = (self._the_looks(), self._the_record(), self._the_calendar(), self._the_money(), self._the_dispute())
        await asyncio.gather(*strands)
        return await self._closed_or_handed_over()


@workflow.defn(dynamic=True)
class AsksNobody(Complaint):
    """Another activity is gone: silence is acted on without asking the inbox."""

    @workflow.init
    def __init__(self, start: Sequence[RawValue]) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Sequence[RawValue]) -> dict[str, str]:
        """Live through the complaint, and take everybody who is not heard for silent."""
        return await super().run(start)

    def _unasked_silence(self, until: Instant, *, at_the_instant: bool) -> Instant | None:
        del until, at_the_instant
        return None


CHANGED = (NeverRecords, WaitsFirst, RecordsFirst)
"""What the history of every complaint that lives to its end shows."""
