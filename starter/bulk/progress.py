"""Progress of a bulk run on standard error (bar, or a line every 5 s), its summary and its exit code."""

import sys
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from starter.client.errors import Exit
from starter.terminal import Common, out, print_json, say, words

_SECONDS = 5.0
"""Between two plain lines."""


class HowFar:
    """Counts what came of each one, and says so while it goes on."""

    def __init__(self, doing: str, total: int) -> None:
        self.counted: Counter[str] = Counter()
        self.before = 0
        """How many were done by an earlier run."""
        self.interrupted = False
        self._doing, self.total = doing, total
        self._begun = self._said = time.monotonic()
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._begun = self._said = time.monotonic()
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"),
                TimeRemainingColumn(), console=Console(stderr=True), refresh_per_second=4,
            )  # fmt: skip
            self._task = self._bar.add_task(self._doing, total=self.total, said="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def known(self, state: str) -> None:
        """Count one that an earlier run has done."""
        self.before += 1
        self._count(state)

    def came_of_it(self, state: str) -> None:
        """Count one that was done just now."""
        self._count(state)

    def _count(self, state: str) -> None:
        self.counted[state] += 1
        if self._bar:
            self._bar.update(self._task, completed=self.done, said=self.told())
        elif time.monotonic() - self._said >= _SECONDS:
            self._said = time.monotonic()
            say(f"{self._doing}: {self.done} of {self.total} · {self.told()}")

    @property
    def done(self) -> int:
        """How many are done, by this run or an earlier one."""
        return self.counted.total()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._begun

    @property
    def rate(self) -> float:
        """How many a second, those of earlier runs left out."""
        return round((self.done - self.before) / max(self.seconds, 0.001), 1)

    def told(self) -> str:
        """Return what came of them and how fast, in words."""
        states = ", ".join(f"{number} {words(state)}" for state, number in self.counted.most_common())
        return f"{states} · {self.rate}/s"


class Verdict(NamedTuple):
    """What one state means for the whole run; `told` follows the number of those that are in it."""

    state: str
    code: Exit
    told: str


REFUSED = Verdict("refused", Exit.REFUSED, "were refused by a rule; the result file says by which")


def sum_up(far: HowFar, things: str, path: Path, common: Common) -> None:
    """Say what came of all of them."""
    if common.json:
        told = {things: far.total, "done": far.done, "done_before": far.before, "seconds": round(far.seconds, 1)}
        print_json(told | {"rate": far.rate, "states": dict(far.counted), "results": str(path)})
        return
    states = ", ".join(f"{number} {words(state)}" for state, number in far.counted.most_common())
    before = f", {far.before} of them by an earlier run" if far.before else ""
    out(f"{far.done} of {far.total} {things}{before}: {states or 'none'} · {far.rate}/s · {path}")


def verdict(far: HowFar, again: str, *verdicts: Verdict) -> Exit:
    """Return the exit code by the first of these states that occurred; `again` is how the run is gone on with."""
    if far.interrupted:
        say(f"redress: interrupted; {again}: it goes on where it was")
        return Exit.INTERRUPTED
    for one in verdicts:
        if number := far.counted[one.state]:
            say(f"redress: {number} {one.told}")
            return one.code
    return Exit.DONE
