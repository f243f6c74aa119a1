"""A new event or message that lacks a part does not pass `mypy --strict`: each part left out is tried."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

HEAD = """
from datetime import UTC, datetime
from typing import ClassVar, Literal, assert_never
from workflows.complaint.domain import events
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.catalogue import Audience, Catalogue, example
from workflows.complaint.domain.events.base import Event
from workflows.complaint.domain.messages.base import BaseMessage
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.registry import Rules
from workflows.values import Instant
from workflows.vocabulary import Phase, Role
"""

WHOLE = """
class Whole(Event):
    event: Literal["whole"] = "whole"
    catalogue: ClassVar = Catalogue(Audience.STAFF, (), example())
"""

LACKING = {
    "an event says nothing of an example": (
        "class Lacking(Event):\n"
        '    event: Literal["lacking"] = "lacking"\n'
        "    catalogue: ClassVar = Catalogue(Audience.STAFF, ())\n",
        'Missing positional argument "example"',
    ),
    "an event is emitted that no union names": (
        f"{WHOLE}\ndef step(case: Case, at: Instant) -> Case:\n    return emit(case, at, Whole(), 'R1.1')\n",
        'Argument 3 to "emit" has incompatible type "Whole"',
    ),
    "an event has no sentence": (
        f"{WHOLE}\n"
        "def sentence(facts: events.ParcelLost | Whole) -> str:\n"
        "    match facts:\n"
        "        case events.ParcelLost():\n"
        '            return "lost"\n'
        "        case _:\n"
        "            assert_never(facts)\n",
        'Argument 1 to "assert_never" has incompatible type "Whole"',
    ),
    "a message is heard that the union does not name": (
        "class Haggled(BaseMessage):\n"
        '    kind: Literal["haggled"]\n'
        "    catalogue: ClassVar = Catalogue(Audience.STAFF, (), example())\n"
        "rules = Rules()\n"
        '@rules.hears(Haggled, "R3.2", by=(Role.BUYER,), during=(Phase.REVIEW,))\n'
        "def haggled(case: Case, message: Haggled, at: Instant) -> Case:\n"
        "    return case\n",
        'Value of type variable "M" of "hears" of "Rules" cannot be "Haggled"',
    ),
    "a message carries no catalogue": (
        "class Mute(BaseMessage):\n"
        '    kind: Literal["mute"]\n'
        "def catalogue(message: events.ParcelLost | Mute) -> object:\n"
        "    return message.catalogue\n",
        'has no attribute "catalogue"',
    ),
}


@pytest.mark.parametrize(("source", "error"), LACKING.values(), ids=LACKING)
def test_what_lacks_a_part_is_found_by_mypy(source: str, error: str, tmp_path: Path) -> None:
    file = tmp_path / "lacking.py"
    file.write_text(HEAD + source, encoding="utf-8")
    checked = subprocess.run(  # noqa: S603 - mypy on a file of our own
        [sys.executable, "-m", "mypy", "--strict", "--config-file", ROOT / "pyproject.toml", file],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert error in checked.stdout
    assert checked.stdout.count(": error:") == 1, checked.stdout
