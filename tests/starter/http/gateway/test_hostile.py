"""Whatever comes in, signed or not: it is answered with what was wrong, and never with a fault of ours."""

import asyncio
import json
import random
from collections.abc import Iterator

from tests.chance import SEED
from tests.engine import hostile
from tests.starter.http.gateway.own import Own
from tests.starter.http.gateway.saying import filing, withdrawal
from tests.starter.http.gateway.signing import Program
from tests.starter.http.gateway.wire import answered, statuses, written

_DOORS = ("/v1/complaints", "/v1/messages")


def signed(program: Program, path: str, body: bytes) -> bytes:
    """Sign bytes that may not even be text, as a careless program would."""
    return written(path, program.headers(body.decode("utf-8", "replace")), body)


def bodies(complaint: str) -> Iterator[tuple[str, bytes]]:
    """Give bodies that are no message and no filing."""
    for _, raw in hostile.filings():
        yield "/v1/complaints", raw.payload.data
    for what, raw in hostile.messages():
        if what != "400 kB":
            yield "/v1/messages", b'{"complaint": "%s", "message": %s}' % (complaint.encode(), raw.payload.data)
    said = withdrawal(complaint, "x")
    strange: tuple[object, ...] = (
        "",
        " ",
        "C" * 65,
        "中文",
        "'; DROP TABLE inbox;--",
        "../../etc/passwd",
        "C\x00",
        None,
        1,
        [],
        {},
    )
    for wrong in ([], {}, None, said["message"], {**said, "more": 1}, *({**said, "complaint": one} for one in strange)):
        yield "/v1/messages", json.dumps(wrong).encode()
    for path in _DOORS:
        for text in ("\ud800", "\x00", "x" * 4001):
            yield path, json.dumps({**filing("h"), "description": text} if "compl" in path else {"a": text}).encode()


_SIGNED_RIGHTLY = {202, 404, 413, 422}


async def test_hostile_bodies_of_every_kind_are_told_what_is_wrong(own: Own, complaint: str) -> None:
    program = own.programs["buyer-app"]
    sent = [signed(program, path, body) for path, body in bodies(complaint)]
    found = await statuses(own.port, sent, at_once=8)
    assert len(found) > 180
    assert set(found) <= {401, 413, 422}  # 401: what is not UTF-8 cannot have been signed
    assert found.count(401) < 12


async def test_what_is_near_to_right_never_breaks_the_door(own: Own, complaint: str) -> None:
    program, chance = own.programs["buyer-app"], random.Random(SEED)  # noqa: S311 - repeatable, not a secret
    right = [json.dumps(filing("near")), json.dumps(withdrawal(complaint, "near"))]

    def near() -> bytes:
        body = bytearray(chance.choice(right).encode())
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(3)] = bytes(chance.choice(b'\x00\xff"{}[],:0e-\\u d8') for _ in range(2))
        return signed(program, chance.choice(_DOORS), bytes(body))

    found = await statuses(own.port, [near() for _ in range(1000)], at_once=8)
    assert set(found) <= _SIGNED_RIGHTLY | {401, 409}


async def test_malformed_headers_never_break_the_door(own: Own) -> None:
    program, chance, body = own.programs["buyer-app"], random.Random(SEED), json.dumps(filing("heads"))  # noqa: S311
    odd = (
        *("", " ", ",", "v1,", "v1", ",,,", "v1,é", "v1,\xff\xfe", "0x10", "1e9", "-1", "1.5", "٣", "½", "9" * 400),
        *("v1," * 500, "é" * 300, "nan", "inf", "None", "\t", "a.b", "../x", "%00", '"', "{}", "1700000000 ", "+1"),
    )

    def one() -> bytes:
        headers = program.headers(body)
        for name in chance.sample([*headers], chance.randrange(1, 4)):
            headers[name] = chance.choice([*odd, headers[name] * 2])
        return written("/v1/complaints", headers, body.encode("utf-8"))

    assert set(await statuses(own.port, [one() for _ in range(1000)], at_once=8)) <= {400, 401}


NO_HTTP = (
    *(b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"),
    *(b"GET / HTTP/1.1\r\n\r\n", b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nhost: x\r\nbad\x00name: 1\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\nlong: " + b"x" * 40_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    b"CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET http://elsewhere/health HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
)


async def test_what_is_no_http_is_told_so_and_the_door_stays_open(own: Own) -> None:
    for sent in NO_HTTP:
        reader, writer = await asyncio.open_connection("127.0.0.1", own.port)
        writer.write(sent)
        writer.write_eof()
        got = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        assert not got or 400 <= int(got.split()[1]) < 500, (sent[:60], got[:200])
    (status,) = await statuses(own.port, [written("/health", {}, b"", method="GET")])
    assert status == 200


async def test_a_head_that_can_be_read_in_two_ways_is_not_read(own: Own, name: str) -> None:
    program, body = own.programs["buyer-app"], json.dumps(filing(name)).encode()
    right = program.headers(body.decode())
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    two_lengths = written("/v1/complaints", right | {"transfer-encoding": "chunked"}, body)[: -len(body)] + chunks
    assert await statuses(own.port, [two_lengths]) == [400]
    for header in right:
        lines = f"{header}: {right[header]}\r\n"
        assert await statuses(own.port, [_with(written("/v1/complaints", right, body), lines)]) == [401], header
    one_length = _with(written("/v1/complaints", right, chunks), "transfer-encoding: chunked\r\n", "content-length")
    assert await statuses(own.port, [one_length]) == [202]


def _with(request: bytes, lines: str, without: str = "-") -> bytes:
    """Add lines to the head of a request, and leave one header out."""
    first, *head = request.partition(b"\r\n\r\n")[0].split(b"\r\n")
    kept = [line for line in head if not line.startswith(without.encode())]
    return b"\r\n".join([first, lines.strip().encode(), *kept]) + b"\r\n\r\n" + request.partition(b"\r\n\r\n")[2]


async def test_unknown_doors_and_methods_are_problems_like_all_others(own: Own) -> None:
    for method, path, wanted in (
        ("GET", "/", 404),
        ("GET", "/v1/complaints/", 404),
        ("POST", "/v1/complaints/C1", 405),
        ("DELETE", "/v1/messages", 405),
        ("GET", "/v1/messages/../../x", 404),
        ("BREW", "/health", 405),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", own.port)
        writer.write(written(path, {}, b"", method=method))
        status, body = await answered(reader)
        writer.close()
        assert (status, json.loads(body)["status"]) == (wanted, wanted), (method, path)


async def test_hostile_numbers_and_ids_in_a_path_are_answered_too(own: Own) -> None:
    program = own.programs["buyer-app"]
    odd = (
        "%00",
        "%ff%fe",
        "%ed%a0%80",
        "..%2f..%2fetc",
        "%F0%9F%92%A3",
        "'--",
        "a" * 500,
        "C1%00",
        "%0d%0aSet-Cookie:%20x",
    )
    for one in odd:
        for target in (
            f"/v1/messages/{one}",
            *(f"/v1/complaints/{one}{end}?as=buyer:b-1" for end in ("", "/timeline")),
        ):
            answer = await program.get(target)
            assert answer.status_code in {404, 422}, (target, answer.text)
    for reader in (
        "",
        "buyer",
        "buyer:",
        ":b-1",
        "buyer:%00",
        "buyer:%ff",
        "king:b-1",
        "buyer:" + "b" * 200,
        "system:x",
    ):
        answer = await program.get(f"/v1/complaints/C20261122-0000000000?as={reader}")
        assert answer.status_code in {403, 422}, (reader, answer.text)
