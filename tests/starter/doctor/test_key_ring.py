"""The doctor says how things stand with the key ring."""

import asyncio
import json
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowFailureError

from activities.store.case_files import CaseFiles
from activities.store.pool import Pool
from starter.client import connection
from starter.client.complaints import Complaints
from starter.client.endpoints import Endpoints
from starter.client.errors import Exit, WrongUse
from starter.client.filing_input import filing_of, number_of
from starter.client.record import Record
from starter.doctor.backends import sealing
from starter.http.gateway.__main__ import GuardedDispatch
from starter.http.gateway.clients import Clients
from starter.http.gateway.context import GatewayContext
from tests.conftest import Running
from tests.starter.cli.running import filing, ran
from tests.workers.encryption.rings import key, ring_file
from workers.encryption.converter import data_converter
from workers.encryption.key_ring import read
from workflows import wire
from workflows.answers import Code


def test_the_doctor_says_how_things_stand_with_the_keys(tmp_path: Path) -> None:
    old, new = key(), key()
    first = read(ring_file(tmp_path / "1.toml", "2026-05", k2026_05=old))
    both = read(ring_file(tmp_path / "2.toml", "2026-11", k2026_05=old, k2026_11=new))
    after = read(ring_file(tmp_path / "3.toml", "2026-11", retired=("2026-05",), k2026_11=new))
    other = read(ring_file(tmp_path / "4.toml", "2026-05", k2026_05=new))
    for ring, known, state, why in (
        (None, {}, "ok", "in the clear"),
        (None, first.checks, "failed", "sealed with 2026-05, which is not in the key ring here"),
        (first, first.checks, "ok", "2026-05 seals, 1 in all open"),
        (both, first.checks, "failed", "no worker holds 2026-11 yet: restart them"),
        (first, both.checks, "failed", "sealed with 2026-11"),
        (after, both.checks, "ok", "2026-11 seals"),
        (other, first.checks, "failed", "other keys under the names 2026-05"),
    ):
        check = sealing(ring, known)
        assert (check.state, why in check.text) == (state, True), check.text


async def test_the_doctor_goes_on_when_the_ring_is_broken(stack: Running, tmp_path: Path) -> None:
    ring = ring_file(tmp_path / "ring.toml")
    ring.chmod(0o644)
    answer = await ran(stack.environment | {"REDRESS_KEY_RING": str(ring)}, "doctor", "--json")
    states = {one["check"]: one for one in json.loads(answer.out)}
    assert (answer.code, states["key ring"]["state"], states["worker"]["state"]) == (Exit.WRONG_USE, "failed", "ok")
    assert "chmod 600" in states["key ring"]["text"]


async def test_a_command_with_a_broken_ring_says_so(stack: Running, tmp_path: Path) -> None:
    answer = await ran(stack.environment | {"REDRESS_KEY_RING": str(tmp_path / "nowhere")}, "show", "C20261122-0")
    assert (answer.code, "REDRESS_KEY_RING" in answer.err, answer.err.count("\n")) == (Exit.WRONG_USE, True, 1)


@pytest.mark.parametrize(
    ("ring", "why"),
    [(False, "payloads in Temporal are sealed with 2026-11, which is not in the key ring here"),
     (True, "the key ring here has other keys under the names 2026-11")],
    ids=["none", "another"],
)  # fmt: skip
@pytest.mark.parametrize(
    "command",
    [
        "show C20261122-0",
        "gateway --port 0",
        "codec --port 0 --make-readers",
        "events replay --all",
        "import {file}",
        "up --data-dir {new}",
    ],
)
async def test_where_workers_hold_other_keys_no_door_opens(
    sealed: Running, tmp_path: Path, command: str, ring: bool, why: str
) -> None:
    if command.startswith("codec") and not ring:
        pytest.skip("a codec server without any ring says that it has nothing to open")
    (tmp_path / "f.jsonl").write_text(json.dumps(filing("r", "o")))
    elsewhere = {
        "TEMPORAL_ADDRESS": sealed.ready.temporal,
        "REDRESS_DATABASE_URL": sealed.ready.database,
        "REDRESS_CLIENTS": str(sealed.data_dir / "clients.toml"),
        "REDRESS_DATA_DIR": str(tmp_path),
    }
    named = {"REDRESS_KEY_RING": str(ring_file(tmp_path / "ring.toml"))} if ring else {}
    words = command.format(file=tmp_path / "f.jsonl", new=tmp_path / "new").split()
    ports = ("--temporal-port", "0", "--ui-port", "0") if words[0] == "up" else ()
    answer = await ran(sealed.environment | elsewhere | named, *words, *ports)
    assert (answer.code, answer.out) == (Exit.WRONG_USE, ""), answer
    assert answer.err.splitlines()[-1].startswith(f"redress: {why}"), answer.err
    assert "last lines" not in answer.err


