"""What a running case looks up: calendars by version (R7.6), undelivered messages before acting on silence (R7.4)."""

import asyncio
import json
from datetime import timedelta

from temporalio import activity

from activities.errors import ActivitiesError
from activities.execution import attempt
from activities.store.inbox import Inbox, Page
from activities.store.named_queries import query
from activities.store.pool import Pool
from workflows.complaint.domain.records import CalendarFound, CalendarWanted
from workflows.inbox import Drain, Drained, Held
from workflows.time.calendar import Calendar


class CalendarLookup:
    """Implements the port `calendar` (R7.6)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name="calendar")
    async def calendar(self, wanted: CalendarWanted) -> CalendarFound:
        """Return the stored calendar of that version, or none; a version never changes its content."""
        with attempt(wanted.complaint) as this:
            kept = await self._pool.fetchval(query("kept_document"), "calendar", wanted.version)
            this.outcome = "found" if kept else "unknown"
            return CalendarFound(calendar=Calendar.model_validate_json(kept) if kept else None)


_LONGEST_WAIT = timedelta(seconds=4)
"""How far the database's clock may be behind Temporal's before it is an error: half of an attempt's timeout."""


class ClockBehind(ActivitiesError):  # noqa: N818 - shown as the failure's type in the web UI
    """The database's clock is behind Temporal's: messages received until then may still be on their way."""


class InboxDrain:
    """Implements the port `drain`. With `by_hand` (time skipping) the database's clock is not the complaint's."""

    def __init__(self, inbox: Inbox, *, by_hand: bool = False) -> None:
        self._inbox, self._by_hand = inbox, by_hand

    @activity.defn(name="drain")
    async def drain(self, wanted: Drain) -> Drained:
        """Return one page of messages received by `until` and not delivered; none received by then can appear later."""
        with attempt(wanted.complaint) as this:
            page = await self._page(wanted)
            this.outcome = f"{len(page.rows)} held"
            held = (
                Held(number=row.number, message=json.dumps(row.stamped), received_at=row.received_at)
                for row in page.rows
            )
            return Drained(held=tuple(held), more=page.more)

    async def _page(self, wanted: Drain) -> Page:
        while True:
            page = await self._inbox.undelivered(wanted.complaint, wanted.until, wanted.after)
            behind = wanted.until - page.clock
            if self._by_hand or behind <= timedelta():
                return page
            if behind > _LONGEST_WAIT:
                raise ClockBehind(
                    f"the database's clock is {behind.total_seconds():.0f} s behind Temporal's, so what comes in now "
                    "could still be in time: set the clocks of both by the same source"
                )
            await asyncio.sleep(behind.total_seconds())
