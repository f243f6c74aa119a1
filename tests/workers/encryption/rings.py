"""Key rings for tests, as files that an operator would write."""

import base64
import os
from pathlib import Path


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def ring_file(file: Path, active: str = "2026-11", retired: tuple[str, ...] = (), **keys: str) -> Path:
    """Write a ring of these keys, or of one new one under the name of the active; `_` in a name stands for `-`."""
    named = {name.replace("_", "-").removeprefix("k"): value for name, value in keys.items()} or {active: key()}
    lines = [f'active = "{active}"', f"retired = {list(retired)}", "[keys]"]
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text("\n".join([*lines, *(f'"{name}" = "{value}"' for name, value in named.items())]) + "\n")
    return file
