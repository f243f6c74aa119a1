"""Imports on the real stack: killed and run again, interrupted, refused, resumed; each complaint is filed once."""

import asyncio
import json
import os
import pty
import signal
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from starter.client.errors import Exit
from tests import ROOT
from tests.conftest import Running
from tests.starter.cli.running import filing, order, ran
from workers.sandbox.shapes import SandboxOrder

PAID = {"paid": {"amount": 29900, "currency": "CNY"}, "shipping_fee": {"amount": 0, "currency": "CNY"}}


class File:
    """A file of filings, for each of which there is an order."""

    def __init__(self, stack: Running, folder: Path) -> None:
        self.stack, self.tag = stack, f"i-{uuid.uuid4().hex[:10]}"
        self.path = folder / "f.jsonl"
        self.results_path = folder / "f.jsonl.results.jsonl"

    async def holds(self, number: int) -> list[dict[str, Any]]:
        names = [f"{self.tag}-{one}" for one in range(number)]
        await self.stack.sandbox.put_orders(
            [SandboxOrder.model_validate_json(json.dumps(order(name, **PAID))) for name in names]
        )
        return self.says([filing(name, name) for name in names])

    def says(self, filings: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in filings))
        return filings

    async def imported(self, *more: str, within: float = 120) -> Any:
        return await ran(self.stack.environment, "import", str(self.path), "--json", *more, within=within)

    async def begun(self, *more: str, **where: Any) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "starter.cli.main", "import", str(self.path), *more),
            cwd=ROOT,
            env=self.stack.environment,
            **({"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE} | where),
        )

    async def has_results(self, number: int) -> None:
        async with asyncio.timeout(120):
            while len(self.results()) < number:  # noqa: ASYNC110 - a file tells nobody that it grew
                await asyncio.sleep(0.02)

    def results(self) -> list[dict[str, Any]]:
        if not self.results_path.exists():
            return []
        return [json.loads(line) for line in self.results_path.read_text().splitlines()[1:]]

    def states(self) -> dict[int, str]:
        """What came of each line: its last result counts."""
        return {one["line"]: one["state"] for one in self.results()}

    async def filed(self) -> list[tuple[str, str | None]]:
        """Every complaint on record about these orders: the request, and whether it is a second filing of it."""
        rows = await self.stack.pool.fetch(
            "SELECT request_id, filed_as FROM complaints WHERE order_id LIKE $1 ORDER BY 1", f"{self.tag}-%"
        )
        return [tuple(row) for row in rows]


@pytest.fixture
def file(stack: Running, tmp_path: Path) -> File:
    return File(stack, tmp_path)


@pytest.mark.parametrize("number", [100, pytest.param(600, marks=pytest.mark.chaos)])
async def test_an_import_killed_half_way_and_run_again_files_each_complaint_once(file: File, number: int) -> None:
    filings = await file.holds(number)
    killed = await file.begun()
    await file.has_results(number // 3)
    killed.send_signal(signal.SIGKILL)
    await killed.communicate()
    done = len(file.results())
    assert done < number
    again = await file.imported(within=250)
    assert (again.code, again.data["done"], again.data["done_before"]) == (0, number, done), again
    assert file.states() == dict.fromkeys(range(1, number + 1), "registered")
    assert len(file.results()) == number  # nothing that was done was asked again
    assert await file.filed() == sorted((one["request_id"], None) for one in filings)


async def test_ctrl_c_finishes_what_is_under_way_and_the_next_run_goes_on(file: File) -> None:
    await file.holds(30)
    process = await file.begun("--at-once", "3")
    await file.has_results(4)
    process.send_signal(signal.SIGINT)
    _, error = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, b"Traceback" in error) == (Exit.INTERRUPTED, False), error
    assert b"run it again: it goes on where it was" in error
    assert len(await file.filed()) <= len(file.results()) < 30  # what was begun has its result
    assert (await file.imported()).data["states"] == {"registered": 30}
    assert len(await file.filed()) == 30


async def test_lines_with_faults_and_refusals_have_their_results_and_the_rest_is_filed(file: File) -> None:
    good, other = await file.holds(2)
    faulty, unknown = filing("r-1", "o-1", channel="fax"), filing(f"{file.tag}-x", "no-such-order")
    file.says([good, faulty, unknown, other])
    first = await file.imported()
    assert (first.code, first.data["states"]) == (2, {"faulty": 1, "registered": 2, "refused": 1}), first
    assert "line 2, channel: " in first.err
    assert file.states() == {1: "registered", 2: "faulty", 3: "refused", 4: "registered"}
    (refusal,) = [one["refusal"] for one in file.results() if one["state"] == "refused"]
    assert refusal == {"code": "order_unknown", "rule": "R1.2"}
    file.says([good, unknown, other])  # the fault taken out, what was done stays done
    again = await file.imported()
    assert (again.code, again.data["done_before"], len(file.results())) == (Exit.REFUSED, 3, 4)


async def test_a_complaint_that_was_changed_after_it_was_filed_stands_as_it_was(file: File) -> None:
    (filed,) = await file.holds(1)
    assert (await file.imported()).code == 0
    file.says([filed | {"description": "另一件事"}])
    changed = await file.imported()
    assert (changed.code, "was filed before with other content" in changed.err) == (Exit.WRONG_USE, True)


async def test_a_changed_line_is_found_by_another_result_file_too(file: File, tmp_path: Path) -> None:
    (filed,) = await file.holds(1)
    assert (await file.imported()).code == 0
    file.says([filed | {"description": "另一件事"}])
    elsewhere = await file.imported("--results", str(tmp_path / "other"))
    assert (elsewhere.code, elsewhere.data["states"]) == (Exit.WRONG_USE, {"faulty": 1}), elsewhere
    assert "request_id: was filed before with other content, and that stands" in elsewhere.err
    (again,) = await file.holds(1)
    assert (await file.imported("--results", str(tmp_path / "other"))).data["states"] == {"registered": 1}, again


async def test_a_refused_line_that_was_mended_is_told_to_take_an_id_of_its_own(file: File, tmp_path: Path) -> None:
    (good,) = await file.holds(1)
    file.says([good | {"order_id": "no-such-order"}])
    assert (await file.imported()).code == Exit.REFUSED
    file.says([good])
    for results in ((), ("--results", str(tmp_path / "other"))):
        mended = await file.imported(*results)
        assert (mended.code, mended.data["states"]) == (Exit.WRONG_USE, {"faulty": 1}), mended
        assert "and refused: that stands; give what this line says a request_id of its own" in mended.err
    file.says([good | {"request_id": f"{file.tag}-mended"}])
    assert (await file.imported()).data["states"] == {"registered": 1}


async def test_what_was_filed_by_hand_or_by_another_file_is_filed_once(file: File, tmp_path: Path) -> None:
    filings = await file.holds(2)
    by_hand = await ran(file.stack.environment, "open", "-", "--json", given=json.dumps(filings[0]))
    assert (await file.imported()).data["states"] == {"registered": 2}
    numbers = {one["line"]: one["complaint"] for one in file.results()}
    assert numbers[1] == by_hand.data["complaint"]
    elsewhere = await file.imported("--results", str(tmp_path / "other"))
    assert elsewhere.data["states"] == {"registered": 2}
    assert len(await file.filed()) == 2


async def test_results_of_another_stack_and_of_another_run_are_not_mixed_up(file: File) -> None:
    await file.holds(1)
    assert (await file.imported()).code == 0
    head, rest = file.results_path.read_text().split("\n", 1)
    file.results_path.write_text(json.dumps(json.loads(head) | {"namespace_id": "another"}) + "\n" + rest)
    other = await file.imported()
    assert (other.code, "holds results of something else (namespace_id another" in other.err) == (2, True)


def _all_of(terminal: int) -> str:
    """Read what was written to a terminal; its end is an error once nobody has it open."""
    shown = b""
    with suppress(OSError):
        while more := os.read(terminal, 1 << 16):
            shown += more
    os.close(terminal)
    return shown.decode()


async def test_on_a_terminal_there_is_a_bar_and_elsewhere_there_are_lines(file: File) -> None:
    await file.holds(3)
    ours, theirs = pty.openpty()
    process = await file.begun(stderr=theirs)
    os.close(theirs)
    out, _ = await process.communicate()
    shown = _all_of(ours)
    assert (process.returncode, "3/3" in shown, "━" in shown) == (0, True, True), shown
    assert out.decode().startswith("3 of 3 lines: 3 registered · ")
    assert "━" not in (await file.imported()).err
