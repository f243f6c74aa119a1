"""The look at parcels whose carriers are silent: pushes may stay away, events may not (R6.4)."""

from temporalio import workflow

from workflows import ports, wire
from workflows.complaint.domain.parcels import ParcelLook


@workflow.defn(name=wire.PARCEL_WATCH)
class ParcelWatch:
    """One look. What it finds reaches the complaints the same way as a push, and changes nothing twice."""

    @workflow.run
    async def run(self) -> dict[str, int]:
        """Ask about every parcel that is due for it, page by page; returns how many, and how many gave no answer."""
        asked, unanswered, page = 0, 0, ParcelLook()
        while True:
            looked = await ports.look_at_parcels(page)
            asked, unanswered = asked + looked.asked, unanswered + looked.unanswered
            if looked.after is None:
                return {"asked": asked, "unanswered": unanswered}
            page = ParcelLook(after=looked.after)
