"""`redress demo`: the whole stack with time skipping, and a guided tour of real cases from filing to closing."""

# ruff: noqa: D417 - `common` is explained to people option by option

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

from cyclopts import Parameter
from rich.live import Live

from activities.store.case_files import CaseFiles
from activities.store.pool import open_pool
from starter.cli import session
from starter.client import connection
from starter.client.complaints import Complaints
from starter.client.endpoints import Endpoints
from starter.client.errors import Exit
from starter.client.fast_forward import FastForward
from starter.client.record import Record
from starter.demo import screen
from starter.demo.player import Stage
from starter.demo.stories import FOR_THE_DEMO
from starter.demo.tour import Tour
from starter.terminal import PLAIN, Common, as_data, print_json
from workers.composition.whole_stack import any_ports, whole_stack
from workers.sandbox.client import SandboxClient
from workers.stack import foreground
from workers.stack.options import Ready

_COLUMNS = ("Phase", "Outcome", "Problem", "SellerId", "AmountMinor")


async def demo(
    *,
    exit_: Annotated[bool, Parameter(name="--exit", negative=())] = False,
    common: Common = PLAIN,
) -> int:
    """Start a stack of its own with time skipping and live through a dozen complaints, each from filing to closing.

    Nothing is left behind: data and ports are its own, so a running `redress up` is not touched.

    Parameters
    ----------
    exit_
        Leave at once when the tour is over; otherwise the web UI stays up to look around until Ctrl-C.

    """
    session.logs(common)
    data_dir = Path(tempfile.mkdtemp(prefix="redress-demo-"))
    guide = Guide(data_dir, stay=not exit_, json=common.json)
    options = whole_stack(data_dir, **any_ports(), time_skipping=True)
    guide.say("starting PostgreSQL, Temporal with its web UI, the sandbox partners and a worker …")
    halted = await foreground.during(options, guide.lead)
    await asyncio.to_thread(shutil.rmtree, data_dir, ignore_errors=True)
    guide.say("stopped, and nothing left behind")
    if guide.code is None:
        return Exit.INTERRUPTED if halted else Exit.BUG
    return guide.code


class Guide:
    """Leads through the tour; `code` is the exit code once the tour is over."""

    def __init__(self, data_dir: Path, *, stay: bool, json: bool) -> None:
        self.code: int | None = None
        self._data_dir, self._stay, self._json = data_dir, stay, json
        # With --json standard output belongs to the document; people look at standard error then.
        self._console = screen.console(stderr=json)

    def say(self, *lines: str) -> None:
        """Tell the person something."""
        screen.show(self._console, *lines)

    async def lead(self, ready: Ready) -> None:
        """Live through the stories, tell what came of them, and stay until told to go."""
        began = monotonic()
        async with _stage(ready) as (stage, files):
            tour = Tour(FOR_THE_DEMO, stage, files)
            await self._play(tour)
        self._tell(tour, ready, monotonic() - began)
        self.code = Exit.BUG if any(row.amiss for row in tour.rows) else Exit.DONE
        if self._stay:
            self.say(*_look_around(ready, self._data_dir))
            await asyncio.get_running_loop().create_future()

    async def _play(self, tour: Tour) -> None:
        self.say(f"{len(tour.rows)} complaints, each living through days of its own in seconds:", "")
        if not self._console.is_terminal:
            await tour.play(lambda row: self.say(screen.line(row, tour.rows)))
            return
        # One place draws, at its own pace: news alone would leave clocks and bars standing.
        with Live(console=self._console, refresh_per_second=5, get_renderable=lambda: self._picture(tour)):
            await tour.play(lambda _: None)

    def _picture(self, tour: Tour) -> Any:
        return screen.picture(tour.rows, self._console.width)

    def _tell(self, tour: Tour, ready: Ready, seconds: float) -> None:
        if self._json:
            print_json(_document(tour, ready, seconds))
        days = sum(row.days.total_seconds() for row in tour.rows) / 86400
        text = f"{len(tour.rows)} complaints and {days:.0f} days of theirs lived through in {seconds:.0f} seconds"
        screen.show(self._console, "", screen.summary(tour.rows, self._console.width), "", text)
        for wrong in screen.wrongs(tour.rows):
            self.say(f"not as it should: {wrong}")
        if self._stay:
            self.say("", "each in the web UI:", *screen.links(tour.rows, ready.ui))


@asynccontextmanager
async def _stage(ready: Ready) -> AsyncIterator[tuple[Stage, CaseFiles]]:
    client = await connection.temporal(_where(ready))
    async with AsyncExitStack() as opened:
        # Each complaint whose time passes holds a connection meanwhile; the others are for reading.
        pool = await opened.enter_async_context(await open_pool(ready.database, most=len(FOR_THE_DEMO) + 4))
        sandbox = await opened.enter_async_context(SandboxClient(ready.partners or ""))
        files = CaseFiles(pool)
        complaints = Complaints(client, Record(files, pool))
        yield Stage(complaints=complaints, sandbox=sandbox, clock=FastForward(client, pool)), files


def _where(ready: Ready) -> Endpoints:
    return Endpoints(
        connect={"target_host": ready.temporal},
        database=ready.database,
        partners=ready.partners,
        payment_secret=ready.payment_secret,
        ui=ready.ui,
        time_skipping=True,
        key_ring=ready.key_ring,
    )


def _document(tour: Tour, ready: Ready, seconds: float) -> dict[str, Any]:
    stories = [
        {
            "story": row.story.name,
            "title": row.story.zh,
            "complaint": row.playing.complaint,
            "outcome": row.view.outcome if row.view else None,
            "moved": as_data(row.moved),
            "days": round(row.days.total_seconds() / 86400, 1),
            "steps": row.view.steps if row.view else 0,
            "ui": screen.link(ready.ui, row.playing.complaint),
            "amiss": list(row.amiss),
        }
        for row in tour.rows
    ]
    return {"stories": stories, "seconds": round(seconds, 1), **ready.line()}


def _look_around(ready: Ready, data_dir: Path) -> tuple[str, ...]:
    return (
        "",
        "look around; Ctrl-C stops everything and removes it",
        f"  all complaints     {screen.listed(ready.ui)}",
        f"  the settled ones   {screen.listed(ready.ui, Outcome='settled')}",
        "  columns            Configure Columns (sliders at the bottom right of the list): remove Run ID,",
        f"                     add {', '.join(_COLUMNS)}",
        "  in a complaint     tab User Metadata tells how it stands, Timeline what it waited for and why",
        "the command line on the same stack, in another terminal:",
        f"  export REDRESS_DATA_DIR={data_dir}",
        "  redress list; redress timeline COMPLAINT; redress why-due COMPLAINT; redress sandbox book",
    )
