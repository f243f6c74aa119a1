"""The one careful decoder behind every door: bytes become a message, a filing, or a typed refusal. It never raises."""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from workflows.answers import Code
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import KINDS, Message
from workflows.values import Instant
from workflows.wire import SUBMIT

MOST_BYTES = 262_144
"""A message is words and references, never the evidence itself: a quarter of a megabyte is generous."""


SEALED = b"binary/encrypted"
"""Encoding of a payload that is sealed; one that reaches a door could not be opened."""


class Unreadable(NamedTuple):
    """Why something that came in cannot be read, in words for its sender."""

    code: Code
    text: str


def read_message(name: str | None, arguments: Sequence[RawValue]) -> Message | Unreadable:
    """Read a message; `name` is the signal's name, which is the kind, or None where `kind` must say it."""
    if name is not None and name not in KINDS:
        return Unreadable(Code.UNKNOWN_KIND, f"{name[:60]!a} is no message kind; known are {', '.join(KINDS)}")
    if len(arguments) != 1:
        return Unreadable(Code.MALFORMED, f"a message is one argument, not {len(arguments)}")
    try:
        given = _json(arguments[0].payload)
        kind = _kind(name, given)
        return KINDS[kind].model_validate_json(json.dumps({**given, "kind": kind}))
    except _UnknownKindError as unknown:
        return Unreadable(Code.UNKNOWN_KIND, str(unknown))
    except (ValueError, RecursionError) as error:
        return Unreadable(Code.MALFORMED, _fault(error))


def read_update(name: str, arguments: Sequence[RawValue]) -> Message | Unreadable:
    """Read a message that came as an update, of which there is one name; `kind` says which message it is."""
    if name != SUBMIT:
        return Unreadable(Code.UNKNOWN_KIND, f"{name[:60]!a} is no update; send messages to {SUBMIT}")
    return read_message(None, arguments)


def read_filing(arguments: Sequence[RawValue]) -> Filing | Unreadable:
    """Read a filing."""
    if len(arguments) != 1:
        return Unreadable(Code.MALFORMED, f"a filing is one argument, not {len(arguments)}")
    try:
        return Filing.model_validate_json(json.dumps(_json(arguments[0].payload)))
    except (ValueError, RecursionError) as error:
        return Unreadable(Code.MALFORMED, _fault(error))


def read_held(text: str) -> Message | Unreadable:
    """Read a message that the inbox held, with the care that every door takes."""
    return read_message(None, [RawValue(Payload(metadata={"encoding": b"json/plain"}, data=text.encode()))])


def read_received_at(memo: RawValue | None, started: Instant) -> Instant:
    """Return when a filing was received: as the edge has noted it, but never later than the complaint began (R7.4)."""
    try:
        return min(_INSTANT.validate_json(memo.payload.data), started) if memo else started
    except ValueError:
        return started


_INSTANT: TypeAdapter[Instant] = TypeAdapter(Instant)


class _UnknownKindError(ValueError):
    pass


def _kind(name: str | None, given: dict[str, Any]) -> str:
    kind = given.get("kind", name)
    if kind is None:
        raise ValueError("kind: required; say which message it is")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _UnknownKindError(f"{str(kind)[:60]!a} is no message kind; known are {', '.join(KINDS)}")
    if name is not None and kind != name:
        raise ValueError(f"kind: is {kind} inside a signal named {name}; they must be equal")
    return kind


def _json(payload: Payload) -> dict[str, Any]:
    if payload.metadata.get("encoding") == SEALED:
        raise ValueError(
            "is sealed, and cannot be opened here: seal it with the platform's key ring, for this complaint"
        )
    encoding = payload.metadata.get("encoding", b"").decode("ascii", "replace")
    if encoding not in {"json/plain", "json/protobuf"}:
        raise ValueError(f"encoding {encoding!a} cannot be read; send a JSON object")
    if len(payload.data) > MOST_BYTES:
        raise ValueError(f"{len(payload.data)} bytes; at most {MOST_BYTES} are read")
    given = json.loads(payload.data, object_pairs_hook=_once, parse_constant=_no_constant)
    if not isinstance(given, dict):
        raise ValueError("a JSON object is needed")
    return given


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # The last of two equal keys would win silently: two readers could see two different messages.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _fault(error: Exception) -> str:
    if isinstance(error, ValidationError):
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        told = [f"{'.'.join(str(part) for part in one['loc']) or 'message'}: {_said(one['msg'])}" for one in faults[:5]]
        return _storable("; ".join(told))
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return _storable(str(error) if not isinstance(error, UnicodeDecodeError) else "not UTF-8")


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")


def _storable(text: str) -> str:
    # It goes on record: what the sender named its fields must not hold what PostgreSQL refuses on every retry.
    return text.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")[:500]


_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_number(workflow_id: str) -> str | Unreadable:
    """Read a complaint number from a workflow id: it becomes part of keys and must stay harmless there."""
    if _NUMBER.fullmatch(workflow_id):
        return workflow_id
    return Unreadable(Code.MALFORMED, f"{workflow_id[:70]!a} is no complaint number such as C20261122-7K3M9Q0VWX")
