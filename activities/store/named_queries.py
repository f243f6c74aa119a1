"""Named queries: SQL lives in `queries/*.sql`, each under a line `-- name: xyz`, and code asks for it by name."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

QUERIES = Path(__file__).parent / "queries"

_HEAD = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


@cache
def queries(folder: Path = QUERIES) -> Mapping[str, str]:
    """Return every query by name; raises ValueError when two have the same name or a file begins without one."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.sql")):
        before, *parts = _HEAD.split(file.read_text(encoding="utf-8"))
        if before.strip():
            raise ValueError(f"{file.name} begins without a line `-- name: …`")
        for name, sql in zip(parts[::2], parts[1::2], strict=True):
            if name in found:
                raise ValueError(f"{file.name} names a second query {name}")
            found[name] = sql.strip()
    return found


def query(name: str) -> str:
    """Return the SQL of that name; raises KeyError."""
    return queries()[name]
