"""A supervisor in a process of its own, to be signalled and killed: `python -m … DATA_DIR`."""

import asyncio
import json
import sys
from pathlib import Path

from tests.workers.stack.world import options
from workers.stack.errors import StackError
from workers.stack.foreground import run
from workers.stack.options import Ready


def announce(ready: Ready) -> None:
    print(json.dumps(ready.facts()), flush=True)  # noqa: T201 - this is the ready line


if __name__ == "__main__":
    try:
        asyncio.run(run(options(Path(sys.argv[1]), own_children=True), announce))
    except StackError as error:
        sys.exit(str(error))
