"""Calendars by version, for complaints that are to be counted anew (R7.6)."""

from temporalio import activity

from activities.attempt import attempt
from activities.store.named_queries import query
from activities.store.pool import Pool
from workflows.complaint.domain.records import CalendarFound, CalendarWanted
from workflows.time.calendar import Calendar


class Calendars:
    """Implements the port `calendar`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name="calendar")
    async def calendar(self, wanted: CalendarWanted) -> CalendarFound:
        """Return the calendar of that version as it is on record, or none: a version means one content, for good."""
        with attempt(wanted.complaint) as this:
            kept = await self._pool.fetchval(query("kept_document"), "calendar", wanted.version)
            this.outcome = "found" if kept else "unknown"
            return CalendarFound(calendar=Calendar.model_validate_json(kept) if kept else None)
