"""The pages of the doors are copied as they stand, beside a running stack: each command of them does its work."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.conftest import Running
from tests.starter.cli import asking
from tests.starter.cli.running import loaded

PAGES = ROOT / "deploy" / "docs" / "doors"
_OURS = """#!/bin/sh
exec {python} -S -E {asking} {address} "$@"
"""


def blocks(page: str, language: str = "sh") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


class Terminal:
    """A shell in a copy of what the pages are read beside, in which `redress` is found."""

    def __init__(self, stack: Running, home: Path, address: str) -> None:
        (home / "deploy" / "docs").mkdir(parents=True)
        (home / "deploy" / "docs" / "doors").symlink_to(PAGES)
        (home / "bin").mkdir()
        ours = home / "bin" / "redress"
        ours.write_text(_OURS.format(python=sys.executable, asking=Path(asking.__file__), address=address))
        ours.chmod(0o755)
        path = f"{home / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.home, self.environment = home, stack.environment | {"PATH": path}

    async def runs(self, *written: str) -> str:
        """Run all that is written in one shell that stops at the first failure; returns what it printed."""
        shell = await asyncio.create_subprocess_exec(
            *("bash", "-e", "-o", "pipefail", "-c", "\n".join(written)),
            cwd=self.home,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, wrong = await asyncio.wait_for(shell.communicate(), 120)
        assert shell.returncode == 0, wrong.decode()
        return said.decode()


@pytest.fixture
async def terminal(stack: Running, tmp_path: Path) -> Terminal:
    return Terminal(stack, tmp_path, await asyncio.to_thread(loaded))


async def test_the_readme(terminal: Terminal) -> None:
    written = blocks("README.md")[2].replace(". .venv/bin/activate\n", "")
    told = await terminal.runs(written.replace(" 8d ", " 30d "))  # over the holidays of any day it is run on
    assert "heard: " in told
    assert "silence to the end of the follow-up" in told


async def test_the_page_of_the_gateway(terminal: Terminal) -> None:
    told = await terminal.runs(*blocks("deploy/docs/doors/gateway.md"))
    assert '"kind":"seller_answered"' in told
    assert '"event":"filed"' in told


async def test_the_page_of_the_carriers(terminal: Terminal) -> None:
    assert '"parked":' in await terminal.runs(blocks("deploy/docs/doors/carriers.md")[0])


async def test_the_page_of_the_payments(terminal: Terminal) -> None:
    told = await terminal.runs(*blocks("deploy/docs/doors/payments.md"))
    assert '"message_id":"payment-' in told
    assert "refund from seller to buyer" in told


async def test_the_page_of_the_notices(terminal: Terminal) -> None:
    header = blocks("deploy/docs/doors/notices.md")[1]
    (program,) = blocks("deploy/docs/doors/notices.md", "python")
    own = program.replace("buyer:b-1", "buyer:b-of-the-page")  # what b-1 wishes is for others to say
    assert "'unread':" in await terminal.runs(header, f"python - <<'PY'\n{own}\nPY")


async def test_the_pages_of_import_and_of_telling_many(terminal: Terminal) -> None:
    assert "3 of 3 lines: 3 registered" in await terminal.runs(*blocks("deploy/docs/doors/import.md"))
    (both,) = blocks("deploy/docs/doors/tell-many.md")
    told = await terminal.runs(both.rstrip().rpartition("#")[0] + " --yes --json")
    assert '"heard": ' in told


async def test_no_page_names_an_address_that_a_stack_need_not_have() -> None:
    fixed = re.compile(r"127\.0\.0\.1:74|~/\.redress/")
    pages = [*sorted(PAGES.glob("*.md")), ROOT / "deploy" / "docs" / "encryption.md", ROOT / "README.md"]
    examples = {page.name: [*blocks(str(page)), *blocks(str(page), "python")] for page in pages}
    assert {name: found for name, told in examples.items() if (found := fixed.findall("\n".join(told)))} == {}
