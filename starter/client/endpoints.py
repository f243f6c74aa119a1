"""Endpoints of Temporal, database and partners: from settings, else from the running embedded stack."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.envconfig import ClientConfig

from starter.client.errors import Unreachable, WrongUse
from workers.stack.data_directory import is_alive

NO_STACK = "no stack is running: start one with `redress up`, or set TEMPORAL_ADDRESS and REDRESS_DATABASE_URL"
DEFAULT_TEMPORAL = "127.0.0.1:7233"
_STACK_FILE = "stack.json"


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Addresses; None where unknown. `connect`: arguments of `Client.connect`."""

    connect: dict[str, Any]
    database: str | None
    partners: str | None
    payment_secret: str | None = field(repr=False)
    ui: str | None
    time_skipping: bool | None
    """None: unknown, for a Temporal server that is not an embedded stack's."""
    codec: str | None = None
    gateway: str | None = None
    key_ring: Path | None = None
    """Keys that encrypt payloads; None: no encryption."""

    @property
    def temporal(self) -> str:
        """The address of Temporal."""
        return str(self.connect.get("target_host", DEFAULT_TEMPORAL))

    @property
    def namespace(self) -> str:
        """The namespace of complaints."""
        return str(self.connect.get("namespace", "default"))

    def link(self, complaint: str) -> str | None:
        """Return the URL of a complaint in the web UI, None without a web UI."""
        return f"{self.ui}/namespaces/{self.namespace}/workflows/{complaint}" if self.ui else None

    def need_database(self) -> str:
        """Return the database URL; raises Unreachable without one."""
        if self.database is None:
            raise Unreachable("no database is configured: set REDRESS_DATABASE_URL, or start a stack with `redress up`")
        return self.database

    def need_partners(self) -> str:
        """Return the URL of the sandbox partners; raises Unreachable without one."""
        if self.partners is None:
            raise Unreachable("no sandbox partners are known: start a stack with `redress up`")
        return self.partners


def data_dir(given: Path | None = None) -> Path:
    """Return the data directory of the embedded stack: the argument, REDRESS_DATA_DIR, or `~/.redress`."""
    named = given or os.environ.get("REDRESS_DATA_DIR")
    return Path(named).expanduser().absolute() if named else Path.home() / ".redress"


def find() -> Endpoints:
    """Find the endpoints; raises Unreachable when nothing is set and no stack runs, WrongUse for an invalid profile."""
    connect = _configured_temporal()
    database = os.environ.get("REDRESS_DATABASE_URL") or None
    stack = _running_stack()
    if stack and connect.get("target_host") not in (None, stack["temporal"]):
        stack = None  # another Temporal server: the stack's database has other complaints
    if stack is None and not connect:
        raise Unreachable(NO_STACK)
    known = stack or {}
    if "temporal" in known:
        connect = {"target_host": known["temporal"]} | connect
    return Endpoints(
        connect=connect,
        database=database or known.get("database"),
        partners=os.environ.get("REDRESS_PARTNERS_URL") or known.get("partners"),
        payment_secret=os.environ.get("REDRESS_PAYMENT_SECRET") or known.get("payment_secret"),
        ui=os.environ.get("REDRESS_UI_URL") or known.get("ui"),
        gateway=os.environ.get("REDRESS_GATEWAY_URL") or known.get("gateway"),
        codec=os.environ.get("REDRESS_CODEC_URL") or known.get("codec"),
        key_ring=Path(ring).expanduser()
        if (ring := os.environ.get("REDRESS_KEY_RING") or known.get("key_ring"))
        else None,
        time_skipping=known.get("time_skipping"),
    )


def _configured_temporal() -> dict[str, Any]:
    try:
        return dict(ClientConfig.load_client_connect_config())
    except (ValueError, RuntimeError, OSError) as wrong:
        raise WrongUse(f"the Temporal settings cannot be read: {wrong}; mend TEMPORAL_* or the profile file") from None


def _running_stack() -> dict[str, Any] | None:
    file = data_dir() / _STACK_FILE
    try:
        stack: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None
    except (OSError, ValueError) as wrong:
        raise WrongUse(f"{file} cannot be read ({wrong}): remove it and start `redress up` again") from None
    return stack if _alive(stack.get("pid")) else None  # a killed stack leaves its file behind


def _alive(pid: object) -> bool:
    return isinstance(pid, int) and is_alive(pid)
