"""`redress fast-forward COMPLAINT DURATION`."""

# ruff: noqa: D417 - `common` is explained to people option by option

from typing import Annotated

from cyclopts import Parameter

from starter.cli import session
from starter.client import connection
from starter.client.endpoints import find
from starter.client.errors import WrongUse
from starter.client.fast_forward import NO_TIME_SKIPPING, FastForward, FastForwardResult, parse_duration
from starter.terminal import PLAIN, Common, out, print_json, say, when


async def fast_forward(
    complaint: str,
    length: str,
    /,
    *,
    within: Annotated[float, Parameter(name="--timeout")] = 120.0,
    common: Common = PLAIN,
) -> int:
    """Let time pass for one complaint, on training and test stacks only; ends early when the complaint does.

    Parameters
    ----------
    complaint
        The complaint's number.
    length
        How long, in the complaint's own time: 3d, 36h, 30m, 1d12h.
    within
        Seconds of real time after which it gives up (exit code 5).

    """
    session.logs(common, complaint)
    by = parse_duration(length)
    if not 0 < within < float("inf"):
        raise WrongUse(f"--timeout {within}: give a number of seconds above 0")
    endpoints = find()
    if endpoints.time_skipping is False:
        raise WrongUse(NO_TIME_SKIPPING)
    client = await connection.temporal(endpoints)
    async with connection.files(endpoints) as files:
        forwarded = await FastForward(client, files.pool).by(complaint, by, within=within, report=say)
    _print(forwarded, common)
    return 0


def _print(forwarded: FastForwardResult, common: Common) -> None:
    if common.json:
        now = forwarded.now.isoformat().replace("+00:00", "Z")
        print_json({"complaint": forwarded.complaint, "now": now, "ended": forwarded.ended})
    else:
        out(f"{forwarded.complaint}: it is {when(forwarded.now)} Beijing time now")
    if forwarded.ended:
        say(f"complaint {forwarded.complaint} ended on the way: see `redress show {forwarded.complaint}`")
    elif forwarded.pending:
        say(f"still under way: it {forwarded.pending}")
