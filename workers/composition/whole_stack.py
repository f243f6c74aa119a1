"""The whole stack in one place: what `redress up`, the demo and the tests start."""

import os
import sys
from pathlib import Path
from typing import Any

from activities.store.migrate import migrate
from activities.store.payload_keys import agree_on_keys
from workers.encryption.key_ring import read
from workers.stack.options import Options
from workflows import wire


def whole_stack(data_dir: Path, **more: Any) -> Options:
    """Describe the whole stack on one data directory; `more` are fields of Options.

    Raises KeyRingInvalid for a key ring that cannot be used.
    """
    keys = read(ring) if (ring := more.get("key_ring")) else None

    async def prepared(database: str) -> None:
        """Migrate, and raise KeysMissing before anything is started that cannot read what the data is sealed with."""
        await migrate(database)
        await agree_on_keys(database, keys.checks if keys else {}, keys.retired if keys else ())

    whole: dict[str, Any] = {
        "data_dir": data_dir,
        "search_attributes": wire.SEARCH_ATTRIBUTE_TYPES,
        "migrate": prepared,
        "partners": [
            *(sys.executable, "-m", "workers.sandbox", "--port", "{port}"),
            *("--book", str(data_dir / "partners.db"), "--gateway", "{gateway}"),
            *("--clients", os.environ.get("REDRESS_CLIENTS") or str(data_dir / "clients.toml")),
        ],
        "worker": [sys.executable, "-m", "workers.composition.worker"],
        "codec": [sys.executable, "-m", "starter.http.codec", "--port", "{port}", "--make-readers"],
        "gateway": [sys.executable, "-m", "starter.http.gateway", "--port", "{port}", "--make-clients"],
    }
    return Options(**(whole | more))


def any_ports() -> dict[str, int]:
    """Return the options that take whatever ports are free: stacks side by side."""
    return {"temporal_port": 0, "ui_port": 0, "postgres_port": 0, "gateway_port": 0, "codec_port": 0}
