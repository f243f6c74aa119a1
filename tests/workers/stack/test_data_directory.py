"""One stack per data directory, on free ports, with room on the disk; what is wrong is said in one sentence."""

import json
import os
import socket
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from activities.partners.signing import SHORTEST_SECRET
from tests.workers.stack.world import options, processes_on
from workers.stack.child import Child, Program
from workers.stack.data_directory import DataDir, is_alive
from workers.stack.errors import DataDirInUse, DiskFull, PortTaken, StackError
from workers.stack.ports import settle_port
from workers.stack.supervisor import Stack


async def test_a_data_directory_in_use_names_its_holder(tmp_path: Path) -> None:
    first, second = DataDir(tmp_path), DataDir(tmp_path)
    await first.lock()
    with pytest.raises(DataDirInUse, match=f"in use by process {os.getpid()}: .*--data-dir"):
        await second.lock()
    first.unlock()
    await second.lock()
    second.unlock()


async def test_a_data_directory_stays_taken_until_the_last_child_of_a_killed_stack_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.stack.data_directory._LEFTOVERS_END_WITHIN", 0.2)
    held, other = DataDir(tmp_path), DataDir(tmp_path)
    await held.lock()

    async def ready() -> bool:
        return True

    pause = [sys.executable, "-c", "import signal; signal.pause()"]
    child = Child(
        Program(name="a child", argv=pause, log=tmp_path / "log", ready=ready, env=os.environ, kept_fds=[held.lock_fd])
    )
    await child.start()
    held.unlock()
    (tmp_path / "lock").write_text("4194304\n")  # a supervisor that does not run: no pid is that high
    with pytest.raises(DataDirInUse):
        await other.lock()
    await child.stop()
    await other.lock()
    other.unlock()


def test_a_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    place = DataDir(tmp_path)
    (tmp_path / "payment.secret.new").write_text("half of one that was being written when the power went")
    secret = place.secret("payment.secret")
    assert len(secret) >= SHORTEST_SECRET
    assert DataDir(tmp_path).secret("payment.secret") == secret
    assert stat.S_IMODE((tmp_path / "payment.secret").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "payment.secret"]


async def test_what_the_stack_publishes_is_private_and_withdrawn(tmp_path: Path) -> None:
    place = DataDir(tmp_path)
    place.write_stack({"temporal": "127.0.0.1:1"})
    place.write_stack({"temporal": "127.0.0.1:2"})
    assert json.loads(place.stack_file.read_text()) == {"temporal": "127.0.0.1:2"}
    assert stat.S_IMODE(place.stack_file.stat().st_mode) == 0o600
    place.forget_stack()
    assert not place.stack_file.exists()


@pytest.mark.parametrize(
    ("field", "option"),
    [("temporal_port", "--temporal-port"), ("ui_port", "--ui-port"), ("postgres_port", "--postgres-port")],
)
async def test_a_taken_port_is_named_with_the_option_that_changes_it(tmp_path: Path, field: str, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} is taken .*{option}"):
            await Stack(replace(options(tmp_path), **{field: port})).start()
    assert processes_on(tmp_path) == []
    assert not (tmp_path / "postgres").exists()


async def test_one_port_for_two_servers_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with pytest.raises(StackError, match=f"port {port} was given to two servers: .*--ui-port"):
        await Stack(replace(options(tmp_path), temporal_port=port, ui_port=port)).start()


def test_a_usual_port_that_is_taken_or_promised_keeps_no_stack_from_starting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert settle_port(None, "--gateway-port", usual=port) != port
    assert settle_port(None, "--gateway-port", usual=port) == port
    assert settle_port(None, "--gateway-port", promised=[port], usual=port) != port


async def test_a_full_disk_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="MB left and the stack needs"):
        await Stack(replace(options(tmp_path), room_needed=1 << 60)).start()
    assert processes_on(tmp_path) == []


async def test_a_data_directory_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"cannot be made .*--data-dir"):
        await Stack(options(tmp_path / "file" / "below")).start()


def test_a_process_that_only_waits_to_be_buried_is_not_alive() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(pid)
    os.waitpid(pid, 0)
    assert is_alive(os.getpid())
