"""Complaints as they ran under the code of before, for tests of how they go on under the code of today."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

from workflows.complaint.workflow import Complaint
from workflows.values import Instant


@workflow.defn(dynamic=True)
class BeforeTheInbox(Complaint):
    """The code of before: silence is acted on unasked."""

    @workflow.init
    def __init__(self, start: Sequence[RawValue]) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Sequence[RawValue]) -> dict[str, str]:
        """Live through the complaint as it did then."""
        return await super().run(start)

    def _unasked_silence(self, until: Instant, *, at_the_instant: bool) -> Instant | None:
        del until, at_the_instant
        return None
