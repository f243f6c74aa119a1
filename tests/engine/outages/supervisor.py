"""The whole stack in a process of its own, to be killed: `python -m tests.engine.outages.supervisor DATA_DIR`."""

import asyncio
import json
import sys
from pathlib import Path

from workers.composition.whole_stack import any_ports, whole_stack
from workers.stack.foreground import run
from workers.stack.options import Ready


def announce(ready: Ready) -> None:
    print(json.dumps(ready.facts()), flush=True)  # noqa: T201 - this is the ready line


if __name__ == "__main__":
    asyncio.run(run(whole_stack(Path(sys.argv[1]), **any_ports()), announce))
