"""`redress codec`: the codec server in the foreground."""

# ruff: noqa: D417 - `common` is explained to people option by option

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import Port

from starter.cli import session
from starter.http.codec.__main__ import LOOPBACK, PORT, run
from starter.terminal import PLAIN, Common


def codec(
    *,
    host: str = LOOPBACK,
    port: Port = PORT,
    readers: Path | None = None,
    make_readers: Annotated[bool, Parameter(negative=())] = False,
    origin: Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)] = (),
    common: Common = PLAIN,
) -> int:
    """Open sealed payloads for the web UI and the temporal program, until SIGINT or SIGTERM; needs REDRESS_KEY_RING.

    Parameters
    ----------
    host
        Address to listen on; in production behind what ends TLS.
    port
        Port to listen on; 0 takes any free one.
    readers
        File with who may read; REDRESS_CODEC_READERS unless said, else the one of the running stack.
    make_readers
        Write that file with a fresh secret where there is none.
    origin
        Where the web UI is opened from, such as https://temporal.example.com; that of REDRESS_UI_URL unless said.

    """
    session.progress(common)
    run(host, port, readers, origin, made=make_readers)
    return 0
