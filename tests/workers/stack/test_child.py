"""A child process is waited for, quoted when it fails, and never left behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from workers.stack.child import Child, Program
from workers.stack.data_directory import is_alive
from workers.stack.errors import ChildDied
from workers.stack.restarts import Keeper, Patience

TRAP = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w'); signal.pause()"


def a_child(home: Path, code: str, mark: str = "never", ready_within: float = 20, stop_within: float = 20) -> Child:
    async def ready() -> bool:
        return (home / mark).exists()

    program = Program(
        name="the clerk",
        argv=[sys.executable, "-c", code],
        log=home / "clerk.log",
        env=os.environ,
        ready=ready,
        cwd=home,
        ready_within=ready_within,
        stop_within=stop_within,
    )
    return Child(program)


async def test_a_child_that_ends_while_starting_is_quoted(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import sys; print('no ink left'); sys.exit(3)")
    with pytest.raises(ChildDied) as told:
        await child.start()
    assert "the clerk ended while starting (exit code 3)" in str(told.value)
    assert "no ink left" in str(told.value)
    assert str(tmp_path / "clerk.log") in str(told.value)


async def test_what_an_earlier_stack_logged_is_not_quoted_and_nobody_else_can_read_the_log(tmp_path: Path) -> None:
    log = tmp_path / "clerk.log"
    log.write_text("old news\n")
    log.chmod(0o644)
    child = a_child(tmp_path, "import sys; open('book', 'w'); print('no ink left'); sys.exit(3)")
    with pytest.raises(ChildDied) as told:
        await child.start()
    assert ("no ink left" in str(told.value), "old news" in str(told.value)) == (True, False)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("clerk.log", "book")] == [0o600, 0o600]
    log.unlink()
    with pytest.raises(ChildDied):
        await child.start()
    assert log.stat().st_mode & 0o777 == 0o600


async def test_a_child_that_never_serves_is_ended(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import signal; signal.pause()", ready_within=0.3)
    with pytest.raises(ChildDied, match="was not ready within"):
        await child.start()
    assert child.pid is None


async def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    child = a_child(tmp_path, "")
    absent = Child(Program(**{**vars(child.program), "argv": ["no-such-program"]}))
    with pytest.raises(ChildDied, match="no-such-program cannot be run"):
        await absent.start()


async def test_a_child_deaf_to_the_wish_to_stop_is_killed_after_the_deadline(tmp_path: Path) -> None:
    child = a_child(tmp_path, TRAP, mark="deaf", stop_within=0.2)
    await child.start()
    pid = child.pid
    assert pid is not None
    await child.stop()
    assert not is_alive(pid)
    assert await child.exited() == "killed by SIGKILL"


async def test_a_child_lives_in_a_session_of_its_own_where_ctrl_c_does_not_reach(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import signal; open('up', 'w'); signal.pause()", mark="up")
    await child.start()
    assert child.pid is not None
    assert os.getsid(child.pid) != os.getsid(0)
    await child.stop()
    assert await child.exited() == "killed by SIGTERM"


async def test_a_child_that_keeps_dying_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    child = a_child(tmp_path, "open('up', 'w'); print('the form is missing')", mark="up")
    (tmp_path / "up").touch()
    keeper = Keeper(child, [], Patience(deaths=3, within=60, first_pause=0.01), lambda: None)
    await keeper.start()
    with pytest.raises(ChildDied) as told:
        await asyncio.wait_for(keeper.keep(), timeout=20)
    assert "the clerk died 3 times within 60 s" in str(told.value)
    assert str(told.value).count("the form is missing") >= 3


async def test_a_child_is_started_again_only_while_what_it_needs_is_up(tmp_path: Path) -> None:
    needed = Keeper(a_child(tmp_path, ""), [], Patience(), lambda: None)
    child = a_child(tmp_path, "import signal; open('up', 'w'); signal.pause()", mark="up")
    keeper = Keeper(child, [needed], Patience(first_pause=0.01), lambda: None)
    await keeper.start()
    before = child.pid
    assert before is not None
    keeping = asyncio.create_task(keeper.keep())
    os.kill(before, signal.SIGKILL)
    done, _ = await asyncio.wait({keeping}, timeout=0.3)
    assert not done
    assert child.pid is None
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await child.stop()
