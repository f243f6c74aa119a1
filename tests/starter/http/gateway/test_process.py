"""The gateway as people run it: found, checked and stopped like every other part."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import httpx2

from starter.client.errors import Exit
from tests.conftest import Running
from tests.starter.cli.running import ran
from tests.starter.http.gateway.signing import programs


async def test_the_stack_says_where_its_gateway_is_and_the_doctor_finds_it_believing(stack: Running) -> None:
    assert json.loads((stack.data_dir / "stack.json").read_text())["gateway"] == stack.ready.line()["gateway"]
    checks = json.loads((await ran(stack.environment, "doctor", "--json")).out)
    told = {one["check"]: one["state"] for one in checks}
    assert (told["gateway"], told["gateway's clients"]) == ("ok", "ok")


async def test_the_doctor_says_what_to_mend_when_the_gateway_knows_other_clients(
    stack: Running, tmp_path: Path
) -> None:
    other = (stack.data_dir / "clients.toml").read_text().replace("whsec_", "whsec_AAAA")
    (tmp_path / "clients.toml").write_text(other)
    (tmp_path / "clients.toml").chmod(0o600)
    for named, code, told in (
        ({"REDRESS_CLIENTS": str(tmp_path / "clients.toml")}, Exit.WRONG_USE, "answered 401"),
        ({"REDRESS_GATEWAY_URL": "http://127.0.0.1:9"}, Exit.UNREACHABLE, "redress gateway"),
    ):
        doctor = await ran(stack.environment | named, "doctor", "--json")
        failed = [one["text"] for one in json.loads(doctor.out) if one["state"] == "failed"]
        assert (doctor.code, len(failed)) == (code, 1)
        assert told in failed[0]


async def test_a_second_gateway_serves_the_same_stack_and_ends_in_order(stack: Running, name: str) -> None:
    command = (sys.executable, "-m", "starter.cli.main", "gateway", "--port", "0")
    process = await asyncio.create_subprocess_exec(*command, env=stack.environment, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        beside = programs(ready["gateway"], stack.data_dir / "clients.toml")["buyer-app"]
        async with httpx2.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"{ready['gateway']}/health")).json()["database"] == "ok"
        assert (await beside.get(f"/v1/messages/{name}")).status_code == 404
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_what_keeps_a_gateway_from_serving_is_one_sentence(stack: Running, tmp_path: Path) -> None:
    taken = (stack.ready.gateway or "").rpartition(":")[2]
    readable = tmp_path / "clients.toml"
    readable.write_text("")
    readable.chmod(0o644)
    for arguments, told in (
        (("--port", taken), "choose another with --port"),
        (("--port", "0", "--clients", str(readable)), "chmod 600"),
        (("--port", "0", "--clients", str(tmp_path / "none.toml")), "REDRESS_CLIENTS"),
    ):
        refused = await ran(stack.environment, "gateway", *arguments)
        assert (refused.code, refused.err.count("\n"), told in refused.err) == (Exit.WRONG_USE, 1, True), refused.err
