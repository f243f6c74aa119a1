"""How filings were taken, learned from the record for many at once: one question a moment, not one each."""

import asyncio
from typing import NamedTuple

import asyncpg

from activities.store.case_files import CaseFiles
from starter.client.complaints import REGISTERED_WITHIN
from starter.client.results import Opened, how_opened
from workflows.complaint.views.timeline import step_view
from workflows.vocabulary import Outcome

_LOOK = 0.2
_PATIENCE = REGISTERED_WITHIN.total_seconds()
"""Seconds without any registration after which nobody is waited for: no worker runs."""

_MISSES = 20
"""Questions in a row that the database did not answer, before that is said."""

_TOLD_APART = frozenset({Outcome.REFUSED, Outcome.NOT_APPLICABLE})


class _Waiting(NamedTuple):
    since: float
    known_before: bool
    answer: asyncio.Future[Opened]


class Registrations:
    """Waits for many filings at once; `watch` must run beside it."""

    def __init__(self, cases: CaseFiles, stop: asyncio.Event) -> None:
        self._cases, self._stop = cases, stop
        self._waiting: dict[str, _Waiting] = {}
        self._clock = asyncio.get_running_loop().time
        self._progress = self._clock()
        self._stalled = False

    async def taken(self, opened: Opened) -> Opened:
        """Return how it was taken; as it is, `accepted`, where nobody registers anything or somebody asked to stop."""
        answer: asyncio.Future[Opened] = asyncio.get_running_loop().create_future()
        self._waiting[opened.complaint] = _Waiting(self._clock(), opened.known_before, answer)
        return await answer

    async def watch(self) -> None:
        """Ask the record for all that wait, again and again."""
        missed = 0
        while True:
            await asyncio.sleep(_LOOK)
            if not self._waiting:
                continue
            try:
                await self._look()
                missed = 0
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as wrong:
                missed += 1
                if missed >= _MISSES:
                    self._fail(wrong)
            self._let_go()

    async def _look(self) -> None:
        for number, outcome in (await self._cases.outcomes(list(self._waiting))).items():
            waiting = self._waiting[number]
            opened = Opened(complaint=number, state="registered", known_before=waiting.known_before)
            if outcome in _TOLD_APART and (view := await self._cases.view(number)):
                steps = tuple(map(step_view, await self._cases.timeline(number)))
                opened = how_opened(view, steps, known_before=waiting.known_before)
            del self._waiting[number]
            waiting.answer.set_result(opened)
            self._progress, self._stalled = self._clock(), False

    def _let_go(self) -> None:
        """Answer `accepted` to all who have waited long enough; nobody waits twice for a worker that does not run."""
        now = self._clock()
        for number, waiting in list(self._waiting.items()):
            idle = now - max(waiting.since, self._progress)
            if self._stalled or self._stop.is_set() or idle > _PATIENCE:
                self._stalled = self._stalled or idle > _PATIENCE
                del self._waiting[number]
                waiting.answer.set_result(Opened(complaint=number, state="accepted", known_before=waiting.known_before))

    def _fail(self, wrong: Exception) -> None:
        for waiting in self._waiting.values():
            waiting.answer.set_exception(wrong)
        self._waiting.clear()
