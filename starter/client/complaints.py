"""Client of complaints: file them, send them messages, read them; from the workflow, else from the record.

async with connection.complaints(endpoints.find()) as complaints:
    result = await complaints.open(filing)
    answer = await complaints.tell(result.complaint, message)
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.store.bulk_messages import BroadcastReason, told_to_many
from activities.store.late_messages import NotClosed
from starter.client.errors import NotFound, Unreachable
from starter.client.filing_input import number_of, numbers_near, summary
from starter.client.late_messages import answer_late, closed
from starter.client.record import Record, accepted_first, require_same_filer, undelivered
from starter.client.results import CaseReading, FilingResult, decoding_refusal, filing_result, refusal_in
from starter.client.temporal_calls import (
    QUERY_TIMEOUT,
    UPDATE_TIMEOUT,
    NotReady,
    NoWorker,
    WorkflowNotFound,
    mapped_errors,
)
from workers.config.settings import Settings
from workflows import wire
from workflows.answers import Answer, Code, Receipt
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import Message
from workflows.complaint.domain.view import View
from workflows.complaint.domain.why_due import WhyDue
from workflows.complaint.views.timeline import StepView, step_view
from workflows.parties import Party
from workflows.vocabulary import Outcome, Phase, Role

T = TypeVar("T")
_log = structlog.stdlib.get_logger("redress.client")

REGISTRATION_TIMEOUT = timedelta(seconds=10)
"""How long `open` waits for a filing to be registered or refused."""

_POLL_SECONDS = 0.1
_ATTRIBUTES = {Role.BUYER: "BuyerId", Role.SELLER: "SellerId", Role.AGENT: "Handler"}


class Complaints:
    """Files complaints, sends messages, reads cases.

    Reads fall back to the record where Temporal does not answer. `without`: why a backend is missing, raised where
    it is needed.
    """

    def __init__(self, client: Client | None, record: Record | None, *, without: Unreachable | None = None) -> None:
        self._client, self._record, self._without = client, record, without

    # -- filing ---------------------------------------------------------------------------------------------------

    async def open(
        self,
        filing: Filing,
        *,
        wait: timedelta = REGISTRATION_TIMEOUT,
        number: str | None = None,
        received_at: str | None = None,
    ) -> FilingResult:
        """File a complaint, idempotent by `request_id`; waits up to `wait` for its registration.

        The gateway passes the number it has promised and the time of receipt (R7.4). Raises Unreachable when Temporal
        does not answer: the outcome is unknown then, and the same filing is to be sent again.
        """
        filed = await self.file(filing, number=number, received_at=received_at)
        opened = await self._wait_registered(filed.complaint, wait, known_before=filed.known_before)
        return await require_same_filer(self._record.pool, opened, filing) if number and self._record else opened

    async def file(self, filing: Filing, *, number: str | None = None, received_at: str | None = None) -> FilingResult:
        """File a complaint, idempotent by `request_id`, without waiting for registration; raises Unreachable."""
        known = await self._number_on_record(filing.request_id)
        if known is None and number is None:
            if self._record and (first := await accepted_first(self._record.pool, filing.request_id)):
                filed = await self.file(first.filing, number=first.number, received_at=first.received_at)
                return filed.but(known_before=True)
            known = await self._find_started(filing.request_id)
        number = known or number or number_of(filing.request_id, datetime.now(UTC))
        known_before = known is not None or not await self._start(number, filing, received_at)
        structlog.contextvars.bind_contextvars(complaint=number)
        _log.info("filed before" if known_before else "filed", request=filing.request_id)
        return FilingResult(complaint=number, state="accepted", known_before=known_before)

    async def _number_on_record(self, request_id: str) -> str | None:
        return await self._record.cases.by_request(request_id) if self._record else None

    async def _find_started(self, request_id: str) -> str | None:
        """Return the number of a request started today or yesterday, registered or not; None if there is none."""
        for number in numbers_near(request_id, datetime.now(UTC)):
            if await self._status(number) is not None:
                return number
        return None

    async def _start(self, number: str, filing: Filing, received_at: str | None = None) -> bool:
        try:
            async with mapped_errors(number):
                await self._temporal.start_workflow(
                    wire.COMPLAINT,
                    filing.model_dump(mode="json", exclude_none=True),
                    id=number,
                    task_queue=wire.TASK_QUEUE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=summary(filing),
                    memo={wire.RECEIVED_AT: received_at} if received_at else None,
                    rpc_timeout=UPDATE_TIMEOUT,
                )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _wait_registered(self, number: str, wait: timedelta, *, known_before: bool) -> FilingResult:
        """Poll until the complaint is registered, at most `wait`; it is filed in any case."""
        clock = asyncio.get_running_loop().time
        until = clock() + wait.total_seconds()
        accepted = FilingResult(complaint=number, state="accepted", known_before=known_before)
        while clock() < until:
            try:
                reading = await self.view(number, within=timedelta(seconds=max(until - clock(), _POLL_SECONDS)))
            except (NoWorker, WorkflowNotFound) as nobody:
                accepted = accepted.but(text=str(nobody))
                break
            if reading.refusal is not None:
                return FilingResult(
                    complaint=number, state="refused", text=reading.refusal.text, refusal=reading.refusal
                )
            if reading.view.phase is not Phase.REGISTRATION:
                return filing_result(reading.view, await self.timeline(number), known_before=known_before)
            await asyncio.sleep(_POLL_SECONDS)
        return accepted

    # -- telling --------------------------------------------------------------------------------------------------

    async def tell(self, complaint: str, message: Message) -> Answer:
        """Send a message and return the receipt or the refusal; idempotent by `message_id`.

        A message to a closed complaint is recorded as late and refused (R10.4). Raises NotFound, or Unreachable when
        there is no answer in time: the message may still be handled, so send the same one again.
        """
        structlog.contextvars.bind_contextvars(complaint=complaint)
        try:
            async with mapped_errors(complaint):
                answer = await self._submit(complaint, message)
        except WorkflowNotFound:
            return await self._answer_late(complaint, message)
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
                rpc_timeout=UPDATE_TIMEOUT,
            )
        except WorkflowUpdateFailedError as failed:
            refusal = refusal_in(failed.cause)
            if refusal is None:
                raise Unreachable(f"complaint {complaint} did not answer: {failed.cause}") from None
            return refusal
        return receipt

    async def _answer_late(self, complaint: str, message: Message) -> Answer:
        if self._record is None:
            await self._require_known(complaint)
            return closed(f"complaint {complaint} has ended; the message could not be kept as late: {self._without}")
        try:
            return await answer_late(self._record.pool, complaint, message, datetime.now(UTC))
        except NotClosed as wrong:
            if not wrong.known:
                await self._require_known(complaint)
            if refusal := await decoding_refusal(self._temporal, complaint):
                return refusal.but(code=Code.CLOSED, text=f"it was refused and never opened: {refusal.text}")
            raise Unreachable(str(wrong)) from None

    async def undelivered(self, complaint: str) -> tuple[str, ...]:
        """Describe the inbox messages that were not delivered to a complaint."""
        return tuple([line async for line in undelivered(self._record.pool, complaint)]) if self._record else ()

    async def _require_known(self, complaint: str) -> None:
        if await self._status(complaint) is None:
            raise NotFound(f"there is no complaint {complaint}: check the number, or find it with `redress list`")

    # -- reading --------------------------------------------------------------------------------------------------

    async def view(self, complaint: str, *, within: timedelta = QUERY_TIMEOUT) -> CaseReading:
        """Return the current view, from the record if the workflow cannot answer; raises NotFound."""
        try:
            asked: View = await self._query(complaint, wire.VIEW, View, within)
        except (NoWorker, WorkflowNotFound, Unreachable) as wrong:
            return await self._recorded_view(complaint, wrong)
        if asked.phase is Phase.REGISTRATION and (unread := await decoding_refusal(self._temporal, complaint)):
            return CaseReading(asked.but(phase=Phase.CLOSED, outcome=Outcome.REFUSED), refusal=unread)
        if asked.phase is Phase.CLOSED and self._record:  # late messages are on record only
            kept = await self._record.cases.view(complaint)
            return CaseReading(kept if kept and kept.steps > asked.steps else asked)
        return CaseReading(asked)

    async def timeline(self, complaint: str) -> tuple[StepView, ...]:
        """Return every step, joined from the record (oldest, late ones) and the workflow (newest)."""
        known = tuple(map(step_view, await self._record.cases.timeline(complaint))) if self._record else ()
        try:
            newest: Sequence[StepView] = await self._query(complaint, wire.TIMELINE, list[StepView])
        except (NoWorker, WorkflowNotFound, Unreachable):
            if not known:
                raise
            newest = ()
        steps = {step.number: step for step in (*newest, *known)}  # the record has all that was said
        return tuple(step for _, step in sorted(steps.items()))

    async def told_to_many(self, steps: Sequence[StepView]) -> tuple[BroadcastReason, ...]:
        """Return the broadcasts that caused some of these steps, with their reasons."""
        ids = [step.message_id for step in steps if step.message_id]
        return await told_to_many(self._record.pool, ids) if self._record else ()

    async def why_due(self, complaint: str) -> tuple[WhyDue, ...]:
        """Explain every deadline; from the record only those that have ended."""
        try:
            return tuple(await self._query(complaint, wire.WHY_DUE, list[WhyDue]))
        except (NoWorker, WorkflowNotFound, Unreachable) as wrong:
            await self._recorded_view(complaint, wrong)
            return await self._record.cases.ended(complaint) if self._record else ()

    async def who_is(self, complaint: str, role: Role) -> Party | None:
        """Return the buyer, the seller or, for AGENT, the handler of a complaint; None if unknown.

        A handler who is a supervisor is returned as one (R10.2).
        """
        async with mapped_errors(complaint):
            described = await self._temporal.get_workflow_handle(complaint).describe(rpc_timeout=QUERY_TIMEOUT)
        wanted = wire.SEARCH_ATTRIBUTES[_ATTRIBUTES[role]]
        found: str | None = described.typed_search_attributes.get(wanted)
        if found is None and role is Role.AGENT:  # once closed, only the record names the handler
            found = (await self.view(complaint)).view.handler
        if found and role is Role.AGENT and Settings().rulebook().staff.knows(Role.SUPERVISOR, found):
            role = Role.SUPERVISOR
        return Party(role=role, id=found) if found else None

    async def _recorded_view(self, complaint: str, why: Unreachable | NotFound) -> CaseReading:
        kept = await self._record.cases.view(complaint) if self._record else None
        if kept is None:
            raise why
        return CaseReading(kept, str(why))

    # -- Temporal -------------------------------------------------------------------------------------------------

    @property
    def _temporal(self) -> Client:
        if self._client is None:
            raise self._without or Unreachable("Temporal does not answer: see `redress doctor`")
        return self._client

    async def _query(self, complaint: str, query: str, kind: type[T], within: timedelta = QUERY_TIMEOUT) -> T:
        clock = asyncio.get_running_loop().time
        until = clock() + within.total_seconds()
        while True:
            try:
                async with mapped_errors(complaint):
                    handle = self._temporal.get_workflow_handle(complaint)
                    answer: T = await handle.query(query, result_type=kind, rpc_timeout=within)
                    return answer
            except NotReady:
                if clock() > until:
                    raise
                await asyncio.sleep(_POLL_SECONDS)

    async def _status(self, complaint: str) -> WorkflowExecutionStatus | None:
        """Return the workflow's status, None if Temporal does not know it."""
        try:
            async with mapped_errors(complaint):
                handle = self._temporal.get_workflow_handle(complaint)
                return (await handle.describe(rpc_timeout=QUERY_TIMEOUT)).status
        except WorkflowNotFound:
            return None
