"""Letting time pass for one complaint, on stacks with time skipping: one at a time, and to the end.

forwarded = await FastForward(client, pool).by(complaint, timedelta(days=3), within=120, tell=print)
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
from starter.client.temporal_calls import Gone, worded

_DURATION = re.compile(
    r"(?:(?P<days>\d{1,4})d)?(?:(?P<hours>\d{1,5})h)?(?:(?P<minutes>\d{1,6})m)?(?:(?P<seconds>\d{1,8})s)?"
)
_LONGEST = timedelta(days=3650)
_LOOK = 1.0
_PAUSE = 0.2
_SAY_AGAIN = 10.0
_SETTLES_WITHIN = 5.0
_NOTHING = "goes on"
_LOCK = "hashtextextended('fast-forward:' || $1, 0)"

NO_TIME_SKIPPING = "this stack has no time skipping: start one for training with `redress up --time-skipping`"


class Forwarded(NamedTuple):
    """How far it went: the complaint's own time now, and whether it ended on the way."""

    complaint: str
    now: datetime
    ended: bool
    still_at: str


def duration(text: str) -> timedelta:
    """Read `3d`, `36h`, `30m` or `1d12h`; raises WrongUse."""
    match = _DURATION.fullmatch(text.strip())
    parts = {unit: int(number) for unit, number in match.groupdict().items() if number} if match else {}
    length = timedelta(**parts)
    if not timedelta() < length <= _LONGEST:
        raise WrongUse(f"{text!r} is no duration: write for example 3d, 36h, 30m or 1d12h, at most {_LONGEST.days}d")
    return length


