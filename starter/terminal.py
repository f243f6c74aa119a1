"""Output of commands: results on standard output (JSON or text), messages on standard error."""

import json
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter
from pydantic import BaseModel

from workflows.values import BEIJING


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """Options of every command."""

    json: Annotated[bool, Parameter(negative=(), show_default=False, help="Print JSON for programs.")] = False
    verbose: Annotated[bool, Parameter(negative=(), show_default=False, help="Log what happens to stderr.")] = False
    debug: Annotated[bool, Parameter(negative=(), show_default=False, help="Log everything, tracebacks too.")] = False


PLAIN = Common()

FileOrStdin = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""A file's name, or `-`."""


def as_data(value: Any) -> Any:
    """Return plain JSON data of a value; models by alias."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, list | tuple):
        return [as_data(item) for item in value]
    return value


def print_json(value: Any) -> None:
    """Print one JSON document on a line of its own."""
    out(json.dumps(as_data(value), ensure_ascii=False))


def out(text: str) -> None:
    """Print a line of the result."""
    try:
        sys.stdout.write(f"{text}\n")
    except UnicodeEncodeError:  # a terminal without UTF-8
        sys.stdout.write(f"{text.encode('ascii', 'backslashreplace').decode()}\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Print a message to standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def when(at: datetime | None) -> str:
    """Format a time: Beijing, to the minute."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M") if at else ""


def words(name: str | None) -> str:
    """Format a word of the contract: underscores as spaces."""
    return (name or "").replace("_", " ")
