"""How a run over thousands ends: what came of them, in one line or as JSON, and the exit code."""

from pathlib import Path
from typing import NamedTuple

from starter.bulk.progress import HowFar
from starter.client.errors import Exit
from starter.terminal import Common, out, print_json, say, words


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