async def test_a_gateway_whose_database_was_away_delivers_nothing_before_its_ring_is_known_to_be_right(
    sealed: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered, ended = list[GatewayContext](), list[bool]()
    answers: list[Exception | None] = [ConnectionError("away"), WrongUse("another ring"), ConnectionError("away"), None]

    async def require_keys(_: Endpoints, pool: Pool) -> None:
        assert pool is sealed.pool
        if wrong := answers.pop(0):
            raise wrong

    async def deliver(house: GatewayContext) -> None:
        delivered.append(house)

    monkeypatch.setattr(connection, "require_keys", require_keys)
    monkeypatch.setattr("starter.http.gateway.__main__.dispatch_inbox", deliver)
    house = GatewayContext(
        clients=Clients(sealed.data_dir / "clients.toml"), pool=sealed.pool, complaints=Complaints(None, None)
    )
    where = Endpoints(connect={}, database=None, partners=None, payment_secret=None, ui=None, time_skipping=None)
    for expected in ((1, 0), (1, 1)):  # the first one has a wrong ring, the second one a right one
        delivering = GuardedDispatch(where)
        delivering.refused = lambda: ended.append(True)
        with pytest.raises(ConnectionError):  # what runs beside the doors is begun again
            await delivering.run(house)
        await delivering.run(house)
        assert (len(ended), len(delivered)) == expected


@pytest.mark.parametrize("program", ["starter.http.gateway", "starter.http.codec"])
async def test_a_server_with_a_broken_ring_says_so_and_does_not_start(
    stack: Running, tmp_path: Path, program: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", program, "--port", "0"),
        env=stack.environment | {"REDRESS_KEY_RING": str(tmp_path / "nowhere")},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    told = said.decode()
    assert (process.returncode, "REDRESS_KEY_RING" in told, "Traceback" in told) == (Exit.WRONG_USE, True, False), told


async def test_a_filing_that_nobody_could_open_is_shown_as_refused_with_the_reason(
    stack: Running, tmp_path: Path
) -> None:
    foreign = await Client.connect(stack.ready.temporal, data_converter=data_converter(ring_file(tmp_path / "r.toml")))
    number = f"C20261122-{uuid.uuid4().hex[:10].upper()}"
    given = filing("r-foreign", "o-1", request={"remedy": "none"})
    await foreign.start_workflow(wire.COMPLAINT, given, id=number, task_queue=wire.TASK_QUEUE)
    with pytest.raises(WorkflowFailureError):
        await foreign.get_workflow_handle(number).result()
    shown = await ran(stack.environment, "show", number)
    assert (shown.code, shown.out.splitlines()[0]) == (0, f"{number} · refused (R1.2, malformed)"), shown
    assert "no complaint was opened: is sealed, and cannot be opened here: seal it with the platform's key" in shown.out
    assert "file it again, with a request_id of its own" in shown.out
    assert "registered" not in shown.out
    view = (await ran(stack.environment, "show", number, "--json")).data
    assert (view["phase"], view["outcome"], view["steps"]) == ("closed", "refused", 0)
    history = await ran(stack.environment, "timeline", number)
    assert (history.code, "no complaint was opened" in history.out) == (0, True)
    told = await ran(stack.environment, "tell", number, "noted", "--as", "agent:a-1", "--set", "text=x")
    assert (told.code, "never opened: is sealed, and cannot be opened here" in told.err) == (Exit.REFUSED, True), told


async def test_what_is_no_filing_at_all_is_refused_to_whoever_files_it_under_that_number(stack: Running) -> None:
    doors = Complaints(stack.client, Record(CaseFiles(stack.pool), stack.pool))
    said = filing(f"r-{uuid.uuid4().hex[:8]}", "o-1", request={"remedy": "none"})
    number = number_of(said["request_id"], datetime.now(UTC))
    await stack.client.start_workflow(wire.COMPLAINT, {"channel": "fax"}, id=number, task_queue=wire.TASK_QUEUE)
    opened = await doors.open(filing_of(said), number=number)
    assert (opened.state, opened.refusal and opened.refusal.code) == ("refused", Code.MALFORMED)
    assert "request_id: Field required" in opened.text