class FastForward:
    """Moves the clocks of complaints; needs the database, whose lock keeps two from moving the same one at once."""

    def __init__(self, client: Client, pool: Pool) -> None:
        self._client, self._pool = client, pool
        self._skipper = TimeSkipper(client)

    async def by(self, complaint: str, length: timedelta, *, within: float, tell: Callable[[str], None]) -> Forwarded:
        """Let that much time pass for a complaint, in its own time; ends early when the complaint does.

        `within` is seconds of real time, `tell` hears what it waits for. Raises RefusedByRule for an ended complaint,
        NotFound, WrongUse without time skipping, Unreachable when the time is up (what passed has passed).
        """
        until = asyncio.get_running_loop().time() + within
        handle = self._client.get_workflow_handle(complaint)
        async with self._alone(complaint, until, tell):
            await self._require_running(complaint)
            target = await self._now(handle) + length
            try:
                ended = await self._to(target, handle, until, tell)
            except BaseException:
                await self._stand_still(handle)
                raise
            still_at = await self._settled(handle)
            return Forwarded(complaint, await self._now(handle), ended, still_at)

    async def _to(
        self, target: datetime, handle: WorkflowHandle[Any, Any], until: float, tell: Callable[[str], None]
    ) -> bool:
        """Skip until that instant; tells whether the complaint ended before. One skip session ends after 200 skips."""
        while True:
            now = await self._now(handle)
            if now >= target:
                return False
            await self._skip(target - now, handle, until, tell)
            if not await self._runs(handle):
                return True
            if await self._now(handle) <= now:
                await asyncio.sleep(_PAUSE)

    async def _skip(
        self, length: timedelta, handle: WorkflowHandle[Any, Any], until: float, tell: Callable[[str], None]
    ) -> None:
        clock = asyncio.get_running_loop().time
        skipping = asyncio.create_task(self._skipped(handle, length))
        said, again = "", clock()
        try:
            while not (await asyncio.wait({skipping}, timeout=_LOOK))[0]:
                waits = await self._waits_for(handle)
                if clock() > until:
                    raise Unreachable(f"time did not pass within the timeout; {waits}; raise --timeout or mend that")
                if waits not in (said, _NOTHING) and (not said or clock() > again):
                    tell(said := waits)
                    again = clock() + _SAY_AGAIN
            skipping.result()
        finally:
            skipping.cancel()
            await asyncio.wait({skipping})

    async def _skipped(self, handle: WorkflowHandle[Any, Any], length: timedelta) -> None:
        try:
            await self._skipper.fast_forward(handle, length)
        except RuntimeError:
            return  # the run that was told to skip has given way to a newer one: how far it came, its clock shows
        except RPCError as wrong:
            if wrong.status is RPCStatusCode.NOT_FOUND:
                return  # it ended between two looks
            if wrong.status in (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.UNIMPLEMENTED):
                raise WrongUse(f"{NO_TIME_SKIPPING} ({wrong.message})") from None
            raise Unreachable(f"Temporal does not answer ({wrong.message}): see `redress doctor`") from None

    async def _stand_still(self, handle: WorkflowHandle[Any, Any]) -> None:
        """End a skip that was given up, so that time does not go on passing behind the operator's back."""
        request = UpdateWorkflowExecutionOptionsRequest(
            namespace=self._client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            workflow_execution_options=WorkflowExecutionOptions(time_skipping_config=TimeSkippingConfig(enabled=False)),
        )
        request.update_mask.paths.append("time_skipping_config")
        with suppress(RPCError):
            await self._client.workflow_service.update_workflow_execution_options(
                request, timeout=timedelta(seconds=_SETTLES_WITHIN)
            )

    async def _require_running(self, complaint: str) -> None:
        try:
            described = await self._described(complaint)
        except Gone as gone:
            if await self._pool.fetchval("SELECT true FROM complaints WHERE complaint = $1", complaint):
                raise _ended(complaint) from None
            raise NotFound(str(gone)) from None
        if not is_running(described):
            raise _ended(complaint)

    async def _described(self, complaint: str) -> WorkflowExecutionDescription:
        async with worded(complaint):
            return await self._client.get_workflow_handle(complaint).describe()

    async def _runs(self, handle: WorkflowHandle[Any, Any]) -> bool:
        return is_running(await self._described(handle.id))

    async def _now(self, handle: WorkflowHandle[Any, Any]) -> datetime:
        """Return the complaint's own time."""
        info = (await self._described(handle.id)).raw_description.workflow_extended_info
        if not info.HasField("time_skipping_info"):
            return datetime.now(UTC)
        return info.time_skipping_info.current_time.ToDatetime().replace(tzinfo=UTC)

    async def _waits_for(self, handle: WorkflowHandle[Any, Any]) -> str:
        described = (await self._described(handle.id)).raw_description
        waits = [_activity(pending) for pending in described.pending_activities]
        if described.HasField("pending_workflow_task"):
            waits.append("a worker that takes up the next step")
        if described.workflow_execution_info.history_length < _BEGUN:
            waits.append("its next run to begin")
        return f"waits for {', '.join(waits)}" if waits else _NOTHING

    async def _settled(self, handle: WorkflowHandle[Any, Any]) -> str:
        """Wait a little for what the passed time set off to be done and recorded; says what is still under way."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _SETTLES_WITHIN
        while True:
            waits = await self._waits_for(handle)
            if waits == _NOTHING or loop.time() > until:
                return "" if waits == _NOTHING else waits
            await asyncio.sleep(_PAUSE)

    @asynccontextmanager
    async def _alone(self, complaint: str, until: float, tell: Callable[[str], None]) -> AsyncIterator[None]:
        """Hold the lock on moving this complaint's clock; returning the connection gives it back."""
        async with self._pool.acquire() as connection:
            if not await connection.fetchval(f"SELECT pg_try_advisory_lock({_LOCK})", complaint):
                tell("waits for another fast-forward of this complaint")
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


_BEGUN = 2
"""Events of a run whose first task is scheduled; Temporal lets runs follow each other no faster than one a second."""


def _ended(complaint: str) -> RefusedByRule:
    return RefusedByRule(f"complaint {complaint} has ended: no time passes for it any more (R10.4)")


def _activity(pending: Any) -> str:
    failure = pending.last_failure.message[:120]
    attempt = f" (attempt {pending.attempt}: {failure})" if failure else ""
    return f"{pending.activity_type.name}{attempt}"
