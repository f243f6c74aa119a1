"""The relay: what the inbox has accepted goes to its complaint, in order and at once, and again until it is answered.

It runs in every gateway process, beside the doors. Complaints are delivered to side by side, each in turn, so that a
flood for one does not hold up the others; a message that is delivered twice is heard once.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog

from activities.errors import CONNECTION_ERRORS, error_label, is_transient, raised_at
from activities.store.inbox import Inbox, InboxRow
from starter.client.errors import ClientError, NotFound, Unreachable
from starter.client.results import Opened
from starter.client.temporal_calls import NoWorker
from starter.http.gateway.signed_requests import as_raw
from workflows.answers import Answer, Code, Refusal
from workflows.complaint.decoding import NotUnderstood, understand, understand_filing
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import Message
from workflows.inbox import FILING
from workflows.vocabulary import Phase

_log = structlog.stdlib.get_logger("redress.relay")

AT_ONCE = 16
"""Complaints that are delivered to side by side."""

IN_A_TURN = 10
"""Messages of one complaint before another one has its turn."""

LEASE = timedelta(seconds=20)
"""Longer than one delivery may take; after it the turns of a relay that died go to another one."""

_LOOK = 1.0
"""Seconds after which it looks by itself: for what other gateways accepted, and for complaints that have rested."""

_REST, _LONGEST_REST = timedelta(seconds=0.5), timedelta(seconds=10)
_UNREAD_FOR = timedelta(minutes=10)
"""How long all that follows waits for a message this release cannot read: while gateways change, another one can."""

_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
"""Seconds in which nothing is tried while Temporal is away."""


class Told(Protocol):
    """The complaints, as the relay needs them: a client of Temporal with the record beside it."""

    async def open(self, filing: Filing, *, number: str, received_at: str | None) -> Opened:
        """File a complaint under its number; again it is the same one."""

    async def tell(self, complaint: str, message: Message) -> Answer:
        """Tell a complaint; again it gives the same answer."""


class NotAnswered(Exception):  # noqa: N818 - named for what it says
    """It was handed over and there is no answer yet; the text says what is waited for."""


class Unread(NotAnswered):
    """It cannot be read by this release, and could be by another."""


class Relay:
    """Delivers for as long as it runs. `arrived` is set by whoever keeps something in this process."""

    def __init__(
        self, inbox: Inbox, complaints: Told, arrived: asyncio.Event, *, unread_for: timedelta = _UNREAD_FOR
    ) -> None:
        self._inbox, self._complaints, self._arrived = inbox, complaints, arrived
        self._unread_for = unread_for
        self._turns: dict[asyncio.Task[None], str] = {}
        self._after = ""
        self._pause = 0.0

    async def run(self) -> None:
        """Deliver until cancelled; turns that are under way are given back then."""
        try:
            while True:
                self._arrived.clear()
                await self._take_turns()
                await self._something_happens()
        finally:
            for turn in self._turns:
                turn.cancel()
            await asyncio.gather(*self._turns, return_exceptions=True)

    async def _take_turns(self) -> None:
        # Round and round by number: everybody for whom something waits comes before anybody comes twice.
        free = AT_ONCE - len(self._turns)
        if not free:
            return
        taken = await self._inbox.take(free, LEASE, self._after)
        if self._after and not taken:
            taken = await self._inbox.take(free, LEASE)
        for complaint in taken:
            self._turns[asyncio.create_task(self._turn(complaint))] = complaint
        self._after = max(taken, default="")

    async def _something_happens(self) -> None:
        if self._pause:
            await asyncio.sleep(self._pause)
        arrived = asyncio.create_task(self._arrived.wait())
        await asyncio.wait({arrived, *self._turns}, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
        arrived.cancel()
        for turn in [turn for turn in self._turns if turn.done()]:
            del self._turns[turn]

    async def _turn(self, complaint: str) -> None:
        structlog.contextvars.bind_contextvars(complaint=complaint)
        why = ""
        try:
            why = await self._in_order(complaint)
        except Unreachable as away:
            why = str(away)
            if not isinstance(away, NoWorker):
                self._pause = min(self._pause * 2 or _PAUSE, _LONGEST_PAUSE)
        except (NotAnswered, ClientError) as wrong:
            why = str(wrong)
        except Exception as wrong:  # noqa: BLE001 - one complaint's trouble is not the others'; its text may be personal
            if is_transient(wrong):
                why = "the database does not answer"
                return
            _log.error("a fault of ours", reason=error_label(wrong), where=raised_at(wrong))
            why = f"{error_label(wrong)}: see the log of the gateway, and report it"
        finally:
            await self._end(complaint, why)

    async def _in_order(self, complaint: str) -> str:
        """Deliver what is next; where all was passed over, returns why: it is tried again after a rest."""
        why, after = "", None
        while rows := await self._inbox.heads(complaint, IN_A_TURN, after):
            delivered = False
            for row in rows:
                try:
                    await self._deliver(row)
                    self._pause, delivered = 0.0, True
                except Unread as wrong:
                    if datetime.now(UTC) - row.accepted_at < self._unread_for:
                        raise
                    why = str(wrong)
            if delivered:
                return ""
            after = rows[-1].number
        return why

    async def _end(self, complaint: str, why: str) -> None:
        try:
            if why:
                _log.warning("not delivered", reason=why)
                await self._inbox.postponed(complaint, why, _REST, _LONGEST_REST)
            else:
                await self._inbox.turn_over(complaint)
        except CONNECTION_ERRORS as away:
            _log.warning("a turn was not given back", reason=error_label(away), lasts=LEASE.total_seconds())

    # -- one message ----------------------------------------------------------------------------------------------

    async def _deliver(self, row: InboxRow) -> None:
        """Deliver one row and write its answer down; raises what makes it be tried again."""
        if row.kind == FILING:
            await self._inbox.answered(row, await self._filed(row))
            return
        message = understand(None, [as_raw(row.stamped)])
        if isinstance(message, NotUnderstood):
            raise Unread(f"{row.kind}: accepted by a release that reads it, as this one does not: run that one")
        try:
            answer = await self._complaints.tell(row.complaint, message)
        except NotFound as unknown:
            answer = Refusal(
                code=Code.UNKNOWN_REFERENCE, rule="R1.1", phase=Phase.REGISTRATION, text=str(unknown).partition(":")[0]
            )
        if isinstance(answer, Refusal) and answer.code in {Code.CLOSED, Code.UNKNOWN_REFERENCE}:
            await self._inbox.parked(row, answer.model_dump(mode="json"))
        else:
            await self._inbox.answered(row, answer.model_dump(mode="json"))

    async def _filed(self, row: InboxRow) -> Mapping[str, Any]:
        filing = understand_filing([as_raw(row.message)])
        if isinstance(filing, NotUnderstood):  # nothing of a complaint comes before its filing
            raise NotAnswered("filing: accepted by a release that reads it, as this one does not: run that one")
        received_at = row.received_at.isoformat() if row.received_at else None
        opened = await self._complaints.open(filing, number=row.complaint, received_at=received_at)
        if opened.state == "accepted":
            raise NotAnswered(opened.text or f"complaint {row.complaint} is being registered")
        answer = opened.refusal or opened
        return answer.model_dump(mode="json", exclude_none=True)
