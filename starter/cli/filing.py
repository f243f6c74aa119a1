"""`redress open` and `redress import`: file one complaint, or a file of thousands."""

# ruff: noqa: D417 - `common` is explained to people option by option

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from starter.bulk.concurrency import StopRequest, until_interrupted
from starter.bulk.import_filings import FAULTY, FileCheck, FilingImport, validate_file
from starter.bulk.progress import REFUSED, ExitRule, RunProgress, exit_code_of, print_summary
from starter.bulk.result_file import ResultFile
from starter.bulk.rows import Fault
from starter.cli import session
from starter.client import connection
from starter.client.complaints import REGISTRATION_TIMEOUT, Complaints
from starter.client.endpoints import find
from starter.client.errors import Exit, Unreachable, WrongUse
from starter.client.filing_input import read_filing, read_text
from starter.client.results import FilingResult
from starter.terminal import PLAIN, Common, FileOrStdin, out, print_json, say

_NOT_YET = "accepted; it will be registered when a worker runs (`redress show` tells)"


async def open_(
    file: FileOrStdin, /, *, wait: Annotated[bool, Parameter(negative="--no-wait")] = True, common: Common = PLAIN
) -> int:
    """File a complaint and print its number; the same request_id gives the same number.

    Parameters
    ----------
    file
        A file with one filing as JSON, or - for standard input. Amounts may be written "299.00".
    wait
        Wait until it is registered or refused; --no-wait returns as soon as it is filed.

    """
    filing = read_filing(read_text(file), "standard input" if file == "-" else file)
    async with session.complaints(common) as (client, _):
        opened = await client.open(filing, wait=REGISTRATION_TIMEOUT if wait else timedelta())
    _print_opened(opened, common)
    return Exit.REFUSED if opened.state == "refused" else Exit.DONE


def _print_opened(opened: FilingResult, common: Common) -> None:
    if common.json:
        refusal = opened.refusal.model_dump(mode="json") if opened.refusal else {}
        print_json(
            refusal | {"complaint": opened.complaint, "state": opened.state, "known_before": opened.known_before}
        )
    else:
        out(opened.complaint)
    if opened.refusal:
        say(f"redress: refused by rule {opened.refusal.rule} ({opened.refusal.code}): {opened.refusal.text}")
    elif opened.state == "not_applicable":
        say(f"not applicable (R1.7): {opened.text}; the buyer is called and told why")
    elif opened.state == "accepted":
        say(f"{opened.complaint} is {_NOT_YET}" + (f": {opened.text}" if opened.text else ""))
    elif opened.known_before:
        say(f"this request was filed before as {opened.complaint}")


_FAULTY = ExitRule(FAULTY, Exit.WRONG_USE, "lines have faults and are not filed: mend them and run it again")
_WAITING = ExitRule(
    "accepted", Exit.DONE, "are filed and not registered yet: run it again when a worker runs, to know how they fared"
)
_MOST_AT_ONCE = 500
_SHOWN = 20
"""Faults shown during an import; all are in the result file."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """Options of an import."""

    results: Path | None = None
    "Where the result of each line is kept, and read again by the next run; FILE.results.jsonl unless said."
    at_once: int = 50
    "How many are filed side by side, 1 to 500."
    wait: Annotated[bool, Parameter(negative="--no-wait")] = True
    "Wait until each is registered or refused; --no-wait goes on as soon as it is filed."


async def import_(
    file: Path,
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    how: ImportOptions = ImportOptions(),
    common: Common = PLAIN,
) -> int:
    """File thousands of complaints, each once, however often it is run: again after a crash it goes on where it was.

    What can be read is filed; a line with a fault is not, and stands in the result file with it. Exit codes: 0 every
    line is filed, 2 a line has a fault, 3 a rule refused one, 5 a backend was lost on the way, 130 interrupted.

    Parameters
    ----------
    file
        Complaints as .csv (its first line names the columns) or .jsonl (one filing as JSON on each line), in UTF-8.
    dry_run
        Check every line and say every fault; file nothing.

    """
    session.logs(common)
    if not 1 <= how.at_once <= _MOST_AT_ONCE:
        raise WrongUse(f"--at-once {how.at_once}: give a number from 1 to {_MOST_AT_ONCE}")
    return await (_dry(file, common) if dry_run else _filed(file, how, common))


async def _dry(file: Path, common: Common) -> Exit:
    found: list[Fault] = []
    checked = await _checked(file, found.append if common.json else lambda fault: out(str(fault)))
    if common.json:
        print_json(checked._asdict() | {"faults": [one._asdict() for one in found]})
    elif checked.faulty:
        out(f"{checked.faults} faults in {checked.faulty} of {checked.lines} lines: mend them, or file the others")
    else:
        out(f"lines: {checked.lines}, without a fault: all can be read; what a rule refuses is known when it is filed")
    return Exit.WRONG_USE if checked.faulty else Exit.DONE


async def _checked(file: Path, report: Callable[[Fault], None]) -> FileCheck:
    checked = await validate_file(file, report)
    if not checked.lines:
        raise WrongUse(f"{file}: holds no complaints; nothing is filed")
    return checked


async def _filed(file: Path, how: ImportOptions, common: Common) -> Exit:
    if sys.stderr.isatty():
        say(f"checking {file}")
    lines = (await _checked(file, lambda _: None)).lines
    path = how.results or file.with_name(f"{file.name}.results.jsonl")
    with until_interrupted() as stop, RunProgress("filed", lines) as progress:
        await _import(file, path, how, progress, stop)
        progress.interrupted = stop.is_set()
    print_summary(progress, "lines", path, common)
    return exit_code_of(progress, "run it again", _FAULTY, REFUSED, _WAITING)


async def _import(file: Path, path: Path, how: ImportOptions, progress: RunProgress, stop: StopRequest) -> None:
    async with connection.both(find()) as (client, files):
        head = {"results_of": file.name, **await connection.identity(client)}
        async with ResultFile.open(path, head).synced() as results:
            filing_import = FilingImport(files, Complaints(client, files), results, progress, stop)
            try:
                await filing_import.run(file, _FirstFaults(), at_once=how.at_once, wait=how.wait)
            except Unreachable as wrong:
                raise Unreachable(
                    f"{wrong}\n  {progress.done} lines are done; run it again: it goes on there"
                ) from None


class _FirstFaults:
    """Prints the first faults only."""

    def __init__(self) -> None:
        self._reported = 0

    def __call__(self, fault: Fault) -> None:
        self._reported += 1
        if self._reported <= _SHOWN:
            say(str(fault))
        elif self._reported == _SHOWN + 1:
            say("… more faults stand in the result file")
