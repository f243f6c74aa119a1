"""Staff read and speak with the official program, which nobody here wrote, through the codec server."""

import base64
import json
import re
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.converter import WorkflowSerializationContext
from temporalio.workflow import NondeterminismError

from tests.engine.attacker import until
from tests.replay.histories import replayer
from tests.starter.cli.running import ran
from tests.starter.http.codec.conftest import SAID, Desk, noted
from tests.workers.encryption.rings import ring_file
from workers.encryption.converter import data_converter

pytestmark = pytest.mark.timeout(300)


def data_in(history: str) -> str:
    """Return what lies in the payloads of a history as the program prints it."""
    return "\n".join(
        base64.b64decode(data).decode("utf-8", "replace") for data in re.findall(r'"data": "([^"]+)"', history)
    )


async def test_a_history_is_read_by_readers_only(desk: Desk) -> None:
    code, shut = await desk.of_this("workflow", "show", "--output", "json")
    assert (code, SAID in data_in(shut), desk.number in shut) == (0, False, True)
    code, opened = await desk.of_this("workflow", "show", "--output", "json", reading=desk.reading)
    words = data_in(opened)
    assert (code, SAID in words, "registers the complaint (R1.2)" in words) == (0, True, True), opened[:2000]


async def test_the_list_and_the_description_give_nothing_away(desk: Desk) -> None:
    code, listed = await desk.temporal(
        "workflow", "list", "--query", f"WorkflowId = '{desk.number}'", "--output", "json"
    )
    assert (code, desk.number in listed, SAID in data_in(listed), "not as described" in data_in(listed)) == (
        *(0, True, False, False),
    )
    code, described = await desk.of_this("workflow", "describe", "--output", "json")
    assert (code, "not as described" in data_in(described), "not_as_described" in data_in(described)) == (
        0,
        False,
        True,
    )


async def test_the_command_line_finds_the_keys_of_a_stack_and_the_doctor_is_content(desk: Desk) -> None:
    shown = await ran(desk.stack.environment, "show", desk.number, "--json")
    assert (shown.code, shown.data["phase"]) == (0, "review")
    checks = {one["check"]: one["state"] for one in (await ran(desk.stack.environment, "doctor", "--json")).data}
    assert (checks["key ring"], checks["codec server"], checks["worker"]) == ("ok", "ok", "ok")


async def test_a_sealed_history_replays_with_the_keys_and_not_without(desk: Desk) -> None:
    history = await desk.stack.client.get_workflow_handle(desk.number).fetch_history()
    await replayer(key_ring=desk.stack.ready.key_ring).replay_workflow(history)
    with pytest.raises(NondeterminismError):
        await replayer().replay_workflow(history)


async def test_a_query_answers_readers(desk: Desk) -> None:
    words = ("workflow", "query", "--type", "view", "--output", "json")
    stranger = desk.reading | {"TEMPORAL_CODEC_AUTH": "Bearer " + "x" * 40}
    code, refused = await desk.of_this(*words, reading=stranger)
    assert (code, "Unauthorized" in refused, "phase" in refused) == (1, True, False), refused
    assert "review" not in (await desk.of_this(*words))[1]
    code, view = await desk.of_this(*words, reading=desk.reading)
    assert (code, desk.number in view, '"phase": "review"' in view) == (0, True, True), view


async def test_what_the_program_sends_is_sealed_and_heard(desk: Desk) -> None:
    message, other = noted("called 13811111111"), noted("called 13822222222")
    code, said = await desk.of_this(
        "workflow", "signal", "--name", "noted", "--input", json.dumps(message), reading=desk.reading
    )
    assert code == 0, said
    code, receipt = await desk.of_this(
        *("workflow", "update", "execute", "--name", "submit", "--input", json.dumps(other)), reading=desk.reading
    )
    assert (code, "accepted:true" in receipt) == (0, True), receipt

    async def heard() -> bool:
        return [event for event, _ in await desk.told()].count("noted") == 2

    await until(heard, what="both notes")
    _, shut = await desk.of_this("workflow", "show", "--output", "json")
    assert "13811111111" not in data_in(shut)
    assert "13822222222" not in data_in(shut)
    _, opened = await desk.of_this("workflow", "show", "--output", "json", reading=desk.reading)
    assert "13811111111" in data_in(opened)


async def test_plain_json_is_heard_all_the_same(desk: Desk) -> None:
    code, said = await desk.of_this("workflow", "signal", "--name", "noted", "--input", json.dumps(noted("plain")))
    assert code == 0, said

    async def heard() -> bool:
        return "noted" in [event for event, _ in await desk.told()]

    await until(heard, what="the note")


async def test_a_message_sealed_with_a_strange_key_is_refused_and_blocks_nothing(desk: Desk, tmp_path: Path) -> None:
    strange = data_converter(ring_file(tmp_path / "strange.toml", "2099-01"))
    client = await Client.connect(desk.stack.ready.temporal, data_converter=strange)
    await client.get_workflow_handle(desk.number).signal("noted", noted("strange"))

    async def refused() -> bool:
        return any("cannot be opened here" in (reason or "") for _, reason in await desk.told())

    await until(refused, what="the refusal on record")
    code, receipt = await desk.of_this(
        *("workflow", "update", "execute", "--name", "submit", "--input", json.dumps(noted("after"))),
        reading=desk.reading,
    )
    assert (code, "accepted:true" in receipt) == (0, True), receipt


async def test_a_message_of_another_complaint_cannot_be_moved_here(desk: Desk) -> None:
    raw = await Client.connect(desk.stack.ready.temporal)
    elsewhere = desk.stack.client.data_converter.with_context(
        WorkflowSerializationContext(desk.stack.client.namespace, "C20261122-0000000000")
    )
    [moved] = await elsewhere.encode([noted("of another")])
    await raw.get_workflow_handle(desk.number).signal("noted", RawValue(moved))

    async def refused() -> bool:
        return any("cannot be opened here" in (reason or "") for _, reason in await desk.told())

    await until(refused, what="the refusal on record")
