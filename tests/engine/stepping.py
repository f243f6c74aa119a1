"""A clock for complaints that are cut into many runs: it never passes a deadline while something is still to be done.

Between two runs nothing seems to be under way, and time would jump over what the next run is about to do: ask for a
payment, say, which then is overdue before it was asked for. No other complaint has so many runs.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from starter.errors import RefusedByRule
from starter.forward import FastForward, Forwarded
from workflows import wire
from workflows.domain.view import View
from workflows.domain.vocabulary import MoneyState


class StepByStep(FastForward):
    """Lets time pass from each deadline to the next, and waits there until all that was set off is done."""

    async def by(self, complaint: str, length: timedelta, *, within: float, tell: Callable[[str], None]) -> Forwarded:
        """Let that much time pass; `within` is seconds of real time for each deadline on the way."""
        handle = self._client.get_workflow_handle(complaint)
        target = await self._now(handle) + length
        passed: Forwarded | None = None
        while passed is None or passed.now < target:
            ahead, now = await self._ahead(handle, within), await self._now(handle)
            step = min([target, *(due + _A_MOMENT for due in ahead if due >= now)]) - now
            try:
                passed = await super().by(complaint, step, within=within, tell=tell)
            except RefusedByRule:
                if passed is None:
                    raise
                return passed  # it ended of what the last deadline had set off
            if passed.ended:
                break
        return passed

    async def _ahead(self, handle: WorkflowHandle[Any, Any], within: float) -> list[datetime]:
        """Return what is due, once the present run has begun and nothing is under way in it."""
        clock = asyncio.get_running_loop().time
        until = clock() + within
        while True:
            try:
                view: View = await handle.query(wire.VIEW, result_type=View)
                await self._settled(handle)
                if _at_rest(view):
                    return [row.due_at for row in view.waiting_on]
            except RPCError as not_begun:
                if not_begun.status is not RPCStatusCode.FAILED_PRECONDITION:
                    raise
            assert clock() < until, f"{handle.id} does not come to rest"
            await asyncio.sleep(_LOOK)


def _at_rest(view: View) -> bool:
    """Tell whether nothing is about to be asked for: what is decided is requested at once, unless a hold stands."""
    return view.clock.paused or all(one.state is not MoneyState.DECIDED for one in view.money)


_A_MOMENT, _LOOK = timedelta(seconds=1), 0.1
