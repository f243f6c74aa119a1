"""Filings as operators write them (JSON, yuan as "299.00"), decoded before anything is sent; complaint numbers."""

import hashlib
import json
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from starter.client.errors import WrongUse
from workflows.complaint.domain.filing import Filing
from workflows.money.amount import Money
from workflows.values import BEIJING

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = 10
_NUMBER = re.compile(rf"C\d{{8}}-[{_CROCKFORD}]{{{_CHARACTERS}}}")


def number_of(request_id: str, filed_at: datetime) -> str:
    """Return `C` + filing date in Beijing + `-` + 50 bits of the request id's SHA-256 in Crockford base32 (contract).

    On another day the same request has another date and the same suffix; `Complaints.open` looks for both.
    """
    return f"C{filed_at.astimezone(BEIJING):%Y%m%d}-{_suffix(request_id)}"


def numbers_near(request_id: str, filed_at: datetime) -> tuple[str, str]:
    """Return the numbers of that day and the day before, for filings near midnight."""
    return number_of(request_id, filed_at), number_of(request_id, filed_at - timedelta(days=1))


def is_number(text: str) -> bool:
    """Tell whether a text has the form of a complaint number."""
    return _NUMBER.fullmatch(text) is not None


def _suffix(request_id: str) -> str:
    bits = int.from_bytes(hashlib.sha256(request_id.encode()).digest(), "big") >> (256 - 5 * _CHARACTERS)
    return "".join(_CROCKFORD[bits >> (5 * place) & 31] for place in reversed(range(_CHARACTERS)))


MOST_BYTES = 64 * 1024 * 1024
"""Larger files are rejected."""


def read_text(file: str) -> str:
    """Read a file, or standard input for `-`; raises WrongUse."""
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else _bytes(Path(file))
    except OSError as wrong:
        raise WrongUse(
            f"{file}: cannot be read ({wrong.strerror}); give a readable file, or - for standard input"
        ) from None
    name = "standard input" if file == "-" else file
    if len(raw) > MOST_BYTES:
        raise WrongUse(f"{name}: is larger than {MOST_BYTES >> 20} MB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise WrongUse(f"{name}: is not UTF-8 (byte {wrong.start}); save it as UTF-8") from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def read_filing(text: str, name: str) -> Filing:
    """Decode one filing from JSON; amounts may be written "299.00". Raises WrongUse listing every fault."""
    given = read_object(text, name)
    try:
        return filing_of(given)
    except ValidationError as wrong:
        raise WrongUse(f"{name} is no valid filing:\n" + "\n".join(f"  {fault}" for fault in faults(wrong))) from None


def filing_of(given: dict[str, Any]) -> Filing:
    """Decode a filing from plain data; amounts may be written "299.00". Raises ValidationError."""
    return Filing.model_validate_json(json.dumps(with_money(Filing, given)))


def read_object(text: str, name: str) -> dict[str, Any]:
    """Decode one JSON object, without duplicate keys or NaN; raises WrongUse."""
    try:
        given = read_json(text)
    except RecursionError:
        raise WrongUse(f"{name}: is nested too deeply") from None
    except ValueError as wrong:
        raise WrongUse(f"{name}: is not JSON: {wrong}") from None
    if not isinstance(given, dict):
        raise WrongUse(f"{name}: holds no JSON object; one is needed, such as {{…}}")
    return given


def read_json(text: str) -> Any:
    """Decode JSON, without duplicate keys or NaN; raises ValueError or RecursionError."""
    return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)


def faults(wrong: ValidationError) -> list[str]:
    """List every fault as `place: message`, without echoing the input."""
    return [f"{place}: {text}" for place, text in located_faults(wrong)]


def located_faults(wrong: ValidationError) -> list[tuple[str, str]]:
    """List every fault as (place, message), without echoing the input."""
    found = wrong.errors(include_url=False, include_input=False, include_context=False)
    return [(_place(one["loc"]), one["msg"].removeprefix("Value error, ")) for one in found]


def _place(parts: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.lstrip(".") or "the whole"


def with_money(model: type[BaseModel], given: object) -> Any:
    """Return the data with amounts such as "299.00" converted wherever the model has Money."""
    if not isinstance(given, dict):
        return given
    kinds = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return {name: _money_at(kinds.get(name), value) for name, value in given.items()}


def _money_at(kind: Any, value: object) -> Any:
    if isinstance(value, list):
        inner = next((one for one in alternatives(kind) if get_origin(one) is tuple), None)
        return [_money_at(get_args(inner)[0] if inner else None, item) for item in value]
    models = [one for one in alternatives(kind) if isinstance(one, type) and issubclass(one, BaseModel)]
    if Money in models and isinstance(value, str):
        try:
            return Money.parse(value).model_dump()
        except ValueError:
            return value  # validation reports it
    return with_money(models[0], value) if models else value


def alternatives(kind: Any) -> list[Any]:
    """Return the alternatives of an annotation, without None and metadata."""
    if get_origin(kind) is Annotated:
        return alternatives(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [one for part in get_args(kind) for one in alternatives(part)]
    return [] if kind is type(None) else [kind]


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def summary(filing: Filing) -> str:
    """Return the one-line summary without personal data: order, problem, requested remedy (contract)."""
    asked = filing.request
    amount = f" {asked.amount} yuan" if asked.amount else ""
    remedy, problem = asked.remedy.replace("_", " "), filing.problem.replace("_", " ")
    return f"order {filing.order_id} line {filing.line}: {problem}, asks for {remedy}{amount}"
