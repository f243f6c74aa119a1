import asyncio
import json
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import httpx2
import pytest

from tests.workers.sandbox.running import NOWHERE, RunningSandbox, a_movement, an_order
from tests.workers.sandbox.test_payments import request_for, send
from workers.sandbox.client import SandboxClient, SandboxUnreachable


async def until_used_up(client: SandboxClient) -> None:
    """Wait until every ordered fault has met its call."""
    async with asyncio.timeout(10):
        while await client.faults():  # noqa: ASYNC110 - another process's book has no event to wait for
            await asyncio.sleep(0.01)


async def refused_start(*arguments: str) -> str:
    """Start a sandbox that must not start; return the sentence it leaves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.sandbox", "--gateway", NOWHERE, *arguments, stdout=PIPE, stderr=PIPE
    )
    out, errors = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, out) == (2, b"")
    assert errors.count(b"\n") == 1
    return errors.decode()


async def test_what_was_acknowledged_before_a_kill_is_in_the_book_after_it(tmp_path: Path) -> None:
    async with RunningSandbox(tmp_path) as running, httpx2.AsyncClient(trust_env=False) as http, running.client() as op:
        http.base_url = httpx2.URL(running.url)
        await op.put_orders([an_order("o-lasting")])
        movements = [a_movement(fen) for fen in range(1, 201)]
        answers = [asyncio.ensure_future(send(http, request_for(movement))) for movement in movements]
        await asyncio.wait(answers[:60])
        await running.kill()
        done = await asyncio.gather(*answers, return_exceptions=True)
        acknowledged = {answer.json()["key"] for answer in done if isinstance(answer, httpx2.Response)}
        await running.start()
        assert len(acknowledged) >= 60
        assert acknowledged <= {line.key for line in await op.book()}
        for movement in movements:
            assert (await send(http, request_for(movement))).status_code == 200
        assert len(await op.book()) == 200
        assert (await http.get("/orders/o-lasting/lines/1")).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_is_orderly_even_while_a_call_hangs(tmp_path: Path, number: int) -> None:
    async with RunningSandbox(tmp_path) as running, httpx2.AsyncClient(base_url=running.url, trust_env=False) as http:
        async with running.client() as client:
            await client.fault("payment", "pending")
            await client.fault("payment", "timeout_after")
            await send(http, request_for(a_movement()))
            hanging = asyncio.ensure_future(send(http, request_for(a_movement())))
            await until_used_up(client)
        assert await running.stop(number) == 0
        await asyncio.gather(hanging, return_exceptions=True)
    assert "Traceback" not in running.errors
    for line in running.errors.splitlines():
        assert "event" in json.loads(line)


async def test_every_line_about_a_payment_names_its_complaint(tmp_path: Path) -> None:
    async with RunningSandbox(tmp_path) as running, httpx2.AsyncClient(base_url=running.url, trust_env=False) as http:
        await send(http, request_for(a_movement(complaint="C20261122-7K3M9Q0VWX")))
    (line,) = [json.loads(line) for line in running.errors.splitlines()]
    assert (line["event"], line["complaint"], line["state"]) == ("payment", "C20261122-7K3M9Q0VWX", "settled")


async def test_a_second_sandbox_on_the_same_book_is_refused(sandbox: RunningSandbox) -> None:
    said = await refused_start("--port", "0", "--book", str(sandbox.book))
    assert "is in use by another sandbox" in said


async def test_a_port_that_is_taken_is_named(sandbox: RunningSandbox, tmp_path: Path) -> None:
    port = sandbox.url.rpartition(":")[2]
    said = await refused_start("--port", port, "--book", str(tmp_path / "book.db"))
    assert f"port {port} on 127.0.0.1 cannot be used" in said


async def test_a_file_that_is_no_book_is_left_alone(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("not a book, " * 1000)
    assert "cannot be used" in await refused_start("--port", "0", "--book", str(letter))
    assert letter.read_text() == "not a book, " * 1000


async def test_a_book_of_another_format_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "book.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    assert "it has format 99" in await refused_start("--port", "0", "--book", str(tmp_path / "book.db"))


async def test_the_client_says_when_nobody_is_there() -> None:
    async with SandboxClient(f"http://{NOWHERE}") as client:
        with pytest.raises(SandboxUnreachable, match="is `redress up` running"):
            await client.book()


async def test_what_is_no_call_gets_an_answer_all_the_same(http: httpx2.AsyncClient) -> None:
    for method, path in (("GET", "/nothing"), ("DELETE", "/payments"), ("GET", "/orders/o-1/lines/minus-one")):
        answer = await http.request(method, path)
        assert answer.status_code in (404, 405)
        assert answer.json()["code"] == "no_such_call"
    assert (await http.get("/health")).json() == {"healthy": True}
