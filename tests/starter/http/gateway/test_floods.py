"""Too much, too large, too slow, too many: cut off, in bounded memory, while everybody else is served."""

import asyncio
import json
import socket
import time
from pathlib import Path

import httpx2
import pytest

from starter.http.gateway.server import LimitedProtocol
from tests.conftest import Running
from tests.starter.http.gateway.own import Own, gateway
from tests.starter.http.gateway.saying import filing, withdrawal
from tests.starter.http.gateway.wire import answered, statuses, written

_MEGABYTE = b"x" * (1 << 20)


def _resident(pid: int) -> int:
    """Return how much memory a process has, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) >> 10
    raise AssertionError(pid)


async def _pour(port: int, head: bytes, chunk: bytes, times: int) -> bytes:
    """Send more than anybody reads; return what is answered, nothing where the connection is cut."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head)
        for _ in range(times):
            writer.write(chunk)
            await writer.drain()
        return await reader.read(4096)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("how", ["with its length", "in chunks"])
async def test_a_hundred_megabytes_are_cut_off_in_bounded_memory(stack: Running, how: str) -> None:
    port, pid = int((stack.ready.gateway or "").rpartition(":")[2]), stack.stack.pids["the gateway"]
    start = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\n"
    if how == "in chunks":
        head, chunk = start + b"transfer-encoding: chunked\r\n\r\n", b"100000\r\n" + _MEGABYTE + b"\r\n"
    else:
        head, chunk = start + b"content-length: 104857600\r\n\r\n", _MEGABYTE
    before = _resident(pid)
    got = await asyncio.gather(*(_pour(port, head, chunk, 100) for _ in range(8)))
    grown = _resident(pid) - before
    assert all(not one or b"413" in one[:12] for one in got), got
    assert grown < 40, f"{grown} MB"
    assert (await _get(f"http://127.0.0.1:{port}/health")).status_code == 200


