"""Calendars by version, for complaints that are to be counted anew (R7.6)."""

from temporalio import activity

from activities.attempts import attempt
from activities.postgres.named import query
from activities.postgres.pool import Pool
from workflows.domain.calendar import Calendar
from workflows.domain.records import CalendarFound, CalendarWanted


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
