"""The policy, the calendar and the staff table as data: the packaged ones, or an operator's own, validated on load."""

import json
import tomllib
from collections.abc import Iterator
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workflows.complaint.domain.messages import KINDS
from workflows.policy.model import Policy
from workflows.policy.rulebook import Rulebook
from workflows.policy.staff import Staff
from workflows.time.calendar import Calendar
from workflows.values import Value

_PACKAGED = Path(__file__).parent
_PARTS: dict[str, type[Value]] = {"policy": Policy, "calendar": Calendar, "staff": Staff}


class PolicyInvalid(ValueError):  # noqa: N818  # named for what it says, as Refused is
    """The policy cannot be used; its text lists every fault with file, place and what is expected there."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


@cache
def packaged() -> Rulebook:
    """Return the rulebook this release ships."""
    return _read({part: _PACKAGED / f"{part}.toml" for part in _PARTS})


def load(path: Path | str) -> Rulebook:
    """Return an operator's rulebook: a TOML file that replaces policy.toml, or a directory with any of the three files.

    What a directory does not have is taken from the release. Raises PolicyInvalid.
    """
    path = Path(path)
    if not path.is_dir():
        return _read({part: _PACKAGED / f"{part}.toml" for part in _PARTS} | {"policy": path})
    own = {file.stem: file for file in sorted(path.glob("*.toml"))}
    expected = ", ".join(f"{part}.toml" for part in _PARTS)
    faults = [f"{file}: unknown file; expected only {expected}" for stem, file in own.items() if stem not in _PARTS]
    if not own:
        faults = [f"{path}: holds no policy; expected at least one of {expected}"]
    if faults:
        raise PolicyInvalid(faults)
    return _read({part: own.get(part, _PACKAGED / f"{part}.toml") for part in _PARTS})


def _read(files: dict[str, Path]) -> Rulebook:
    faults: list[str] = []
    parts: dict[str, Any] = {}
    for part, model in _PARTS.items():
        try:
            parts[part] = _parsed(files[part], model)
        except PolicyInvalid as invalid:
            faults.extend(invalid.faults)
    if "policy" in parts:
        faults += [f"{files['policy']}: {place}: is missing" for place in parts["policy"].missing()]
        faults += [f"{files['policy']}: {fault}" for fault in _unknown_kinds(parts["policy"])]
    if faults:
        raise PolicyInvalid(faults)
    try:
        return Rulebook(**parts)
    except ValidationError as invalid:
        raise PolicyInvalid(_faults(files["staff"], invalid)) from None


def _unknown_kinds(policy: Policy) -> Iterator[str]:
    for name, limit in policy.limits.items():
        for kind in limit.ended_by:
            if kind not in KINDS:
                yield f"limits.{name}.ended_by: {kind!r} is no message kind of the contract"


def _parsed(file: Path, model: type[Value]) -> Value:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyInvalid([f"{file}: cannot be read ({error.strerror}); expected a TOML file"]) from None
    except ValueError as error:  # TOML and UTF-8 faults alike
        raise PolicyInvalid([f"{file}: is no valid TOML: {error}"]) from None
    try:
        # Through JSON, because strict models take dates, enums and tuples as text from there, and only from there.
        return model.model_validate_json(json.dumps(data, default=_as_text))
    except ValidationError as invalid:
        raise PolicyInvalid(_faults(file, invalid)) from None


def _as_text(value: date | time) -> str:
    return value.isoformat()


def _faults(file: Path, invalid: ValidationError) -> list[str]:
    faults = []
    for error in invalid.errors(include_url=False, include_input=False):
        place = ".".join(str(step) for step in error["loc"]) or "the whole file"
        faults.append(f"{file}: {place}: {error['msg'].removeprefix('Value error, ')}")
    return faults
