"""Import filings from a file: validate each line, file it once, wait for its registration, keep its result."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from pydantic import ValidationError

from activities.store.case_files import CaseFiles
from starter.bulk.concurrency import cooperatively, in_background, run_concurrently, with_retries
from starter.bulk.progress import RunProgress
from starter.bulk.result_file import ResultFile, digest
from starter.bulk.rows import Fault, Row, rows
from starter.client.complaints import REGISTRATION_TIMEOUT, Complaints
from starter.client.record import Record
from starter.client.results import FilingResult, filing_result
from workflows.complaint.domain.filing import Filing
from workflows.complaint.views.timeline import step_view
from workflows.vocabulary import Outcome

_POLL_SECONDS = 0.2
_IDLE_SECONDS = REGISTRATION_TIMEOUT.total_seconds()
"""Seconds without any registration after which waiting ends: no worker is running."""

_MAX_FAILURES = 20
"""Consecutive failed queries before the failure is raised."""

_WITH_REASON = frozenset({Outcome.REFUSED, Outcome.NOT_APPLICABLE})


class _Waiting(NamedTuple):
    since: float
    known_before: bool
    answer: asyncio.Future[FilingResult]


class Registrations:
    """Waits for the registration of many filings with one query per interval; `watch` must run in the background."""

    def __init__(self, cases: CaseFiles, stop: asyncio.Event) -> None:
        self._cases, self._stop = cases, stop
        self._waiting: dict[str, _Waiting] = {}
        self._clock = asyncio.get_running_loop().time
        self._progress = self._clock()
        self._stalled = False

    async def wait_for(self, opened: FilingResult) -> FilingResult:
        """Wait for the result; stays `accepted` if no worker registers anything or a stop is requested."""
        answer: asyncio.Future[FilingResult] = asyncio.get_running_loop().create_future()
        self._waiting[opened.complaint] = _Waiting(self._clock(), opened.known_before, answer)
        return await answer

    async def watch(self) -> None:
        """Poll the record for all waiting filings, until cancelled."""
        missed = 0
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if not self._waiting:
                continue
            try:
                await self._poll()
                missed = 0
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as wrong:
                missed += 1
                if missed >= _MAX_FAILURES:
                    self._fail(wrong)
            self._resolve_idle()

    async def _poll(self) -> None:
        for number, outcome in (await self._cases.outcomes(list(self._waiting))).items():
            waiting = self._waiting[number]
            opened = FilingResult(complaint=number, state="registered", known_before=waiting.known_before)
            if outcome in _WITH_REASON and (view := await self._cases.view(number)):
                steps = tuple(map(step_view, await self._cases.timeline(number)))
                opened = filing_result(view, steps, known_before=waiting.known_before)
            del self._waiting[number]
            waiting.answer.set_result(opened)
            self._progress, self._stalled = self._clock(), False

    def _resolve_idle(self) -> None:
        """Resolve filings that have waited long enough as `accepted`; once stalled, later ones do not wait again."""
        now = self._clock()
        for number, waiting in list(self._waiting.items()):
            idle = now - max(waiting.since, self._progress)
            if self._stalled or self._stop.is_set() or idle > _IDLE_SECONDS:
                self._stalled = self._stalled or idle > _IDLE_SECONDS
                del self._waiting[number]
                waiting.answer.set_result(
                    FilingResult(complaint=number, state="accepted", known_before=waiting.known_before)
                )

    def _fail(self, wrong: Exception) -> None:
        for waiting in self._waiting.values():
            waiting.answer.set_exception(wrong)
        self._waiting.clear()


FAULTY = "faulty"
FINAL = frozenset({"registered", "refused", "not_applicable", FAULTY})
"""States that a later run skips; `accepted` is not final."""


class FileCheck(NamedTuple):
    """Counts of a validated file."""

    lines: int
    faulty: int
    faults: int


async def validate_file(path: Path, report: Callable[[Fault], None]) -> FileCheck:
    """Validate every line and report every fault; raises WrongUse if the file cannot be split into lines."""
    lines = faulty = faults = 0
    async for row in cooperatively(rows(path)):
        lines += 1
        faulty += bool(row.faults)
        faults += len(row.faults)
        for fault in row.faults:
            report(fault)
    return FileCheck(lines, faulty, faults)


class FilingImport:
    """One run over a file, resuming earlier ones."""

    def __init__(
        self, files: Record, client: Complaints, results: ResultFile, progress: RunProgress, stop: asyncio.Event
    ) -> None:
        self._client, self._results, self._far, self._stop = client, results, progress, stop
        self._cases = files.cases
        self._registrations = Registrations(files.cases, stop)
        self._states: dict[bytes, str] = {}
        self._filed_as: dict[bytes, tuple[bytes, str]] = {}
        """Digest and state of each request filed by an earlier run, by digest of its request_id."""
        for result in results.rows():
            self._remember(result)

    async def run(self, path: Path, report: Callable[[Fault], None], *, at_once: int, wait: bool) -> None:
        """File the lines that are not done; raises Unreachable when a backend stays unreachable."""

        async def filed(row: Row) -> None:
            assert row.filing is not None, "what is wrong was sorted out"  # noqa: S101 - by _to_do
            await self._file(row, row.filing, report, wait=wait)

        async with in_background(self._registrations.watch()):
            await run_concurrently(self._pending(path, report), filed, at_once=at_once, stop=self._stop)

    def _pending(self, path: Path, report: Callable[[Fault], None]) -> Iterator[Row]:
        for row in map(self._with_conflict, rows(path)):
            if state := self._states.get(_key(row)):
                self._far.count_earlier(state)
            elif row.faults:
                self._faulty(row, report)
            else:
                yield row

    def _faulty(self, row: Row, report: Callable[[Fault], None]) -> None:
        for fault in row.faults:
            report(fault)
        self._keep(row, FAULTY, faults=[{"column": one.column, "text": one.text} for one in row.faults])

    def _with_conflict(self, row: Row) -> Row:
        """Return the line with a fault if an earlier run filed its request_id with other content."""
        if row.request_id is None or row.faults or (before := self._filed_as.get(digest(row.request_id))) is None:
            return row
        key, state = before
        return row if key == _key(row) else _conflict(row, state)

    async def _file(self, row: Row, filing: Filing, report: Callable[[Fault], None], *, wait: bool) -> None:
        opened = await with_retries(lambda: self._client.file(filing), self._stop)
        if wait:
            opened = await self._registrations.wait_for(opened)
        if opened.known_before and await with_retries(lambda: self._differs(opened.complaint, filing), self._stop):
            self._faulty(_conflict(row, opened.state), report)
        else:
            self._keep(row, opened.state, **_result_fields(opened))

    async def _differs(self, complaint: str, filing: Filing) -> bool:
        """Tell whether the filing on record under this request_id has other content."""
        try:
            kept = await self._cases.filing(complaint)
        except ValidationError:  # filed by another release, with fields this one does not know
            return True
        return kept is not None and kept != filing

    def _keep(self, row: Row, state: str, **more: Any) -> None:
        known = {"line": row.line, "request_id": row.request_id, "state": state}
        self._results.add(known | more | {"key": _key(row).hex()})
        self._far.count(state)

    def _remember(self, result: dict[str, Any]) -> None:
        key = bytes.fromhex(result["key"])
        if result["state"] in FINAL:
            self._states[key] = result["state"]
        if result["state"] != FAULTY:
            self._filed_as[digest(result["request_id"])] = key, result["state"]


def _conflict(row: Row, state: str) -> Row:
    how = "and refused: that stands" if state == "refused" else "and that stands"
    text = f"was filed before with other content, {how}; give what this line says a request_id of its own"
    return row._replace(filing=None, faults=(Fault(row.line, "request_id", text),))


def _result_fields(opened: FilingResult) -> dict[str, Any]:
    fields: dict[str, Any] = {"complaint": opened.complaint, "known_before": opened.known_before}
    if opened.text:
        fields["text"] = opened.text
    if opened.refusal:
        fields["refusal"] = {"code": str(opened.refusal.code), "rule": opened.refusal.rule}
    return fields


def _key(row: Row) -> bytes:
    """Return the digest that identifies a line: of its filing, or of its faults."""
    return digest(row.filing.model_dump_json() if row.filing else f"{row.faults}")
