"""Import filings from a file: validate each line, file it once, wait for its registration, keep its result."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from pydantic import ValidationError

from activities.store.case_files import CaseFiles
from starter.bulk.concurrency import beside, breathing, patiently, side_by_side
from starter.bulk.progress import HowFar
from starter.bulk.result_file import Results, short
from starter.bulk.rows import Fault, Row, rows
from starter.client.complaints import REGISTERED_WITHIN, Complaints
from starter.client.record import Files
from starter.client.results import Opened, how_opened
from workflows.complaint.domain.filing import Filing
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
                steps = await self._cases.timeline(number)
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


FAULTY = "faulty"
FINAL = frozenset({"registered", "refused", "not_applicable", FAULTY})
"""States that another run need not ask for; `accepted` is not one, for nobody has registered it yet."""


class Checked(NamedTuple):
    """What a file holds."""

    lines: int
    faulty: int
    faults: int


async def check(path: Path, told: Callable[[Fault], None]) -> Checked:
    """Check every line and tell every fault; raises WrongUse where the file cannot be told apart into lines."""
    lines = faulty = faults = 0
    async for row in breathing(rows(path)):
        lines += 1
        faulty += bool(row.faults)
        faults += len(row.faults)
        for fault in row.faults:
            told(fault)
    return Checked(lines, faulty, faults)


class Importing:
    """One run over a file."""

    def __init__(self, files: Files, client: Complaints, results: Results, far: HowFar, stop: asyncio.Event) -> None:
        self._client, self._results, self._far, self._stop = client, results, far, stop
        self._cases = files.cases
        self._registrations = Registrations(files.cases, stop)
        self._states: dict[bytes, str] = {}
        self._filed_as: dict[bytes, tuple[bytes, str]] = {}
        """Key and state of each request that an earlier run filed."""
        for result in results.earlier():
            self._remember(result)

    async def run(self, path: Path, told: Callable[[Fault], None], *, at_once: int, wait: bool) -> None:
        """File what is not done yet, so many at a time; raises Unreachable when a backend is gone for good."""

        async def filed(row: Row) -> None:
            assert row.filing is not None, "what is wrong was sorted out"  # noqa: S101 - by _to_do
            await self._file(row, row.filing, told, wait=wait)

        async with beside(self._registrations.watch()):
            await side_by_side(self._to_do(path, told), filed, at_once=at_once, stop=self._stop)

    def _to_do(self, path: Path, told: Callable[[Fault], None]) -> Iterator[Row]:
        for row in map(self._compared, rows(path)):
            if state := self._states.get(_key(row)):
                self._far.known(state)
            elif row.faults:
                self._faulty(row, told)
            else:
                yield row

    def _faulty(self, row: Row, told: Callable[[Fault], None]) -> None:
        for fault in row.faults:
            told(fault)
        self._keep(row, FAULTY, faults=[{"column": one.column, "text": one.text} for one in row.faults])

    def _compared(self, row: Row) -> Row:
        """Return the line as faulty if its request was filed by an earlier run with other content."""
        if row.request_id is None or row.faults or (before := self._filed_as.get(short(row.request_id))) is None:
            return row
        key, state = before
        return row if key == _key(row) else _other_content(row, state)

    async def _file(self, row: Row, filing: Filing, told: Callable[[Fault], None], *, wait: bool) -> None:
        opened = await patiently(lambda: self._client.file(filing), self._stop)
        if wait:
            opened = await self._registrations.taken(opened)
        if opened.known_before and await patiently(lambda: self._differs(opened.complaint, filing), self._stop):
            self._faulty(_other_content(row, opened.state), told)
        else:
            self._keep(row, opened.state, **_told(opened))

    async def _differs(self, complaint: str, filing: Filing) -> bool:
        """Say whether another file, or somebody by hand, filed something else under the same request."""
        try:
            kept = await self._cases.filing(complaint)
        except ValidationError:  # filed with another release, which wrote down what this one does not know
            return True
        return kept is not None and kept != filing

    def _keep(self, row: Row, state: str, **more: Any) -> None:
        known = {"line": row.line, "request_id": row.request_id, "state": state}
        self._results.add(known | more | {"key": _key(row).hex()})
        self._far.came_of_it(state)

    def _remember(self, result: dict[str, Any]) -> None:
        key = bytes.fromhex(result["key"])
        if result["state"] in FINAL:
            self._states[key] = result["state"]
        if result["state"] != FAULTY:
            self._filed_as[short(result["request_id"])] = key, result["state"]


def _other_content(row: Row, state: str) -> Row:
    how = "and refused: that stands" if state == "refused" else "and that stands"
    text = f"was filed before with other content, {how}; give what this line says a request_id of its own"
    return row._replace(filing=None, faults=(Fault(row.line, "request_id", text),))


def _told(opened: Opened) -> dict[str, Any]:
    told: dict[str, Any] = {"complaint": opened.complaint, "known_before": opened.known_before}
    if opened.text:
        told["text"] = opened.text
    if opened.refusal:
        told["refusal"] = {"code": str(opened.refusal.code), "rule": opened.refusal.rule}
    return told


def _key(row: Row) -> bytes:
    """Return what tells this line from every other: what it files, or where it is and what is wrong with it."""
    return short(row.filing.model_dump_json() if row.filing else f"{row.faults}")
