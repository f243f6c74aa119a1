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
"""Interval of plain lines where there is no terminal."""


class RunProgress:
    """Counts results by state and shows them: a bar on a terminal, else a line now and then."""

    def __init__(self, doing: str, total: int) -> None:
        self.counts: Counter[str] = Counter()
        self.earlier = 0
        """How many an earlier run completed."""
        self.interrupted = False
        self._doing, self.total = doing, total
        self._begun = self._displayed_at = time.monotonic()
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        self._begun = self._displayed_at = time.monotonic()
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                TextColumn("{task.fields[summary]}"), TimeRemainingColumn(),
                console=Console(stderr=True), refresh_per_second=4,
            )  # fmt: skip
            self._task = self._bar.add_task(self._doing, total=self.total, summary="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def count_earlier(self, state: str) -> None:
        """Count one item completed by an earlier run."""
        self.earlier += 1
        self._add(state)

    def count(self, state: str) -> None:
        """Count one item completed by this run."""
        self._add(state)

    def _add(self, state: str) -> None:
        self.counts[state] += 1
        if self._bar:
            self._bar.update(self._task, completed=self.done, summary=self.summary())
        elif time.monotonic() - self._displayed_at >= _SECONDS:
            self._displayed_at = time.monotonic()
            say(f"{self._doing}: {self.done} of {self.total} · {self.summary()}")

    @property
    def done(self) -> int:
        """How many are completed, by this run or an earlier one."""
        return self.counts.total()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    @property
    def rate(self) -> float:
        """Items per second of this run."""
        return round((self.done - self.earlier) / max(self.seconds, 0.001), 1)

    def summary(self) -> str:
        """Return counts by state and the rate, as text."""
        states = ", ".join(f"{number} {words(state)}" for state, number in self.counts.most_common())
        return f"{states} · {self.rate}/s"


class ExitRule(NamedTuple):
    """What a state means for the run: its exit code, and `text` that follows the number of items in it."""

    state: str
    code: Exit
    text: str


REFUSED = ExitRule("refused", Exit.REFUSED, "were refused by a rule; the result file says by which")


def print_summary(progress: RunProgress, things: str, path: Path, common: Common) -> None:
    """Print the summary, as JSON or one line."""
    if common.json:
        data = {
            things: progress.total,
            "done": progress.done,
            "done_before": progress.earlier,
            "seconds": round(progress.seconds, 1),
        }
        print_json(data | {"rate": progress.rate, "states": dict(progress.counts), "results": str(path)})
        return
    states = ", ".join(f"{number} {words(state)}" for state, number in progress.counts.most_common())
    before = f", {progress.earlier} of them by an earlier run" if progress.earlier else ""
    out(f"{progress.done} of {progress.total} {things}{before}: {states or 'none'} · {progress.rate}/s · {path}")


def exit_code_of(progress: RunProgress, again: str, *rules: ExitRule) -> Exit:
    """Return the exit code of the first rule whose state occurred; `again` tells how to resume an interrupted run."""
    if progress.interrupted:
        say(f"redress: interrupted; {again}: it goes on where it was")
        return Exit.INTERRUPTED
    for one in rules:
        if number := progress.counts[one.state]:
            say(f"redress: {number} {one.text}")
            return one.code
    return Exit.DONE
