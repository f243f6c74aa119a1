"""`redress open FILE|-`."""

# ruff: noqa: D417 - `common` is explained to people option by option

from datetime import timedelta
from typing import Annotated

from cyclopts import Parameter

from starter.cli import session
from starter.client.complaints import REGISTERED_WITHIN
from starter.client.errors import Exit
from starter.client.filing_input import read_filing, read_text
from starter.client.results import Opened
from starter.terminal import PLAIN, Common, FileOrStdin, out, print_json, say

_NOT_YET = "accepted; it will be registered when a worker runs (`redress show` tells)"


async def open_(
    file: FileOrStdin, /, *, wait: Annotated[bool, Parameter(negative="--no-wait")] = True, common: Common = PLAIN
) -> int:
    """File a complaint and print its number; the same request_id gives the same number.

    Parameters
    ----------
    file
        A file with one filing as JSON, or - for standard input. Amounts may be written "299.00".
    wait
        Wait until it is registered or refused; --no-wait returns as soon as it is filed.

    """
    filing = read_filing(read_text(file), "standard input" if file == "-" else file)
    async with session.complaints(common) as (client, _):
        opened = await client.open(filing, wait=REGISTERED_WITHIN if wait else timedelta())
    _print(opened, common)
    return Exit.REFUSED if opened.state == "refused" else Exit.DONE


def _print(opened: Opened, common: Common) -> None:
    if common.json:
        refusal = opened.refusal.model_dump(mode="json") if opened.refusal else {}
        print_json(
            refusal | {"complaint": opened.complaint, "state": opened.state, "known_before": opened.known_before}
        )
    else:
        out(opened.complaint)
    if opened.refusal:
        say(f"redress: refused by rule {opened.refusal.rule} ({opened.refusal.code}): {opened.refusal.text}")
    elif opened.state == "not_applicable":
        say(f"not applicable (R1.7): {opened.text}; the buyer is called and told why")
    elif opened.state == "accepted":
        say(f"{opened.complaint} is {_NOT_YET}" + (f": {opened.text}" if opened.text else ""))
    elif opened.known_before:
        say(f"this request was filed before as {opened.complaint}")
