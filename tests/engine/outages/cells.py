"""The crash matrix: every way the provider fails, times every instant at which a worker can be killed in a payment."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import cycle, product
from typing import NamedTuple

from tests import ROOT
from workers.sandbox.faults import REPERTOIRE, Mode, Partner

TABLE = ROOT / "deploy" / "docs" / "crash-matrix.md"


class Point(StrEnum):
    """Where the worker is killed with -9."""

    BEFORE = "before the call"
    DONE = "after the provider did it"
    COMMITTED = "after our commit"
    RETURNED = "after the return"


REVERSED = "reversed weeks later"
AT_ONCE = "settled at once"

MODES = (AT_ONCE, *REPERTOIRE[Partner.PAYMENT]["send"], REVERSED)

RETRIED = frozenset({Mode.DECLINED, Mode.PENDING_FAILS, Mode.SETTLED_THEN_FAILED, REVERSED})
"""After these the handler orders the next movement (R6.10)."""

TAKEN_BACK = frozenset({Mode.FAILED_THEN_SETTLED, Mode.SETTLED_THEN_FAILED})
"""The provider takes back what it has proven; its last word is the truth, and its book says so."""


class Cell(NamedTuple):
    """One payment: how the provider fails, and where the worker that asks it is killed."""

    mode: str
    point: Point


class Result(NamedTuple):
    """What was found afterwards: the movements by number in the provider's book and in our record, and the end."""

    book: tuple[str, ...]
    record: tuple[str, ...]
    end: str

    def __str__(self) -> str:
        return f"book {_states(self.book)}; record {_states(self.record)}; {self.end}"


CELLS = tuple(Cell(str(mode), point) for mode, point in product(MODES, Point))


EACH_ONCE = tuple(Cell(str(mode), point) for mode, point in zip(MODES, cycle(Point), strict=False))
"""Each way to fail once, each instant a few times: a part of the matrix that takes seconds."""


def _states(states: tuple[str, ...]) -> str:
    return ", ".join(f"{number} {state}" for number, state in enumerate(states, start=1))


def expected(mode: str) -> Result:
    """Return what must be found, wherever the worker was killed."""
    end = "closed settled"
    match mode:
        case Mode.DECLINED:
            return Result(("declined", "settled"), ("failed", "settled"), end)
        case Mode.PENDING_FAILS:
            return Result(("failed", "settled"), ("failed", "settled"), end)
        case "reversed weeks later":
            return Result(("reversed", "settled"), ("reversed", "settled"), end)
        case Mode.SETTLED_THEN_FAILED:
            return Result(("failed", "settled"), ("reversed", "settled"), end)
        case _:
            return Result(("settled",), ("settled",), end)


def table(results: Mapping[Cell, Result]) -> str:
    """Return the document: one row per mode, one column per point, and what each cell came to."""
    kinds = {str(result): number for number, result in enumerate(dict.fromkeys(map(str, results.values())), start=1)}
    head = f"| the provider | {' | '.join(f'killed {point}' for point in Point)} |"
    rows = [
        f"| {mode} | {' | '.join(str(kinds[str(results[Cell(str(mode), point)])]) for point in Point)} |"
        for mode in MODES
    ]
    legend = [f"{number}. {text}" for text, number in kinds.items()]
    return "\n".join([*_INTRODUCTION, "", head, "|---" * (len(Point) + 1) + "|", *rows, "", *legend, ""])


_INTRODUCTION = (
    "# Crash matrix of payments",
    "",
    "Written by `tests/engine/outages/test_crash_matrix.py`: in each cell a worker was killed with -9 at that instant",
    "of a payment, while the provider failed in that way, and another worker went on. Each number stands for what was",
    "found in the end, below: the movements in the provider's own book, those in our record, and the complaint's end.",
)
