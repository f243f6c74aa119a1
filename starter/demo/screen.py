"""How the tour is shown: a live table on a terminal, plain lines elsewhere, a summary at the end."""

import sys
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from urllib.parse import quote

from rich import box
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from starter.demo.tour import Row
from starter.terminal import when, words
from workers.stack.temporal import NAMESPACE
from workflows import wire
from workflows.complaint.domain.view import View
from workflows.vocabulary import MoneyState

_WIDE = 120
"""Columns from which on the complaint's number and the English title have room beside the rest."""

_NUMBERED = 100
_PIPE_WIDTH = 160
"""Columns of a table that no terminal limits."""

_GAP = 3
"""Columns between two columns."""

_LEAST = {
    "complaint": 20,
    "progress": 8,
    "phase": 14,
    "Beijing time": 12,
    "yuan": 12,
    "outcome": 14,
    "yuan moved": 10,
    "days lived": 10,
    "steps": 5,
}


def picture(rows: Sequence[Row], width: int) -> Table:
    """Draw the tour as it stands, in the columns that have room."""
    wide = width >= _WIDE
    drawn = _table(("story", *(("complaint",) if wide else ()), "progress", "phase", "Beijing time", "yuan"), width)
    for row in rows:
        drawn.add_row(
            _title(row, both=wide),
            *((Text(row.playing.complaint or "…"),) if wide else ()),
            ProgressBar(completed=row.share, total=1.0, width=_LEAST["progress"]),
            _phase(row),
            Text(when(row.now).partition("-")[2] if row.view else ""),
            _money(row.view) if row.view else Text(),
        )
    return drawn


def line(row: Row, rows: Sequence[Row]) -> str:
    """Tell one piece of news of the tour in one plain line."""
    over = sum(one.ended for one in rows)
    what = f"closed, {_phase(row).plain}" if row.ended else _phase(row).plain
    return f"[{over}/{len(rows)}] {when(row.now)}  {row.playing.complaint}  {row.story.en}: {what}"


def summary(rows: Sequence[Row], width: int) -> Table:
    """Draw what came of it: outcome, money moved, virtual days lived through, steps."""
    numbered = width >= _NUMBERED
    names = ("story", *(("complaint",) if numbered else ()), "outcome", "yuan moved", "days lived", "steps")
    drawn = _table(names, width)
    for column in drawn.columns[-3:]:
        column.justify = "right"
    for row in rows:
        view = row.view
        drawn.add_row(
            _title(row, both=width >= _WIDE),
            *((Text(row.playing.complaint),) if numbered else ()),
            Text("not as told", "bold red") if row.amiss else Text(words(view.outcome if view else None), "green"),
            Text(str(row.moved) if row.moved else "–"),
            Text(f"{row.days.total_seconds() / 86400:.1f}"),
            Text(str(view.steps) if view else "–"),
        )
    return drawn


def link(ui: str, complaint: str) -> str:
    """Return the address of a complaint in the web UI."""
    return f"{ui}/namespaces/{NAMESPACE}/workflows/{complaint}"


def listed(ui: str, **attributes: str) -> str:
    """Return the address of the list of complaints with these search attributes (words of the contract)."""
    wanted = [f'WorkflowType="{wire.COMPLAINT}"', *(f'{name}="{value}"' for name, value in attributes.items())]
    return f"{ui}/namespaces/{NAMESPACE}/workflows?query={quote(' AND '.join(wanted))}"


def links(rows: Sequence[Row], ui: str) -> Iterator[str]:
    """Tell where each complaint is seen in the web UI."""
    for row in rows:
        if row.playing.complaint:
            yield f"  {link(ui, row.playing.complaint)}  {row.story.zh}"


def wrongs(rows: Sequence[Row]) -> Iterator[str]:
    """Tell which stories did not go as told, and why."""
    for row in rows:
        for wrong in row.amiss:
            yield f"{row.story.name} ({row.playing.complaint or 'not filed'}): {wrong}"


def console(*, stderr: bool) -> Console:
    """Return where the tour is shown; a terminal without UTF-8 still gets everything."""
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return Console(file=stream, width=None if stream.isatty() else _PIPE_WIDTH)


def show(where: Console, *pictures: Table | str) -> None:
    """Print tables and lines; what people wrote is never taken for markup."""
    for one in pictures:
        where.print(one, markup=False, highlight=False, soft_wrap=isinstance(one, str))


def _table(columns: Sequence[str], width: int) -> Table:
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    first, *others = columns
    room = width - sum(_LEAST[name] + _GAP for name in others)
    drawn.add_column(first, no_wrap=True, overflow="ellipsis", max_width=max(room, 8))
    for name in others:  # only the title gives way where room is short
        drawn.add_column(name, no_wrap=True, overflow="ellipsis", min_width=_LEAST[name])
    return drawn


def _title(row: Row, *, both: bool) -> Text:
    title = Text(row.story.zh, "bold")
    return title.append(f"  {row.story.en}", "not bold dim") if both else title


def _phase(row: Row) -> Text:
    if row.amiss:
        return Text("not as told", "bold red")
    if row.view is None:
        return Text("being filed" if row.playing.complaint else "waits", "dim")
    if row.view.outcome:
        return Text(words(row.view.outcome), "green")
    return Text(words(row.view.phase), "yellow")


def _money(view: View) -> Text:
    if not view.money:
        return Text("–")
    last = view.money[-1]
    sign, style = _SIGNS[last.state]
    return Text(f"{last.amount} {sign}", style)


_SIGNS = {
    MoneyState.DECIDED: ("…", "yellow"),
    MoneyState.REQUESTED: ("…", "yellow"),
    MoneyState.SETTLED: ("paid", "green"),
    MoneyState.FAILED: ("failed", "red"),
    MoneyState.REVERSED: ("back", "red"),
}
