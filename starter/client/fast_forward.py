"""Fast-forward one complaint on a time-skipping stack; one at a time per complaint.

forwarded = await FastForward(client, pool).by(complaint, timedelta(days=3), within=120, report=print)
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
from temporalio.api.common.v1 import TimeSkippingConfig, WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper

from activities.reconciliation.cases import is_running
from activities.store.pool import Pool
from starter.client.errors import NotFound, RefusedByRule, Unreachable, WrongUse
from starter.client.temporal_calls import WorkflowNotFound, mapped_errors

_DURATION = re.compile(
    r"(?:(?P<days>\d{1,4})d)?(?:(?P<hours>\d{1,5})h)?(?:(?P<minutes>\d{1,6})m)?(?:(?P<seconds>\d{1,8})s)?"
)
_LONGEST = timedelta(days=3650)
_POLL_SECONDS = 1.0
_PAUSE = 0.2
_REPORT_SECONDS = 10.0
_SETTLE_SECONDS = 5.0
_IDLE = "goes on"
_LOCK = "hashtextextended('fast-forward:' || $1, 0)"

NO_TIME_SKIPPING = "this stack has no time skipping: start one for training with `redress up --time-skipping`"


class FastForwardResult(NamedTuple):
    """The complaint's own time now, whether it ended on the way, and work still pending."""

    complaint: str
    now: datetime
    ended: bool
    pending: str


def parse_duration(text: str) -> timedelta:
    """Parse `3d`, `36h`, `30m` or `1d12h`; raises WrongUse."""
    match = _DURATION.fullmatch(text.strip())
    parts = {unit: int(number) for unit, number in match.groupdict().items() if number} if match else {}
    length = timedelta(**parts)
    if not timedelta() < length <= _LONGEST:
        raise WrongUse(f"{text!r} is no duration: write for example 3d, 36h, 30m or 1d12h, at most {_LONGEST.days}d")
    return length


