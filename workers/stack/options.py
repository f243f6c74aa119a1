"""What a stack is asked for, and what it answers once it serves."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.stack.restarts import Patience

ROOM_NEEDED = 512 << 20
_ROOM_TO_RUN = 64 << 20


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to start and where. Ports are on 127.0.0.1; 0 is any free one, None the usual one where that is free.

    `partners`, `worker` and `gateway` are commands; empty means none (placeholders: `own.py`). `migrate` is
    awaited with the database's address before they start. With `database_url` no PostgreSQL is launched.
    With `key_ring`, a file, what Temporal is told is sealed, and the command `codec` opens it for people.
    `search_attributes` maps names to types.
    Below `room_needed` bytes on the disk the stack does not start; below `room_to_run` it stops.
    """

    data_dir: Path
    temporal_port: int = 7233
    ui_port: int = 8233
    postgres_port: int = 7432
    partners_port: int = 0
    gateway_port: int | None = None
    codec_port: int | None = None
    time_skipping: bool = False
    database_url: str | None = None
    search_attributes: Mapping[str, str] = field(default_factory=dict)
    dynamic_config: Mapping[str, object] = field(default_factory=dict)
    migrate: Callable[[str], Awaitable[None]] | None = None
    partners: Sequence[str] = ()
    worker: Sequence[str] = ()
    gateway: Sequence[str] = ()
    codec: Sequence[str] = ()
    key_ring: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    room_needed: int = ROOM_NEEDED
    room_to_run: int = _ROOM_TO_RUN
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Where a running stack is reached; `database` holds the password, `payment_secret` signs what is sent to it."""

    temporal: str
    ui: str
    database: str
    partners: str | None
    time_skipping: bool
    payment_secret: str = field(default="", repr=False)
    gateway: str | None = None
    key_ring: Path | None = None
    codec: str | None = None

    def line(self) -> dict[str, Any]:
        """Give the ready line of the contract."""
        return {
            "ready": True,
            "temporal": self.temporal,
            "ui": self.ui,
            "database": self.database,
            "partners": self.partners,
            "gateway": self.gateway,
            "codec": self.codec,
        }

    def facts(self) -> dict[str, Any]:
        """Give the content of `stack.json`, by which other commands find the stack."""
        facts = self.line() | {"time_skipping": self.time_skipping, "pid": os.getpid()}
        facts |= {"payment_secret": self.payment_secret}
        facts |= {"key_ring": str(self.key_ring)} if self.key_ring else {}
        del facts["ready"]
        return facts
