"""`redress doctor`: run every check and print state and advice."""

from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from starter.cli import session
from starter.client.errors import Exit
from starter.doctor import Check
from starter.doctor.checks import checks
from starter.terminal import PLAIN, Common, print_json, say
from workflows.values import BEIJING

_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


async def doctor(*, common: Common = PLAIN) -> int:
    """Check configuration, connections, schema, search attributes, calendar, worker, partners, channels, doors."""
    session.logs(common)
    today = datetime.now(UTC).astimezone(BEIJING).date()
    found: list[Check] = []
    async for check in checks(today):
        found.append(check)
        if not common.json:
            _print(check)
    if common.json:
        print_json([{"check": one.name, "state": one.state, "text": one.text} for one in found])
    return _verdict(found)


def _print(check: Check) -> None:
    line = Text(f"{check.state:8}", style=_COLOURS[check.state])
    line.append(f"{check.name}: {check.text}", style="default")
    Console(highlight=False, soft_wrap=True).print(line)


def _verdict(found: list[Check]) -> int:
    """Return the highest exit code of failed checks: an unreachable backend counts more than a wrong setting."""
    wrong = [one for one in found if one.state == "failed"]
    if wrong:
        say(f"redress: {len(wrong)} of {len(found)} checks failed: {', '.join(one.name for one in wrong)}")
    return max((one.exit_code for one in wrong), default=Exit.DONE)
