"""Dispatcher of the inbox: delivers accepted messages to their complaints; at least once, in order per complaint.

Runs in every gateway process. Complaints are served concurrently, in fair turns under a lease, so that a flood for one
does not delay the others. Idempotency key = message id.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog

from activities.errors import CONNECTION_ERRORS, error_label, is_transient, raised_at
from activities.store.inbox import Inbox, InboxRow
from starter.client.errors import ClientError, NotFound, Unreachable
from starter.client.results import FilingResult
from starter.client.temporal_calls import NoWorker
from starter.http.gateway.signed_requests import as_raw
from workflows.answers import Answer, Code, Refusal
from workflows.complaint.decoding import Unreadable, read_filing, read_message
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import Message
from workflows.inbox import FILING
from workflows.vocabulary import Phase

_log = structlog.stdlib.get_logger("redress.dispatcher")

MAX_CONCURRENT = 16
"""Complaints served concurrently."""

BATCH = 10
"""Messages of one complaint per turn."""

LEASE = timedelta(seconds=20)
"""Longer than one delivery may take; after that a dead dispatcher's complaints are taken over."""

_POLL_SECONDS = 1.0
"""Polling interval: for messages accepted by other gateways, and for postponed complaints."""

_RETRY_DELAY, _LONGEST_RETRY_DELAY = timedelta(seconds=0.5), timedelta(seconds=10)
_UNDECODABLE_FOR = timedelta(minutes=10)
"""How long a message that this release cannot decode blocks the following ones: in a rollout another one can."""

_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
"""Seconds of backoff while Temporal is unreachable."""


class ComplaintClient(Protocol):
    """Port to the client library."""

    async def open(self, filing: Filing, *, number: str, received_at: str | None) -> FilingResult:
        """File a complaint under its number; idempotent."""

    async def tell(self, complaint: str, message: Message) -> Answer:
        """Send a message; idempotent by message id."""


class NotAnswered(ClientError):  # noqa: N818 - an outcome
    """Delivered, and not answered yet; the text says what is waited for."""


class Undecodable(NotAnswered):
    """It cannot be decoded by this release; another one may."""


class InboxDispatcher:
    """Delivers until cancelled; `arrived` is set when this process accepts a message."""

    def __init__(
        self,
        inbox: Inbox,
        complaints: ComplaintClient,
        arrived: asyncio.Event,
        *,
        undecodable_for: timedelta = _UNDECODABLE_FOR,
    ) -> None:
        self._inbox, self._complaints, self._arrived = inbox, complaints, arrived
        self._undecodable_for = undecodable_for
        self._turns: dict[asyncio.Task[None], str] = {}
        self._after = ""
        self._pause = 0.0

    async def run(self) -> None:
        """Deliver until cancelled; leases are released then."""
        try:
            while True:
                self._arrived.clear()
                await self._claim()
                await self._wait_for_work()
        finally:
            for turn in self._turns:
                turn.cancel()
            await asyncio.gather(*self._turns, return_exceptions=True)

    async def _claim(self) -> None:
        # Round robin by complaint number.
        free = MAX_CONCURRENT - len(self._turns)
        if not free:
            return
        taken = await self._inbox.take(free, LEASE, self._after)
        if self._after and not taken:
            taken = await self._inbox.take(free, LEASE)
        for complaint in taken:
            self._turns[asyncio.create_task(self._deliver_pending(complaint))] = complaint
        self._after = max(taken, default="")

    async def _wait_for_work(self) -> None:
        if self._pause:
            await asyncio.sleep(self._pause)
        arrived = asyncio.create_task(self._arrived.wait())
        await asyncio.wait({arrived, *self._turns}, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        arrived.cancel()
        for turn in [turn for turn in self._turns if turn.done()]:
            del self._turns[turn]

    async def _deliver_pending(self, complaint: str) -> None:
        structlog.contextvars.bind_contextvars(complaint=complaint)
        why = ""
        try:
            why = await self._deliver_in_order(complaint)
        except Unreachable as away:
            why = str(away)
            if not isinstance(away, NoWorker):
                self._pause = min(self._pause * 2 or _PAUSE, _LONGEST_PAUSE)
        except ClientError as wrong:
            why = str(wrong)
        except Exception as wrong:  # noqa: BLE001 - isolate complaints from each other; its text may be personal
            if is_transient(wrong):
                why = "the database does not answer"
                return
            _log.error("a fault of ours", reason=error_label(wrong), where=raised_at(wrong))
            why = f"{error_label(wrong)}: see the log of the gateway, and report it"
        finally:
            await self._release(complaint, why)

    async def _deliver_in_order(self, complaint: str) -> str:
        """Deliver the next batch; returns why nothing could be delivered, empty otherwise."""
        why, after = "", None
        while rows := await self._inbox.heads(complaint, BATCH, after):
            delivered = False
            for row in rows:
                try:
                    await self._deliver(row)
                    self._pause, delivered = 0.0, True
                except Undecodable as wrong:
                    if datetime.now(UTC) - row.accepted_at < self._undecodable_for:
                        raise
                    why = str(wrong)
            if delivered:
                return ""
            after = rows[-1].number
        return why

    async def _release(self, complaint: str, why: str) -> None:
        try:
            if why:
                _log.warning("not delivered", reason=why)
                await self._inbox.postponed(complaint, why, _RETRY_DELAY, _LONGEST_RETRY_DELAY)
            else:
                await self._inbox.turn_over(complaint)
        except CONNECTION_ERRORS as away:
            _log.warning("a turn was not given back", reason=error_label(away), lasts=LEASE.total_seconds())

    # -- one message ----------------------------------------------------------------------------------------------

    async def _deliver(self, row: InboxRow) -> None:
        """Deliver one row and record the answer; raises to be retried."""
        if row.kind == FILING:
            await self._inbox.answered(row, await self._filed(row))
            return
        message = read_message(None, [as_raw(row.stamped)])
        if isinstance(message, Unreadable):
            raise Undecodable(f"{row.kind}: accepted by a release that reads it, as this one does not: run that one")
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
        filing = read_filing([as_raw(row.message)])
        if isinstance(filing, Unreadable):  # nothing is delivered before the filing
            raise NotAnswered("filing: accepted by a release that reads it, as this one does not: run that one")
        received_at = row.received_at.isoformat() if row.received_at else None
        opened = await self._complaints.open(filing, number=row.complaint, received_at=received_at)
        if opened.state == "accepted":
            raise NotAnswered(opened.text or f"complaint {row.complaint} is being registered")
        answer = opened.refusal or opened
        return answer.model_dump(mode="json", exclude_none=True)
