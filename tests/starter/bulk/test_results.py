"""A result file keeps what was written, whatever became of its writer; whoever works through many ends in order."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from activities.store.case_files import CaseFiles
from starter.bulk import concurrency, import_filings
from starter.bulk.concurrency import in_background, run_concurrently, with_retries
from starter.bulk.import_filings import Registrations
from starter.bulk.result_file import ResultFile
from starter.client.errors import Unreachable, WrongUse
from starter.client.results import FilingResult
from workflows.vocabulary import Outcome

HEAD = {"results_of": "f.csv"}


def begun(folder: Path, **head: str) -> ResultFile:
    return ResultFile.open(folder / "r.jsonl", HEAD | head)


async def written(folder: Path, *numbers: int) -> None:
    async with begun(folder).synced() as results:
        for number in numbers:
            results.add({"line": number})


async def test_the_next_run_reads_what_the_last_one_wrote(tmp_path: Path) -> None:
    await written(tmp_path, 1, 2)
    async with begun(tmp_path).synced() as results:
        assert not results.is_new
        assert [one["line"] for one in results.rows()] == [1, 2]


@pytest.mark.parametrize("torn", [b"{", b'{"line": 3', b'{"line": 3, "x": "' + b"y" * 10_000])
async def test_what_a_crash_left_half_written_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    await written(tmp_path, 1, 2)
    with (tmp_path / "r.jsonl").open("ab") as opened:
        opened.write(torn)
    await written(tmp_path, 3)
    async with begun(tmp_path).synced() as results:
        assert [one["line"] for one in results.rows()] == [1, 2, 3]


async def test_a_head_that_was_never_finished_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(b'{"results')
    async with begun(tmp_path).synced() as results:
        assert results.is_new


async def test_two_runs_never_write_into_one_file(tmp_path: Path) -> None:
    async with begun(tmp_path).synced():
        with pytest.raises(WrongUse, match="another run writes into it"):
            begun(tmp_path)
    await written(tmp_path)


async def test_results_of_something_else_are_left_alone(tmp_path: Path) -> None:
    await written(tmp_path, 1)
    with pytest.raises(WrongUse, match=r"holds results of something else \(results_of f.csv, not g.csv\)"):
        begun(tmp_path, results_of="g.csv")
    (tmp_path / "r.jsonl").write_text("line,state\n1,registered\n")
    with pytest.raises(WrongUse, match="line 1 is no result"):
        begun(tmp_path)


async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="name another file with --results"):
        begun(tmp_path / "nosuch")
    results = ResultFile(tmp_path / "full", os.open("/dev/full", os.O_WRONLY), HEAD, is_new=True)
    with pytest.raises(WrongUse, match="No space left on device"):
        results.add({"line": 1})


async def test_no_more_are_under_way_than_were_allowed_and_a_failure_ends_in_order() -> None:
    under_way, most, ended = 0, 0, 0

    async def work(number: int) -> None:
        nonlocal under_way, most, ended
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001 if number <= 50 else 0.05)
        under_way -= 1
        if number == 50:
            raise Unreachable("gone")
        ended += 1

    with pytest.raises(Unreachable, match="gone"):
        await run_concurrently(range(10_000), work, at_once=7, stop=asyncio.Event())
    assert (most, under_way) == (7, 0)
    assert 50 <= ended < 70


class Registered(CaseFiles):
    """A record in which only some are import_filings, and that can be away."""

    def __init__(self, *numbers: str, away: bool = False) -> None:
        self.numbers, self.away = numbers, away

    async def outcomes(self, complaints: Sequence[str]) -> dict[str, Outcome | None]:
        if self.away:
            raise asyncpg.ConnectionDoesNotExistError("gone")
        return {number: None for number in complaints if number in self.numbers}


async def taken(record: Registered, *numbers: str, stop: asyncio.Event | None = None) -> list[str]:
    waiting = Registrations(record, stop or asyncio.Event())
    async with in_background(waiting.watch()):
        opened = [waiting.wait_for(FilingResult(complaint=number, state="accepted")) for number in numbers]
        return [one.state for one in await asyncio.gather(*opened)]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_filings, "_IDLE_SECONDS", 0.1)
    monkeypatch.setattr(import_filings, "_POLL_SECONDS", 0.01)


@pytest.mark.usefixtures("impatient")
async def test_who_waits_for_a_worker_that_does_not_run_is_let_go() -> None:
    assert await taken(Registered("C1", "C2"), "C1", "C2") == ["registered", "registered"]
    assert await taken(Registered("C1"), "C1", "C2", "C3") == ["registered", "accepted", "accepted"]


async def test_who_asks_to_stop_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_filings, "_POLL_SECONDS", 0.01)
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(30):
        assert await taken(Registered(), "C1", stop=stop) == ["accepted"]


@pytest.mark.usefixtures("impatient")
async def test_a_record_that_stays_away_is_said_to_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_filings, "_IDLE_SECONDS", 60)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await taken(Registered(away=True), "C1")


@pytest.mark.parametrize(("times", "tries"), [(2, 3), (3, 3)], ids=["comes back", "stays away"])
async def test_a_backend_that_is_away_for_a_moment_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, times: int, tries: int
) -> None:
    monkeypatch.setattr(concurrency, "_PAUSE", 0.001)
    tried = 0

    async def away() -> str:
        nonlocal tried
        tried += 1
        if tried <= times:
            raise ConnectionResetError("reset by peer")
        return "back"

    if times < tries:
        assert await with_retries(away, asyncio.Event()) == "back"
    else:
        with pytest.raises(Unreachable, match="reset by peer"):
            await with_retries(away, asyncio.Event())
    assert tried == tries
