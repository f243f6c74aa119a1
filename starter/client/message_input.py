"""Messages as operators write them: `--set key=value`, `--data JSON`, `--as role:id`, decoded and validated."""

import json
import uuid
from collections.abc import Sequence
from enum import EnumType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from starter.client.errors import WrongUse
from starter.client.filing_input import alternatives, read_object, with_money
from workflows.complaint.decoding import Unreadable, read_message
from workflows.complaint.domain.messages import KINDS, Message
from workflows.complaint.rules.tables import HEARINGS
from workflows.complaint.views.catalogue import DESCRIPTIONS
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.vocabulary import STAFF, Role

MessageData = dict[str, Any]
"""A message as plain JSON data, not validated."""


def message_data(kind: str, settings: Sequence[str], data: str | None) -> MessageData:
    """Return a message's data: `--data`, overridden by `--set`. Raises WrongUse naming the place."""
    if kind not in KINDS:
        raise WrongUse(f"{kind!r} is no message kind; known are: {', '.join(sorted(KINDS))}")
    model = KINDS[kind]
    fields = with_money(model, read_object(data, "--data")) if data is not None else {}
    if fields.get("kind", kind) != kind:
        raise WrongUse(f"--data says kind {fields['kind']!r}, the command says {kind}: they must be equal")
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise WrongUse(f"--set {setting}: write key=value, for example --set amount=299.00")
        _set(model, fields, key, value)
    if "received_at" in fields:
        raise WrongUse("received_at is set by the edge, never by the sender: leave it out (R7.4)")
    return fields


def with_envelope(kind: str, fields: MessageData, sender: Party | None) -> MessageData:
    """Add kind, a fresh message_id unless one was given, and the sender."""
    own = {"kind": kind, "message_id": fields.get("message_id") or f"cli-{uuid.uuid4().hex[:16]}"}
    who = {"sender": sender.model_dump(mode="json")} if sender else {}
    return {**fields, **own, **who}


def decode_message(fields: MessageData) -> Message:
    """Decode a message with the workflow's own decoder; raises WrongUse with the fields of the kind."""
    try:
        data = json.dumps(fields).encode()
    except (TypeError, ValueError) as wrong:
        raise WrongUse(f"{fields.get('kind')}: {wrong}") from None
    read = read_message(None, [RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))])
    if isinstance(read, Unreadable):
        raise WrongUse(f"{fields['kind']}: {read.text.replace('Value error, ', '')}\n{DESCRIPTIONS[fields['kind']]}")
    return read


def parse_party(text: str) -> Party:
    """Parse `role:id`; raises WrongUse."""
    role, colon, who = text.partition(":")
    if not colon or role not in set(Role) or not who:
        raise WrongUse(f"{text!r} is no sender: write role:id, for example agent:a-1; roles are {', '.join(Role)}")
    try:
        return Party(role=Role(role), id=who)
    except ValueError:
        raise WrongUse(f"{who!r} is no id: printable ASCII without spaces, at most 128 characters") from None


def senders(kind: str) -> tuple[Role, ...]:
    """Return the roles that may send a message of that kind, by the rules."""
    return tuple(sorted({role for hearing in HEARINGS.get(kind, ()) for role in hearing.by}))


def default_role(kind: str) -> Role:
    """Return the sender's role where it is unambiguous (AGENT stands for the handler); raises WrongUse otherwise."""
    roles = senders(kind)
    if Role.AGENT in roles and set(roles) <= STAFF:
        return Role.AGENT
    if len(roles) == 1 and roles[0] in (Role.BUYER, Role.SELLER):
        return roles[0]
    who = f"it may come from: {', '.join(roles)}" if roles else f"roles are: {', '.join(Role)}"
    raise WrongUse(f"say who sends {kind} with --as role:id; {who}")


def _set(model: type[BaseModel], fields: MessageData, key: str, value: str) -> None:
    """Set one field; dots address nested fields: `sender.id`, `amount.amount`."""
    name, dot, rest = key.partition(".")
    kind = next(
        (field.annotation for known, field in model.model_fields.items() if (field.alias or known) == name), None
    )
    if not dot:
        fields[name] = _value(kind, key, value)
        return
    inner = fields.setdefault(name, {})
    models = [one for one in alternatives(kind) if isinstance(one, type) and issubclass(one, BaseModel)]
    if not isinstance(inner, dict):
        raise WrongUse(f"--set {key}: {name} has a value already, which has no parts")
    _set(models[0] if models else _Untyped, inner, rest, value)


class _Untyped(BaseModel):
    """Stands for a nested field without a model."""


def _value(kind: Any, key: str, text: str) -> Any:
    """Convert a value to the field's type; what does not fit stays a string, which validation reports."""
    for one in alternatives(kind):
        if one is Money and not text.startswith("{"):
            return _money(key, text)
        if get_origin(one) is tuple or (isinstance(one, type) and issubclass(one, BaseModel)):
            return _parts(one, key, text)
        if one is bool and text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        if one is int and text.strip().lstrip("-").isdecimal():
            return int(text)
        if one is str or isinstance(one, EnumType) or get_origin(one) is Literal:
            return text
    return text


_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


def _money(key: str, text: str) -> Any:
    try:
        return Money.parse(text).model_dump()
    except ValueError as wrong:
        raise WrongUse(f"--set {key}: {wrong}") from None


def _parts(kind: Any, key: str, text: str) -> Any:
    """Parse JSON, or comma-separated words for a list."""
    is_list = get_origin(kind) is tuple
    item = get_args(kind)[0] if is_list else None
    if is_list and not text.startswith(("[", "{")) and not (isinstance(item, type) and issubclass(item, BaseModel)):
        return [word.strip() for word in text.split(",") if word.strip()]
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongUse(f"--set {key}: write JSON here, for example --set '{key}={_SHAPES[is_list]}'") from None
    return [read] if is_list and isinstance(read, dict) else read


_SHAPES = {True: '[{"id": "e-1", …}]', False: '{"…": "…"}'}
