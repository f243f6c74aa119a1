"""The client of the complaints, behind the command line and usable as a library: file, tell, read.

async with connection.complaints() as complaints:
opened = await complaints.open(filing)
answer = await complaints.tell(opened.complaint, message)
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.store.bulk_messages import ToldToMany, told_to_many
from activities.store.late_messages import NotClosed, keep_late_message
from starter.client.errors import NotFound, Unreachable
from starter.client.filing_input import number_of, numbers_near, summary
from starter.client.record import Files, accepted_first, not_heard, unless_somebody_elses
from starter.client.results import Opened, Seen, how_opened, refusal_in, why_unread
from starter.client.temporal_calls import ASK_WITHIN, TELL_WITHIN, Gone, NotYet, NoWorker, worded
from starter.client.write_off import written_off
from workers.config.settings import Settings
from workflows import wire
from workflows.answers import Answer, Code, Receipt, Refusal
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import DebtWrittenOff, Message
from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import View
from workflows.complaint.domain.why_due import WhyDue
from workflows.parties import Party
from workflows.vocabulary import Outcome, Phase, Role

T = TypeVar("T")
_log = structlog.stdlib.get_logger("redress.client")

REGISTERED_WITHIN = timedelta(seconds=10)
"""How long `open` waits to hear whether a filing was registered or refused."""

_LOOK = 0.1
_ATTRIBUTES = {Role.BUYER: "BuyerId", Role.SELLER: "SellerId", Role.AGENT: "Handler"}


class Complaints:
    """Files complaints, tells them messages, reads them.

    Where Temporal cannot answer the record does, if there is one. `without` says why a backend is missing, for
    whoever needs it.
    """

    def __init__(self, client: Client | None, record: Files | None, *, without: Unreachable | None = None) -> None:
        self._client, self._record, self._without = client, record, without

    # -- filing ---------------------------------------------------------------------------------------------------

    async def open(
        self,
        filing: Filing,
        *,
        wait: timedelta = REGISTERED_WITHIN,
        number: str | None = None,
        received_at: str | None = None,
    ) -> Opened:
        """File a complaint, once per `request_id`; waits at most that long to hear whether it was registered.

        The edge gives the number it has promised, and when it received the filing (R7.4).
        Raises Unreachable when Temporal does not answer: then nothing is known, and the same filing is sent again.
        """
        filed = await self.file(filing, number=number, received_at=received_at)
        opened = await self._taken(filed.complaint, wait, known_before=filed.known_before)
        return await unless_somebody_elses(self._record.pool, opened, filing) if number and self._record else opened

    async def file(self, filing: Filing, *, number: str | None = None, received_at: str | None = None) -> Opened:
        """File a complaint, once per `request_id`, without waiting for its registration; raises Unreachable."""
        known = await self._known(filing.request_id)
        if known is None and number is None:
            if self._record and (first := await accepted_first(self._record.pool, filing.request_id)):
                filed = await self.file(first.filing, number=first.number, received_at=first.received_at)
                return filed.but(known_before=True)
            known = await self._begun(filing.request_id)
        number = known or number or number_of(filing.request_id, datetime.now(UTC))
        known_before = known is not None or not await self._start(number, filing, received_at)
        structlog.contextvars.bind_contextvars(complaint=number)
        _log.info("filed before" if known_before else "filed", request=filing.request_id)
        return Opened(complaint=number, state="accepted", known_before=known_before)

    async def _known(self, request_id: str) -> str | None:
        return await self._record.cases.by_request(request_id) if self._record else None

    async def _begun(self, request_id: str) -> str | None:
        """Return the number of a request that Temporal knows from today or yesterday, registered or not."""
        for number in numbers_near(request_id, datetime.now(UTC)):
            if await self._status(number) is not None:
                return number
        return None

    async def _start(self, number: str, filing: Filing, received_at: str | None = None) -> bool:
        try:
            async with worded(number):
                await self._temporal.start_workflow(
                    wire.COMPLAINT,
                    filing.model_dump(mode="json", exclude_none=True),
                    id=number,
                    task_queue=wire.TASK_QUEUE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=summary(filing),
                    memo={wire.RECEIVED_AT: received_at} if received_at else None,
                    rpc_timeout=TELL_WITHIN,
                )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _taken(self, number: str, wait: timedelta, *, known_before: bool) -> Opened:
        """Look until the complaint is registered, at most that long; it is filed in any case."""
        clock = asyncio.get_running_loop().time
        until = clock() + wait.total_seconds()
        accepted = Opened(complaint=number, state="accepted", known_before=known_before)
        while clock() < until:
            try:
                seen = await self.view(number, within=timedelta(seconds=max(until - clock(), _LOOK)))
            except (NoWorker, Gone) as nobody:
                accepted = accepted.but(text=str(nobody))
                break
            if seen.unread is not None:
                return Opened(complaint=number, state="refused", text=seen.unread.text, refusal=seen.unread)
            if seen.view.phase is not Phase.REGISTRATION:
                return how_opened(seen.view, await self.timeline(number), known_before=known_before)
            await asyncio.sleep(_LOOK)
        return accepted

    # -- telling --------------------------------------------------------------------------------------------------

    async def tell(self, complaint: str, message: Message) -> Answer:
        """Send a message and return the receipt or the refusal; the same `message_id` gives the same answer.

        A message to a complaint that has ended is kept as late and refused as closed (R10.4). Raises NotFound, or
        Unreachable when nobody answers in time: the message may still be heard, so send it again as it was.
        """
        structlog.contextvars.bind_contextvars(complaint=complaint)
        try:
            async with worded(complaint):
                answer = await self._submit(complaint, message)
        except Gone:
            return await self._late(complaint, message)
        except NoWorker as nobody:
            again = f"the message may still be heard; send it again with --set message_id={message.message_id}"
            raise NoWorker(f"{nobody}; {again}") from None
        _log.info("told", kind=message.kind, message=message.message_id, accepted=answer.accepted)
        return answer

    async def _submit(self, complaint: str, message: Message) -> Answer:
        handle = self._temporal.get_workflow_handle(complaint)
        try:
            receipt: Receipt = await handle.execute_update(
                wire.SUBMIT,
                message.model_dump(mode="json", by_alias=True, exclude_none=True),
                id=f"{message.sender}:{message.message_id}",
                result_type=Receipt,
                rpc_timeout=TELL_WITHIN,
            )
        except WorkflowUpdateFailedError as failed:
            refusal = refusal_in(failed.cause)
            if refusal is None:
                raise Unreachable(f"complaint {complaint} did not answer: {failed.cause}") from None
            return refusal
        return receipt

    async def _late(self, complaint: str, message: Message) -> Answer:
        text = f"complaint {complaint} has ended; the message is kept as late"
        if self._record is None:
            await self._require_known(complaint)
            text = f"complaint {complaint} has ended; the message could not be kept as late: {self._without}"
        else:
            try:
                if answer := await self._of_a_debt(self._record, complaint, message):
                    return answer
                await keep_late_message(self._record.pool, complaint, message, datetime.now(UTC))
            except NotClosed as wrong:
                if not wrong.known:
                    await self._require_known(complaint)
                if unread := await why_unread(self._temporal, complaint):
                    return unread.but(code=Code.CLOSED, text=f"it was refused and never opened: {unread.text}")
                raise Unreachable(str(wrong)) from None
        return Refusal(code=Code.CLOSED, rule="R10.4", phase=Phase.CLOSED, text=text)

    async def _of_a_debt(self, record: Files, complaint: str, message: Message) -> Answer | None:
        # A debt outlives its complaint (R9.5): the one thing an ended complaint can still be told.
        if not isinstance(message, DebtWrittenOff):
            return None
        return await written_off(record.pool, complaint, message, datetime.now(UTC))

    async def not_heard(self, complaint: str) -> tuple[str, ...]:
        """Tell what the inbox holds for a complaint that it has not heard, in words."""
        return tuple([line async for line in not_heard(self._record.pool, complaint)]) if self._record else ()

    async def _require_known(self, complaint: str) -> None:
        if await self._status(complaint) is None:
            raise NotFound(f"there is no complaint {complaint}: check the number, or find it with `redress list`")

    # -- reading --------------------------------------------------------------------------------------------------

    async def view(self, complaint: str, *, within: timedelta = ASK_WITHIN) -> Seen:
        """Return the case as it reads now, from the record if the case itself cannot answer; raises NotFound."""
        try:
            asked: View = await self._ask(complaint, wire.VIEW, View, within)
        except (NoWorker, Gone, Unreachable) as wrong:
            return await self._recorded_view(complaint, wrong)
        if asked.phase is Phase.REGISTRATION and (unread := await why_unread(self._temporal, complaint)):
            return Seen(asked.but(phase=Phase.CLOSED, outcome=Outcome.REFUSED), unread=unread)
        if asked.phase is Phase.CLOSED and self._record:  # messages that came late are on record only
            kept = await self._record.cases.view(complaint)
            return Seen(kept if kept and kept.steps > asked.steps else asked)
        return Seen(asked)

    async def timeline(self, complaint: str) -> tuple[Step, ...]:
        """Return every step: the record has the oldest and the late ones, the case itself the newest."""
        known = await self._record.cases.timeline(complaint) if self._record else ()
        try:
            newest: Sequence[Step] = await self._ask(complaint, wire.TIMELINE, list[Step])
        except (NoWorker, Gone, Unreachable):
            if not known:
                raise
            newest = ()
        steps = {step.number: step for step in (*known, *newest)}
        return tuple(step for _, step in sorted(steps.items()))

    async def told_to_many(self, steps: Sequence[Step]) -> tuple[ToldToMany, ...]:
        """Return which of these steps came of a message told to many complaints, and why it was told."""
        ids = [step.message_id for step in steps if step.message_id]
        return await told_to_many(self._record.pool, ids) if self._record else ()

    async def why_due(self, complaint: str) -> tuple[WhyDue, ...]:
        """Explain every deadline; from the record alone only those that are over."""
        try:
            return tuple(await self._ask(complaint, wire.WHY_DUE, list[WhyDue]))
        except (NoWorker, Gone, Unreachable) as wrong:
            await self._recorded_view(complaint, wrong)
            return await self._record.cases.ended(complaint) if self._record else ()

    async def who_is(self, complaint: str, role: Role) -> Party | None:
        """Return the buyer, the seller or, as agent, the handler of a complaint; None if Temporal does not say.

        After a handover, and in a second cycle, the handler is a supervisor, and speaks as one (R10.2).
        """
        async with worded(complaint):
            described = await self._temporal.get_workflow_handle(complaint).describe(rpc_timeout=ASK_WITHIN)
        wanted = wire.SEARCH_ATTRIBUTES[_ATTRIBUTES[role]]
        found: str | None = described.typed_search_attributes.get(wanted)
        if found is None and role is Role.AGENT:  # after the end only the record names the handler
            found = (await self.view(complaint)).view.handler
        if found and role is Role.AGENT and Settings().rulebook().staff.knows(Role.SUPERVISOR, found):
            role = Role.SUPERVISOR
        return Party(role=role, id=found) if found else None

    async def _recorded_view(self, complaint: str, why: Unreachable | NotFound) -> Seen:
        kept = await self._record.cases.view(complaint) if self._record else None
        if kept is None:
            raise why
        return Seen(kept, str(why))

    # -- Temporal -------------------------------------------------------------------------------------------------

    @property
    def _temporal(self) -> Client:
        if self._client is None:
            raise self._without or Unreachable("Temporal does not answer: see `redress doctor`")
        return self._client

    async def _ask(self, complaint: str, query: str, kind: type[T], within: timedelta = ASK_WITHIN) -> T:
        clock = asyncio.get_running_loop().time
        until = clock() + within.total_seconds()
        while True:
            try:
                async with worded(complaint):
                    handle = self._temporal.get_workflow_handle(complaint)
                    answer: T = await handle.query(query, result_type=kind, rpc_timeout=within)
                    return answer
            except NotYet:
                if clock() > until:
                    raise
                await asyncio.sleep(_LOOK)

    async def _status(self, complaint: str) -> WorkflowExecutionStatus | None:
        """Return how a complaint stands with Temporal, None if it is not known there."""
        try:
            async with worded(complaint):
                handle = self._temporal.get_workflow_handle(complaint)
                return (await handle.describe(rpc_timeout=ASK_WITHIN)).status
        except Gone:
            return None