async def _get(url: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.get(url)


async def test_a_body_that_is_a_little_too_large_is_told_so(own: Own) -> None:
    program, body = own.programs["buyer-app"], json.dumps(filing("large", description="x" * 300_000))
    answer = await program.post("/v1/complaints", body)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:redress:problem:too-large")


async def test_an_expected_body_that_is_too_large_is_never_asked_for(own: Own) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", own.port)
    writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 104857600\r\n\r\n")
    status, _ = await answered(reader)
    writer.close()
    assert status == 413


_SHUT_WITHIN = 8.0
"""Seconds: far more than a busy machine needs, and less than the doors give where no test hurries them."""


class _Hasty(LimitedProtocol):
    head_seconds = unread_seconds = 0.5


async def test_slow_clients_are_cut_off_and_others_are_served_meanwhile(record: str, tmp_path: Path) -> None:
    async with gateway(record, tmp_path, http=_Hasty, body_seconds=0.5) as one:
        slow = asyncio.gather(
            _drip(one.port, b"", b""),
            _drip(one.port, b"POST /v1/mess", b"a"),
            _drip(one.port, b"POST /v1/messages HTTP/1.1\r\nhost: x\r\n", b"x: y\r\n"),
            _drip(one.port, b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n", b""),
            _drip(one.port, b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n", b"{"),
            _drip(one.port, b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n", b"G"),
        )
        served = await asyncio.gather(*(_get(f"{one.url}/health") for _ in range(20)))
        ended = await slow
    assert {answer.status_code for answer in served} == {200}
    *others, dripping, served_well = (got[9:12] for got in ended)
    assert (others, served_well) == ([b"", b"", b"", b"408"], b"200")
    assert dripping in {b"408", b""}, "what comes after the door is shut may tear up the answer on its way"


async def _drip(port: int, head: bytes, drop: bytes) -> bytes:
    """Send a little again and again until the door is shut; return what was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began, reading = time.monotonic(), asyncio.create_task(reader.read())
    try:
        writer.write(head)
        while not reading.done() and time.monotonic() - began < _SHUT_WITHIN:
            if drop:
                writer.write(drop)
            await asyncio.wait({reading}, timeout=0.1)
        got = await reading if reading.done() else b"the door stays open"
    except ConnectionError:
        got = b""
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        writer.close()
    return got


async def test_who_never_reads_an_answer_is_cut_off(record: str, tmp_path: Path) -> None:
    async with gateway(record, tmp_path, http=_Hasty) as one:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", one.port))
            deaf.sendall(written("/openapi.json", {}, b"", method="GET") * 200)
            deaf.setblocking(False)
            began = time.monotonic()
            while not _is_cut(deaf):
                assert time.monotonic() - began < _SHUT_WITHIN
                await asyncio.sleep(0.1)


def _is_cut(deaf: socket.socket) -> bool:
    """Say whether the other side gave a connection up; writing tells, since reading would help it on."""
    try:
        deaf.send(b"x")
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return False


async def test_one_connection_too_many_is_cut_and_the_others_go_on(
    record: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.http.gateway.server.MOST_CONNECTIONS", 5)
    async with gateway(record, tmp_path) as one:
        held = [await asyncio.open_connection("127.0.0.1", one.port) for _ in range(5)]
        reader, sixth = await asyncio.open_connection("127.0.0.1", one.port)
        assert await _cut(reader)
        held[0][1].write(written("/health", {}, b"", method="GET"))
        assert (await answered(held[0][0]))[0] == 200
        for _, writer in (*held, (reader, sixth)):
            writer.close()


async def _cut(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), _SHUT_WITHIN) == b""
    except ConnectionError:
        return True


async def test_a_client_that_says_too_much_waits_and_others_do_not(record: str, complaint: str, tmp_path: Path) -> None:
    async with gateway(record, tmp_path) as one:
        one.rewrite(per_minute=60, per_complaint=12)
        buyers, sellers = one.programs["buyer-app"], one.programs["seller-app"]

        async def say(number: int) -> httpx2.Response:
            return await buyers.post("/v1/messages", withdrawal(complaint, "other", message_id=f"m-{number}"))

        flood = [await say(number) for number in range(4)]
        assert [answer.status_code for answer in flood] == [404, 404, 429, 429]
        assert (await buyers.post("/v1/complaints", filing(tmp_path.name))).status_code == 202
        assert (await sellers.get(f"/v1/complaints/{complaint}?as=seller:sl-1")).status_code == 200
        rest = [(await buyers.post("/v1/complaints", filing(tmp_path.name))).status_code for _ in range(8)]
        assert 429 in rest
        wait = int(flood[-1].headers["Retry-After"])
        one.clock.ahead = wait
        again = await buyers.post("/v1/messages", withdrawal(complaint, "other"), at=one.clock())
        assert (again.status_code, 1 <= wait <= 5) == (404, True)


async def test_what_nobody_signed_uses_up_no_clients_allowance(record: str, tmp_path: Path) -> None:
    async with gateway(record, tmp_path) as one:
        one.rewrite(per_minute=6)
        body = json.dumps(filing(tmp_path.name))
        forged = {**one.programs["buyer-app"].headers(body), "webhook-signature": "v1,AAAA"}
        assert set(await statuses(one.port, [written("/v1/complaints", forged, body.encode())] * 50)) == {401}
        assert (await one.programs["buyer-app"].post("/v1/complaints", body)).status_code == 202


async def test_while_the_database_is_away_nothing_is_accepted_and_everybody_is_told_when_to_come_back(
    tmp_path: Path,
) -> None:
    async with gateway("postgresql://nobody:x@127.0.0.1:9/none", tmp_path) as one:
        answer = await one.programs["buyer-app"].post("/v1/complaints", filing("away"))
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:redress:problem:not-now")
        assert int(answer.headers["Retry-After"]) > 0
        assert (await _get(f"{one.url}/health")).json() == {"status": "ok", "database": "away"}
