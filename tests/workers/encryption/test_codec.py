"""What leaves for Temporal is sealed and bound to its complaint; what cannot be opened is passed on, never raised."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from tests.workers.encryption.rings import key, ring_file
from workers.encryption.codec import SealingCodec
from workers.encryption.converter import data_converter
from workers.encryption.key_ring import LastingRing
from workflows.complaint.decoding import Unreadable, read_filing, read_message, read_update

CANARY = "王小明 13800000000"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=CANARY.encode())


def of(complaint: str) -> WorkflowSerializationContext:
    return WorkflowSerializationContext(namespace="default", workflow_id=complaint)


def in_activity(complaint: str | None) -> ActivitySerializationContext:
    return ActivitySerializationContext("default", "7", "record", "complaints", complaint, "Complaint", is_local=False)


@pytest.fixture
def codec(tmp_path: Path) -> SealingCodec:
    return SealingCodec(LastingRing(ring_file(tmp_path / "ring.toml")))


async def test_a_payload_is_sealed_whole_and_names_its_key(codec: SealingCodec) -> None:
    [sealed] = await codec.with_context(of("C1")).encode([PLAIN])
    assert CANARY.encode() not in sealed.SerializeToString()
    assert dict(sealed.metadata) == {
        "encoding": b"binary/encrypted",
        "encryption-cipher": b"AES-256-GCM",
        "encryption-key-id": b"2026-11",
        "encryption-of": b"C1",
    }
    assert await codec.decode([sealed]) == [PLAIN]
    assert await codec.with_context(in_activity("C1")).decode([sealed]) == [PLAIN]


async def test_what_was_sealed_for_one_complaint_does_not_open_in_another(codec: SealingCodec) -> None:
    [sealed] = await codec.with_context(of("C1")).encode([PLAIN])
    assert await codec.with_context(of("C2")).decode([sealed]) == [sealed]
    renamed = Payload(metadata=dict(sealed.metadata) | {"encryption-of": b"C2"}, data=sealed.data)
    unnamed = Payload(metadata={k: v for k, v in sealed.metadata.items() if k != "encryption-of"}, data=sealed.data)
    for moved in (renamed, unnamed):
        assert await codec.with_context(of("C2")).decode([moved]) == [moved]
        assert await codec.decode([moved]) == [moved]


async def test_what_a_person_sealed_by_the_codec_server_opens_in_any_complaint(codec: SealingCodec) -> None:
    sealed = await codec.encode([PLAIN])
    assert await codec.with_context(of("C1")).decode(sealed) == [PLAIN]
    assert await codec.with_context(in_activity(None)).decode(sealed) == [PLAIN]


async def test_what_was_never_sealed_is_still_read(codec: SealingCodec) -> None:
    assert await codec.with_context(of("C1")).decode([PLAIN]) == [PLAIN]


@given(st.dictionaries(st.text(max_size=20), st.binary(max_size=40), max_size=4), st.binary(max_size=80))
async def test_nothing_that_was_never_sealed_makes_the_codec_raise(metadata: dict[str, bytes], data: bytes) -> None:
    with TemporaryDirectory() as home:
        codec = SealingCodec(LastingRing(ring_file(Path(home) / "ring.toml")))
    hostile = Payload(metadata=metadata | {"encoding": b"binary/encrypted"}, data=data)
    assert await codec.with_context(of("C1")).decode([hostile]) == [hostile]


async def test_a_key_that_is_not_here_is_passed_on_and_the_doors_refuse_it(codec: SealingCodec, tmp_path: Path) -> None:
    others = SealingCodec(LastingRing(ring_file(tmp_path / "others.toml", "2099-01")))
    [foreign] = await codec.decode(await others.encode([PLAIN]))
    arguments = [RawValue(foreign)]
    for read in (
        read_message("noted", arguments),
        read_update("submit", arguments),
        read_filing(arguments),
    ):
        assert isinstance(read, Unreadable)
        assert "is sealed, and cannot be opened here" in read.text


async def test_old_payloads_open_after_the_key_was_changed(tmp_path: Path) -> None:
    old, new = key(), key()
    before = SealingCodec(LastingRing(ring_file(tmp_path / "before.toml", "2026-05", k2026_05=old)))
    sealed = await before.with_context(of("C1")).encode([PLAIN])
    after = SealingCodec(LastingRing(ring_file(tmp_path / "after.toml", "2026-11", k2026_05=old, k2026_11=new)))
    assert await after.with_context(of("C1")).decode(sealed) == [PLAIN]
    assert (await after.encode([PLAIN]))[0].metadata["encryption-key-id"] == b"2026-11"


async def test_the_texts_of_failures_are_sealed_too(tmp_path: Path) -> None:
    converter, failure = data_converter(ring_file(tmp_path / "ring.toml")), Failure()
    try:
        raise ApplicationError(f"no such buyer {CANARY}", {"detail": CANARY}, type="Refused") from ValueError(CANARY)
    except ApplicationError as wrong:
        await converter.encode_failure(wrong, failure)
    assert CANARY.encode() not in failure.SerializeToString()
    assert "test_codec" not in failure.stack_trace
    assert failure.application_failure_info.type == "Refused"
    opened = await converter.decode_failure(failure)
    assert CANARY in str(opened)
    assert CANARY in str(opened.__cause__)


async def test_without_a_ring_everything_is_as_it_was(tmp_path: Path) -> None:
    [payload] = await data_converter(None).encode([CANARY])
    assert CANARY.encode() in payload.data
    assert await data_converter(ring_file(tmp_path / "ring.toml")).decode([payload]) == [CANARY]