class FastForward:
    """Advances the clocks of complaints; an advisory lock in the database serialises calls per complaint."""

    def __init__(self, client: Client, pool: Pool) -> None:
        self._client, self._pool = client, pool
        self._skipper = TimeSkipper(client)

    async def by(
        self, complaint: str, length: timedelta, *, within: float, report: Callable[[str], None]
    ) -> FastForwardResult:
        """Advance a complaint's own time by `length`; ends early when the complaint does.

        `within`: timeout in seconds of real time; `report` gets what is waited for. Raises RefusedByRule for a closed
        complaint, NotFound, WrongUse without time skipping, Unreachable on timeout (time already skipped stays so).
        """
        until = asyncio.get_running_loop().time() + within
        handle = self._client.get_workflow_handle(complaint)
        async with self._locked(complaint, until, report):
            await self._require_running(complaint)
            target = await self._now(handle) + length
            try:
                ended = await self._to(target, handle, until, report)
            except BaseException:
                await self._stop_skipping(handle)
                raise
            pending = await self._wait_until_settled(handle)
            return FastForwardResult(complaint, await self._now(handle), ended, pending)

    async def _to(
        self, target: datetime, handle: WorkflowHandle[Any, Any], until: float, report: Callable[[str], None]
    ) -> bool:
        """Skip until that instant; returns whether the complaint ended before. A skip session ends after 200 skips."""
        while True:
            now = await self._now(handle)
            if now >= target:
                return False
            await self._skip(target - now, handle, until, report)
            if not await self._runs(handle):
                return True
            if await self._now(handle) <= now:
                await asyncio.sleep(_PAUSE)

    async def _skip(
        self, length: timedelta, handle: WorkflowHandle[Any, Any], until: float, report: Callable[[str], None]
    ) -> None:
        clock = asyncio.get_running_loop().time
        skipping = asyncio.create_task(self._skipped(handle, length))
        reported, again = "", clock()
        try:
            while not (await asyncio.wait({skipping}, timeout=_POLL_SECONDS))[0]:
                waits = await self._pending_work(handle)
                if clock() > until:
                    raise Unreachable(f"time did not pass within the timeout; {waits}; raise --timeout or mend that")
                if waits not in (reported, _IDLE) and (not reported or clock() > again):
                    report(reported := waits)
                    again = clock() + _REPORT_SECONDS
            skipping.result()
        finally:
            skipping.cancel()
            await asyncio.wait({skipping})

    async def _skipped(self, handle: WorkflowHandle[Any, Any], length: timedelta) -> None:
        try:
            await self._skipper.fast_forward(handle, length)
        except RuntimeError:
            return  # the run was continued as new; its clock shows how far it came
        except RPCError as wrong:
            if wrong.status is RPCStatusCode.NOT_FOUND:
                return  # it ended meanwhile
            if wrong.status in (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.UNIMPLEMENTED):
                raise WrongUse(f"{NO_TIME_SKIPPING} ({wrong.message})") from None
            raise Unreachable(f"Temporal does not answer ({wrong.message}): see `redress doctor`") from None

    async def _stop_skipping(self, handle: WorkflowHandle[Any, Any]) -> None:
        """Disable skipping after a failure or timeout, so that time does not pass unnoticed."""
        request = UpdateWorkflowExecutionOptionsRequest(
            namespace=self._client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            workflow_execution_options=WorkflowExecutionOptions(time_skipping_config=TimeSkippingConfig(enabled=False)),
        )
        request.update_mask.paths.append("time_skipping_config")
        with suppress(RPCError):
            await self._client.workflow_service.update_workflow_execution_options(
                request, timeout=timedelta(seconds=_SETTLE_SECONDS)
            )

    async def _require_running(self, complaint: str) -> None:
        try:
            described = await self._described(complaint)
        except WorkflowNotFound as gone:
            if await self._pool.fetchval("SELECT true FROM complaints WHERE complaint = $1", complaint):
                raise _ended(complaint) from None
            raise NotFound(str(gone)) from None
        if not is_running(described):
            raise _ended(complaint)

    async def _described(self, complaint: str) -> WorkflowExecutionDescription:
        async with mapped_errors(complaint):
            return await self._client.get_workflow_handle(complaint).describe()

    async def _runs(self, handle: WorkflowHandle[Any, Any]) -> bool:
        return is_running(await self._described(handle.id))

    async def _now(self, handle: WorkflowHandle[Any, Any]) -> datetime:
        """Return the complaint's own time."""
        info = (await self._described(handle.id)).raw_description.workflow_extended_info
        if not info.HasField("time_skipping_info"):
            return datetime.now(UTC)
        return info.time_skipping_info.current_time.ToDatetime().replace(tzinfo=UTC)

    async def _pending_work(self, handle: WorkflowHandle[Any, Any]) -> str:
        described = (await self._described(handle.id)).raw_description
        waits = [_activity(pending) for pending in described.pending_activities]
        if described.HasField("pending_workflow_task"):
            waits.append("a worker that takes up the next step")
        if described.workflow_execution_info.history_length < _FIRST_EVENTS:
            waits.append("its next run to begin")
        return f"waits for {', '.join(waits)}" if waits else _IDLE

    async def _wait_until_settled(self, handle: WorkflowHandle[Any, Any]) -> str:
        """Wait a few seconds for work triggered by the skip; returns what is still pending."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _SETTLE_SECONDS
        while True:
            waits = await self._pending_work(handle)
            if waits == _IDLE or loop.time() > until:
                return "" if waits == _IDLE else waits
            await asyncio.sleep(_PAUSE)

    @asynccontextmanager
    async def _locked(self, complaint: str, until: float, report: Callable[[str], None]) -> AsyncIterator[None]:
        """Hold the advisory lock of this complaint's clock."""
        async with self._pool.acquire() as connection:
            if not await connection.fetchval(f"SELECT pg_try_advisory_lock({_LOCK})", complaint):
                report("waits for another fast-forward of this complaint")
                left = max(until - asyncio.get_running_loop().time(), 0.1)
                try:
                    await connection.execute(f"SELECT pg_advisory_lock({_LOCK})", complaint, timeout=left)
                except (TimeoutError, asyncpg.QueryCanceledError):
                    raise Unreachable(
                        f"another fast-forward of {complaint} did not end in time: try again, or raise --timeout"
                    ) from None
            try:
                yield
            finally:
                await connection.execute(f"SELECT pg_advisory_unlock({_LOCK})", complaint)


_FIRST_EVENTS = 2
"""History length of a run whose first task is scheduled; Temporal starts at most one run per second."""


def _ended(complaint: str) -> RefusedByRule:
    return RefusedByRule(f"complaint {complaint} has ended: no time passes for it any more (R10.4)")


def _activity(pending: Any) -> str:
    failure = pending.last_failure.message[:120]
    attempt = f" (attempt {pending.attempt}: {failure})" if failure else ""
    return f"{pending.activity_type.name}{attempt}"
