"""The supervisor of the embedded stack: ordered start, watch, ordered stop, and nothing left behind.

    async with Stack(Options(data_dir=Path(".redress"))) as ready:
        ...

or, in the foreground of a terminal, `foreground.run(options, announce)`.
"""

import asyncio
import errno
import os
import shutil
from collections.abc import Mapping
from types import TracebackType

import structlog

from workers.stack.child import Child
from workers.stack.data_directory import DataDir
from workers.stack.errors import DiskFull, StackError
from workers.stack.options import ROOM_NEEDED, Options, Ready
from workers.stack.ports import LOOPBACK, settle_port
from workers.stack.postgres import Postgres
from workers.stack.processes import codec_child, gateway_child, partners_child, worker_child
from workers.stack.restarts import Keeper
from workers.stack.temporal import NAMESPACE, Temporal

_log = structlog.stdlib.get_logger("redress.stack")
_FULL = {errno.ENOSPC, errno.EDQUOT}
_KEY_RING = "REDRESS_KEY_RING"
_USUAL = {"gateway": 7480, "codec": 7481}  # not taken by force: a second stack need not know of the doors to start
_ROOM_LOOK = 30.0  # seconds between two looks at the disk


class Stack:
    """The stack on one data directory; it lives from `start` to `stop`, or as an async context.

    `keepers` are its children in the order of their start.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.data_dir = DataDir(options.data_dir)
        self.keepers: list[Keeper] = []
        self._watch: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Ready:
        """Start everything."""
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        await self.stop()

    async def start(self) -> Ready:
        """Start the children in order, each once the one before it serves.

        Raises `DataDirInUse`, `PortTaken`, `DiskFull`, `ChildDied` or another `StackError`, with nothing left running.
        """
        try:
            await self.data_dir.lock()
            return await self._start_children()
        except OSError as error:
            await self.stop()
            if error.filename is None and error.errno not in _FULL:  # not of the data directory
                raise
            raise self._worded(error) from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the children in the opposite order and give the data directory up. Does nothing when stopped."""
        for task in self._watch:
            task.cancel()
        await asyncio.gather(*self._watch, return_exceptions=True)
        self._watch.clear()
        if not self.keepers:
            self.data_dir.unlock()
            return
        self.data_dir.forget_stack()
        while self.keepers:
            await self.keepers[-1].stop()
            self.keepers.pop()
        self.data_dir.unlock()
        _log.info("stopped")

    async def wait(self) -> None:
        """Wait until the stack cannot be kept up; always ends by raising the `StackError` that says why."""
        done, _ = await asyncio.wait(self._watch, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    @property
    def pids(self) -> dict[str, int]:
        """The numbers of the running children by name."""
        return {keeper.name: keeper.child.pid for keeper in self.keepers if keeper.child.pid is not None}

    async def _start_children(self) -> Ready:
        self.data_dir.forget_stack()  # what a killed stack said
        self.data_dir.check_room(self.options.room_needed)
        ports = self._settle_ports()
        database = await self._start_postgres(ports["postgres"])
        codec = f"http://{LOOPBACK}:{ports['codec']}" if self._opens() else None
        temporal = await self._start_temporal(ports["temporal"], ports["ui"], codec)
        if self.options.migrate is not None:
            await self.options.migrate(database)
        partners = f"http://{LOOPBACK}:{ports['partners']}" if self.options.partners else None
        gateway = f"http://{LOOPBACK}:{ports['gateway']}" if self.options.gateway else None
        ready = Ready(
            temporal=temporal.address,
            ui=temporal.ui,
            database=database,
            partners=partners,
            time_skipping=self.options.time_skipping,
            payment_secret=self.data_dir.secret("payment.secret") if partners else "",
            gateway=gateway,
            key_ring=self.options.key_ring,
            codec=codec,
        )
        await self._start_own(ready, ports)
        self.data_dir.write_stack(ready.facts())
        self._watch += [asyncio.create_task(keeper.keep(), name=keeper.name) for keeper in self.keepers]
        self._watch.append(asyncio.create_task(self._watch_room(), name="room on the disk"))
        return ready

    def _settle_ports(self) -> dict[str, int]:
        """Find every port before anything is started, so that a taken one costs nothing."""
        options = self.options
        wanted: dict[str, tuple[int | None, str]] = {
            "temporal": (options.temporal_port, "--temporal-port"),
            "ui": (options.ui_port, "--ui-port"),
            "postgres": (options.postgres_port, "--postgres-port"),
            "partners": (options.partners_port, "--partners-port"),
            "gateway": (options.gateway_port if options.gateway else 0, "--gateway-port"),
            "codec": (options.codec_port if self._opens() else 0, "--codec-port"),
        }
        if options.database_url is not None:
            del wanted["postgres"]
        ports = {"postgres": 0}
        any_free_last = sorted(wanted.items(), key=lambda each: not each[1][0])
        for name, (port, option) in any_free_last:
            ports[name] = settle_port(port, option, ports.values(), _USUAL.get(name, 0))
        return ports

    def _opens(self) -> bool:
        """Tell whether there is a codec server: where something is sealed, people must be able to open it."""
        return self.options.key_ring is not None and bool(self.options.codec)

    async def _start_postgres(self, port: int) -> str:
        if self.options.database_url is not None:
            return self.options.database_url
        postgres = Postgres(self.data_dir.path, port=port, kept_fds=[self.data_dir.lock_fd])
        await self._start(postgres.child)
        return postgres.url

    async def _start_temporal(self, port: int, ui_port: int, codec: str | None) -> Temporal:
        temporal = Temporal(
            self.data_dir.path,
            port=port,
            ui_port=ui_port,
            search_attributes=self.options.search_attributes,
            time_skipping=self.options.time_skipping,
            dynamic_config=self.options.dynamic_config,
            codec=codec,
            kept_fds=[self.data_dir.lock_fd],
        )
        await self._start(temporal.child)
        return temporal

    async def _start_own(self, ready: Ready, ports: Mapping[str, int]) -> None:
        """Start what is written here: the sandbox partners, the worker, the codec server, the gateway."""
        environment = self._environment(ready)
        fds = [self.data_dir.lock_fd]
        if self.options.partners:
            await self._start(
                partners_child(self.options.partners, ports["partners"], self.data_dir.path, environment, fds)
            )
        if self.options.worker:
            await self._start(worker_child(self.options.worker, self.data_dir.path, environment, fds))
        if ready.codec:
            await self._start(codec_child(self.options.codec, ports["codec"], self.data_dir.path, environment, fds))
        if self.options.gateway:
            await self._start(
                gateway_child(self.options.gateway, ports["gateway"], self.data_dir.path, environment, fds)
            )

    async def _start(self, child: Child) -> None:
        keeper = Keeper(child, list(self.keepers), self.options.patience, self._check_room_to_run)
        self.keepers.append(keeper)  # first, so that a failed start is tidied up too
        try:
            await keeper.start()
        except StackError as error:
            if os.strerror(errno.ENOSPC) in str(error):
                raise self._full() from error
            raise

    def _environment(self, ready: Ready) -> dict[str, str]:
        """Word the children's settings; what the caller's environment says of Temporal speaks of servers elsewhere."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
        kept.pop(_KEY_RING, None)
        own = {
            "REDRESS_DATABASE_URL": ready.database,
            "REDRESS_DATA_DIR": str(self.data_dir.path),
            "TEMPORAL_ADDRESS": ready.temporal,
            "TEMPORAL_NAMESPACE": NAMESPACE,
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "REDRESS_TIME_SKIPPING": "1" if ready.time_skipping else "0",
        }
        partners = {}
        if ready.partners:
            partners = {"REDRESS_PARTNERS_URL": ready.partners, "REDRESS_PAYMENT_SECRET": ready.payment_secret}
        doors = {"REDRESS_GATEWAY_URL": ready.gateway} if ready.gateway else {}
        sealing = {_KEY_RING: str(ready.key_ring)} if ready.key_ring else {}
        return {"REDRESS_UI_URL": ready.ui, **kept, **own, **partners, **doors, **sealing, **self.options.environment}

    def _check_room_to_run(self) -> None:
        self.data_dir.check_room(self.options.room_to_run)

    async def _watch_room(self) -> None:
        """End the stack in order while there is still room to write down that it ended."""
        while True:
            self._check_room_to_run()
            await asyncio.sleep(_ROOM_LOOK)

    def _worded(self, error: OSError) -> StackError:
        if error.errno in _FULL:
            return self._full()
        return StackError(
            f"the stack cannot be started in {self.data_dir.path} ({error.strerror}: {error.filename}): "
            "mend that, or choose another directory with --data-dir"
        )

    def _full(self) -> DiskFull:
        free = shutil.disk_usage(self.data_dir.path).free
        return DiskFull(self.data_dir.path, free, max(self.options.room_needed, ROOM_NEEDED))
