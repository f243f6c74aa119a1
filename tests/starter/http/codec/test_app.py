"""The codec server opens sealed payloads for readers and for nobody else, and bears whatever it is sent."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload

from starter.client.errors import WrongUse
from starter.http.codec.__main__ import origins_of
from starter.http.codec.app import CodecServer
from starter.http.codec.readers import Readers, make
from tests.workers.encryption.rings import key, ring_file
from workers.encryption.codec import SealingCodec
from workers.encryption.key_ring import LastingRing

SECRET, OTHER = "s" * 32, "t" * 32
UI = "http://127.0.0.1:8233"
BEARER = {"Authorization": f"Bearer {SECRET}"}
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data='{"text": "王小明"}'.encode())


@pytest.fixture
def codec(tmp_path: Path) -> SealingCodec:
    return SealingCodec(LastingRing(ring_file(tmp_path / "ring.toml")))


@pytest.fixture
def readers(tmp_path: Path) -> Path:
    file = tmp_path / "readers.toml"
    file.touch(mode=0o600)
    file.write_text(f'[readers]\n"li.na" = "{SECRET}"\n"zhao.yun" = "{OTHER}"\n')
    return file


@pytest.fixture
async def http(codec: SealingCodec, readers: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = CodecServer(codec, Readers(readers), origins_of(UI), UI).application()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://codec") as client:
        yield client


def worded(*payloads: Payload) -> dict[str, object]:
    return {
        "payloads": [
            {
                "metadata": {name: base64.b64encode(value).decode() for name, value in one.metadata.items()},
                "data": base64.b64encode(one.data).decode(),
            }
            for one in payloads
        ]
    }


def rewrite(file: Path, text: str) -> None:
    file.write_text(text)
    os.utime(file, ns=(len(text), len(text)))


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def test_a_reader_opens_what_was_sealed_and_seals_what_is_opened_elsewhere(
    http: httpx2.AsyncClient, codec: SealingCodec
) -> None:
    sealed = worded(*await codec.encode([PLAIN]), PLAIN)
    for who in (BEARER, basic("li.na", SECRET), basic("zhao.yun", OTHER)):
        answer = await http.post("/decode?preserveStorageRefs=true", json=sealed, headers=who)
        assert (answer.status_code, answer.json()) == (200, worded(PLAIN, PLAIN))
        assert answer.headers["cache-control"] == "no-store"
    encoded = (await http.post("/encode", json=worded(PLAIN), headers=BEARER)).json()
    assert "王小明" not in str(encoded)
    assert (await http.post("/decode", json=encoded, headers=BEARER)).json() == worded(PLAIN)


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + SECRET[:-1]},
        {"Authorization": "Bearer " + SECRET + "s"},
        {"Authorization": "Basic " + SECRET},
        {"Authorization": "Basic ***"},
        {"Authorization": "Digest " + SECRET},
        basic("li.na", OTHER),
        basic("nobody", SECRET),
        basic("", SECRET),
        basic("li.na", ""),
    ],
)
async def test_nobody_else_opens_anything(http: httpx2.AsyncClient, codec: SealingCodec, who: dict[str, str]) -> None:
    sealed = worded(*await codec.encode([PLAIN]))
    for door in ("/decode", "/encode"):
        answer = await http.post(door, json=sealed, headers=who)
        assert (answer.status_code, "Basic" in answer.headers["www-authenticate"]) == (401, True)
        assert "payloads" not in answer.json()
    assert (await http.get("/", headers=who)).status_code == 401


async def test_no_payloads_are_no_payloads(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/encode", content=b"{}", headers=BEARER)  # a query without arguments
    assert (answer.status_code, answer.json()) == (200, {"payloads": []})


async def test_what_cannot_be_opened_comes_back_as_it_was(http: httpx2.AsyncClient, tmp_path: Path) -> None:
    others = SealingCodec(LastingRing(ring_file(tmp_path / "others.toml", k2026_11=key())))
    [foreign] = await others.encode([PLAIN])
    answer = await http.post("/decode", json=worded(foreign), headers=BEARER)
    assert (answer.status_code, answer.json()) == (200, worded(foreign))


async def test_only_the_web_ui_may_ask_from_a_browser(http: httpx2.AsyncClient) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-namespace"}
    for origin in (UI, "http://localhost:8233"):
        preflight = await http.options("/decode", headers=asks | {"Origin": origin})
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, origin)
        assert preflight.headers["access-control-allow-credentials"] == "true"
        assert "x-namespace" in preflight.headers["access-control-allow-headers"]
        answer = await http.post("/decode", json=worded(PLAIN), headers=BEARER | {"Origin": origin})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
        assert "Origin" in answer.headers["vary"]
    for origin in ("http://evil.example", "http://127.0.0.1:9", "null", "http://127.0.0.1:8233.evil.example"):
        for answer in (
            await http.options("/decode", headers=asks | {"Origin": origin}),
            await http.post("/decode", json=worded(PLAIN), headers=BEARER | {"Origin": origin}),
        ):
            assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (403, False)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"\xff", b'{"payloads": 1}', b'{"payloads": [1]}', b'{"payloads": {"a": 1}}',
        b'{"payloads": [{"data": "***"}]}', b'{"payloads": [{"data": 1}]}',  b'{"payloads": [{"metadata": [1]}]}',
        b'{"payloads": [{"metadata": {"encoding": "*"}}]}', b'{"payloads": [{"metadata": {"encoding": 7}}]}',
        b'{"payloads": ' + b"[" * 100_000,
    ],
)  # fmt: skip
async def test_whatever_is_sent_is_answered(http: httpx2.AsyncClient, body: bytes) -> None:
    answer = await http.post("/decode", content=body, headers=BEARER)
    assert (answer.status_code, "payloads" in answer.json()["detail"]) == (422, True)


async def test_a_body_is_bounded_and_strangers_are_not_read_at_all(http: httpx2.AsyncClient) -> None:
    async def endless(read: list[int]) -> AsyncIterator[bytes]:
        while True:
            read.append(1)
            yield b"x" * (1 << 20)

    taken: list[int] = []
    assert (await http.post("/decode", content=endless(taken), headers=BEARER)).status_code == 413
    assert len(taken) < 24
    untouched: list[int] = []
    assert (await http.post("/decode", content=endless(untouched))).status_code == 401
    assert len(untouched) <= 1


async def test_the_log_says_who_opened_how_much_and_never_what(http: httpx2.AsyncClient, codec: SealingCodec) -> None:
    with capture_logs() as lines:
        await http.post(
            "/decode", json=worded(*await codec.encode([PLAIN])), headers=BEARER | {"X-Namespace": "default"}
        )
        await http.post("/decode", json=worded(PLAIN), headers={"Authorization": f"Bearer {OTHER}x"})
    assert lines[0] == {
        "event": "decode", "log_level": "info", "reader": "li.na", "namespace": "default", "payloads": 1,
        "not_opened": 0,
    }  # fmt: skip
    assert lines[1]["event"] == "nobody we know"
    for secret in (SECRET, OTHER, "王小明"):
        assert secret not in str(lines)


async def test_a_browser_signs_in_and_is_told_what_to_set(http: httpx2.AsyncClient) -> None:
    page = await http.get("/", headers=basic("li.na", SECRET))
    assert (page.status_code, "Signed in as li.na" in page.text, UI in page.text) == (200, True, True)
    assert (await http.get("/health")).status_code == 200


async def test_a_reader_who_is_taken_out_reads_no_more(http: httpx2.AsyncClient, readers: Path) -> None:
    rewrite(readers, f'[readers]\n"zhao.yun" = "{OTHER}"\n')
    assert (await http.post("/decode", json=worded(PLAIN), headers=BEARER)).status_code == 401
    rewrite(readers, "broken")
    answer = await http.post("/decode", json=worded(PLAIN), headers={"Authorization": f"Bearer {OTHER}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "needs one table"),
        ("[readers]\n", "needs one table"),
        ('[readers]\na = "short"', "at least 24"),
        (f'[readers]\n"a:b" = "{SECRET}"', "no colon"),
        (f'[readers]\na = "{SECRET}"\nb = "{SECRET}"', "the same secret"),
        (f'[readers]\na = "{SECRET}', "no TOML"),
    ],
)
def test_a_wrong_file_is_refused_without_saying_a_secret(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "readers.toml"
    file.touch(mode=0o600)
    file.write_text(text)
    with pytest.raises(WrongUse, match=why) as wrong:
        Readers(file)
    assert SECRET not in str(wrong.value)
    file.chmod(0o644)
    with pytest.raises(WrongUse, match="chmod 600"):
        Readers(file)


def test_a_file_with_a_fresh_secret_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "readers.toml"
    make(file)
    first = file.read_text()
    make(file)
    assert (file.read_text(), file.stat().st_mode & 0o777) == (first, 0o600)
    secret = first.split('"')[1]
    assert Readers(file).authenticate(f"Bearer {secret}") == "operator"


async def test_many_readers_at_once_are_served(http: httpx2.AsyncClient) -> None:
    asked = [http.post("/decode", json=worded(PLAIN), headers=BEARER) for _ in range(40)]
    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}


async def test_the_codec_serves_where_no_stack_runs(readers: Path, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "REDRESS_"))}
    told = {
        "REDRESS_DATA_DIR": str(tmp_path), "REDRESS_KEY_RING": str(ring_file(tmp_path / "ring.toml")),
        "REDRESS_CODEC_READERS": str(readers), "REDRESS_UI_URL": UI, "TEMPORAL_CONFIG_FILE": os.devnull,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "starter.cli.main", "codec", "--port", "0"),
        env=kept | told,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        async with httpx2.AsyncClient(base_url=ready["codec"], trust_env=False) as client:
            answer = await client.post("/decode", json=worded(PLAIN), headers=BEARER | {"Origin": UI})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, UI)
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
