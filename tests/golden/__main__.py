"""`python -m tests.golden`: what differs from the golden dump, by kind; with `save` the dump is written anew."""

import json
import lzma
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.golden.dump import flat, names, stories

FILE = Path(__file__).with_name("stories.json.xz")


def today() -> dict[str, Any]:
    """Return the dump of the code as it is, as it reads once it was written."""
    dumped: dict[str, Any] = json.loads(json.dumps({"stories": stories(), "names": names()}))
    return dumped


def saved() -> dict[str, Any]:
    """Return the golden dump."""
    dumped: dict[str, Any] = json.loads(lzma.decompress(FILE.read_bytes()))
    return dumped


def save() -> None:
    """Write the golden dump: a decision, said in the commit by kind."""
    text = json.dumps(today(), ensure_ascii=False, sort_keys=True)
    FILE.write_bytes(lzma.compress(text.encode(), preset=9))


def differences(before: Any, after: Any) -> dict[str, list[tuple[str, Any, Any]]]:
    """Return the leaves that differ, by kind of place: where, before, after."""
    old = {place: (kind, value) for place, kind, value in flat(before)}
    new = {place: (kind, value) for place, kind, value in flat(after)}
    found: dict[str, list[tuple[str, Any, Any]]] = {}
    for place in sorted(old.keys() | new.keys()):
        kind, was = old.get(place, (None, "(nothing)"))
        known, now = new.get(place, (kind, "(nothing)"))
        if was != now:
            found.setdefault(str(known or kind), []).append((place, was, now))
    return found


def main() -> None:
    """Print the kinds of differences, with how many and examples of each."""
    if sys.argv[1:] == ["save"]:
        save()
        return
    found = differences(saved(), today())
    for kind, places in sorted(found.items(), key=lambda one: -len(one[1])):
        print(f"{len(places)} {kind}")  # noqa: T201 - a command for people
        for (was, now), times in Counter((str(was), str(now)) for _, was, now in places).most_common(5):
            print(f"    {times} x {was[:150]!r} -> {now[:150]!r}")  # noqa: T201
    print(f"{sum(map(len, found.values()))} differences of {len(found)} kinds")  # noqa: T201


if __name__ == "__main__":
    main()
