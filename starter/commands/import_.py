"""`redress import FILE`."""

# ruff: noqa: D417 - `common` is explained to people option by option

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from starter import connection, session
from starter.bulk.importing import FAULTY, Checked, Importing, check
from starter.bulk.pace import Stop, until_interrupted
from starter.bulk.progress import HowFar
from starter.bulk.results import Results
from starter.bulk.rows import Fault
from starter.complaints import Complaints
from starter.errors import Exit, Unreachable, WrongUse
from starter.output import PLAIN, Common, out, print_json, say, words
from starter.whereabouts import find

_MOST_AT_ONCE = 500
_SHOWN = 20
"""Faults shown while complaints are filed; every one stands in the result file."""


async def import_(
    file: Path,
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    results: Path | None = None,
    at_once: int = 50,
    wait: Annotated[bool, Parameter(negative="--no-wait")] = True,
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
    results
        Where the result of each line is kept, and read again by the next run; FILE.results.jsonl unless said.
    at_once
        How many are filed side by side, 1 to 500.
    wait
        Wait until each is registered or refused; --no-wait goes on as soon as it is filed.

    """
    session.logs(common)
    if not 1 <= at_once <= _MOST_AT_ONCE:
        raise WrongUse(f"--at-once {at_once}: give a number from 1 to {_MOST_AT_ONCE}")
    if dry_run:
        return await _dry(file, common)
    if sys.stderr.isatty():
        say(f"checking {file}")
    lines = (await check(file, lambda _: None)).lines
    with until_interrupted() as stop, HowFar("filed", lines) as far:
        kept = await _import(file, results or file.with_name(f"{file.name}.results.jsonl"), far, stop, at_once, wait)
        far.interrupted = stop.is_set()
    _sum_up(far, kept, common)
    return _code(far)


async def _dry(file: Path, common: Common) -> int:
    found: list[Fault] = []
    checked = await check(file, found.append if common.json else lambda fault: out(str(fault)))
    if common.json:
        print_json(checked._asdict() | {"faults": [one._asdict() for one in found]})
    else:
        out(_checked(checked))
    return Exit.WRONG_USE if checked.faulty else Exit.DONE


def _checked(checked: Checked) -> str:
    if not checked.faulty:
        return f"{checked.lines} lines, no fault: they can be filed"
    return f"{checked.faults} faults in {checked.faulty} of {checked.lines} lines: mend them, or file the others"


async def _import(file: Path, path: Path, far: HowFar, stop: Stop, at_once: int, wait: bool) -> Path:
    where = find()
    client = await connection.temporal(where)
    async with connection.files(where) as files:
        head = {"results_of": file.name, **await connection.identity(client)}
        async with Results.begin(path, head).kept() as results:
            importing = Importing(files, Complaints(client, files), results, far, stop)
            try:
                await importing.run(file, _FirstFew(), at_once=at_once, wait=wait)
            except Unreachable as wrong:
                raise Unreachable(f"{wrong}\n  {far.done} lines are done; run it again: it goes on there") from None
    return path


class _FirstFew:
    """Tells the first faults; thousands would hide what else is said."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, fault: Fault) -> None:
        self._told += 1
        if self._told <= _SHOWN:
            say(str(fault))
        elif self._told == _SHOWN + 1:
            say("… more faults stand in the result file")


def _sum_up(far: HowFar, path: Path, common: Common) -> None:
    if common.json:
        told = {"lines": far.total, "done": far.done, "done_before": far.before, "seconds": round(far.seconds, 1)}
        print_json(told | {"rate": far.rate, "states": dict(far.counted), "results": str(path)})
        return
    states = ", ".join(f"{number} {words(state)}" for state, number in far.counted.most_common())
    before = f", {far.before} of them by an earlier run" if far.before else ""
    out(f"{far.done} of {far.total} lines{before}: {states or 'none'} · {far.rate}/s · {path}")


def _code(far: HowFar) -> int:
    if far.interrupted:
        say("redress: interrupted; run it again: it goes on where it was")
        return Exit.INTERRUPTED
    if faulty := far.counted[FAULTY]:
        say(f"redress: {faulty} lines have faults and are not filed: mend them and run it again")
        return Exit.WRONG_USE
    if refused := far.counted["refused"]:
        say(f"redress: {refused} were refused by a rule; the result file says by which")
        return Exit.REFUSED
    if waiting := far.counted["accepted"]:
        say(f"{waiting} are filed and not registered yet: run it again when a worker runs, to know how they were taken")
    return Exit.DONE
