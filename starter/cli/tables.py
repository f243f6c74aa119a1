"""Tables on the terminal: without frames; optional columns are left out when there is no room."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 160
"""Width where there is no terminal."""

_READABLE = 24
"""Minimum width of a text column."""

_GAP = 3


@dataclass(frozen=True)
class Column:
    """A column: `text` may wrap; `spare` ones are left out for lack of room, the highest number first."""

    name: str
    text: bool = False
    spare: int = 0


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print a table as wide as the terminal allows."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    kept, cells = fitting(columns, list(rows), console.width)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in kept:
        drawn.add_column(
            column.name, no_wrap=not column.text, overflow="fold", min_width=_READABLE if column.text else None
        )
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))  # not markup
    console.print(drawn)


def fitting(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int
) -> tuple[list[Column], list[list[str]]]:
    """Leave out spare columns until the rest fits into the width."""
    needs = [_needs(column, [row[place] for row in rows]) for place, column in enumerate(columns)]
    kept = list(range(len(columns)))
    by_worth = sorted((place for place in kept if columns[place].spare), key=lambda place: -columns[place].spare)
    for place in by_worth:
        if sum(needs[one] + _GAP for one in kept) - _GAP > width:
            kept.remove(place)
    return [columns[place] for place in kept], [[row[place] for place in kept] for row in rows]


def _needs(column: Column, cells: Sequence[str]) -> int:
    widest = max(map(cell_len, (column.name, *cells)))
    return min(widest, _READABLE) if column.text else widest
