"""`redress up`: the embedded stack in the foreground."""

# ruff: noqa: D417 - `common` is explained to people option by option

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import Port

from starter.cli import session
from starter.client.connection import without_password
from starter.client.endpoints import data_dir as data_dir_of
from starter.terminal import PLAIN, Common, out, print_json, say
from workers.composition.whole_stack import whole_stack
from workers.config.settings import Settings
from workers.stack import foreground
from workers.stack.options import Ready

_FILTER = "/namespaces/default/workflows?query=WorkflowType%3D%22Complaint%22"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where on this machine the parts of the stack listen; 0 takes any free port."""

    temporal_port: Port = 7233
    "Port of the Temporal server; 0 takes any free one."
    ui_port: Port = 8233
    "Port of the web UI; 0 takes any free one."
    postgres_port: Port = 7432
    "Port of PostgreSQL; 0 takes any free one. With REDRESS_DATABASE_URL set no PostgreSQL is started."
    gateway_port: Port | None = None
    "Port of the HTTP gateway; unless said 7480, or any free one where that is taken. 0 takes any free one."
    codec_port: Port | None = None
    "Port of the codec server, started where REDRESS_KEY_RING names a key ring; unless said 7481, or any free one."


async def up(
    *,
    data_dir: Path | None = None,
    ports: Ports = Ports(),
    time_skipping: Annotated[bool, Parameter(negative=())] = False,
    common: Common = PLAIN,
) -> int:
    """Start PostgreSQL, the Temporal server with web UI, partners, worker and gateway; Ctrl-C stops all of it.

    Parameters
    ----------
    data_dir
        Where the data lasts; REDRESS_DATA_DIR or ~/.redress unless said.
    time_skipping
        For training and tests: `redress fast-forward` lets the time of a complaint pass.

    """
    session.progress(common)
    Settings().rulebook()  # a wrong policy is said before anything is started, not by a worker that died of it
    options = whole_stack(
        data_dir_of(data_dir),
        **vars(ports),
        key_ring=_key_ring(),
        time_skipping=time_skipping,
        database_url=os.environ.get("REDRESS_DATABASE_URL") or None,
    )
    say(f"starting in {options.data_dir}: PostgreSQL, Temporal, partners, worker, gateway; Ctrl-C stops everything")
    await foreground.run(options, lambda ready: _announce(ready, common))
    return 0


def _key_ring() -> Path | None:
    named = os.environ.get("REDRESS_KEY_RING")
    return Path(named).expanduser().absolute() if named else None


def _announce(ready: Ready, common: Common) -> None:
    if common.json:
        print_json(ready.line())
        return
    partners = f" · partners {ready.partners}" if ready.partners else ""
    gateway = f" · gateway {ready.gateway}" if ready.gateway else ""
    database = without_password(ready.database)
    out(f"ready: Temporal {ready.temporal} · web UI {ready.ui} · database {database}{partners}{gateway}")
    if ready.codec:
        say(f"sealed payloads are opened at {ready.codec} for the readers in readers.toml; sign in there once")
    say(f"complaints in the web UI: {ready.ui}{_FILTER}")
    say(f"  its columns: Configure Columns (the sliders at the bottom right of the list), add {', '.join(_COLUMNS)}")
    say("  next: `redress sandbox order FILE`, `redress open FILE`, `redress due`")


_COLUMNS = ("Phase", "WaitingOn", "NextDueAt", "Handler", "Overdue")
