"""Tables for people: no frames, colours only on a terminal, whole words."""

import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, wide: Sequence[str] = ()) -> None:
    """Print a table; only the `wide` columns are wrapped, in the others a word is never cut."""
    drawn = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False, show_edge=False)
    for column in columns:
        drawn.add_column(column, no_wrap=column not in wide, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))  # as text: nothing that people wrote is taken for markup
    console = Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    console.print(drawn)


_PIPE_WIDTH = 160
"""Columns of a table that no terminal limits."""
