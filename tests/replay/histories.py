"""Saved histories: what running complaints looked like on the day they were saved, for every later code to replay.

Until 1.0 no complaint runs anywhere: histories are made anew whenever the code changes what they hold. From 1.0 on they
bind: a red replay is mended in the workflow (`workflow.patched`) or in the rule (`Case.edition`), not by saving again.
"""

import base64
import gzip
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests.workers.encryption.rings import ring_file
from workers.composition.handler_metadata import KindsShown
from workers.composition.workflow_runner import workflow_runner
from workers.encryption.converter import data_converter
from workflows.complaint.workflow import Complaint

BINDING = False
"""Whether saved histories bind: True from 1.0 on, and never False again."""

FOLDER = Path(__file__).parent / "histories"
_ENDING = ".json.gz"
SEALED = ".sealed"
"""So end the names of those that were saved where there are keys."""
KEY = base64.b64encode(sha256(b"saved histories").digest()).decode()
"""The key they are sealed by: not a secret, for nobody lives in them."""


class AlreadySaved(Exception):  # noqa: N818 - named for what it says
    """There is a saved history of that name; the text says why it stays."""


def replayer(workflow: type = Complaint, key_ring: Path | None = None) -> Replayer:
    """Return what replays histories exactly as a worker would."""
    return Replayer(
        workflows=[workflow],
        workflow_runner=workflow_runner(),
        interceptors=[KindsShown()],
        data_converter=data_converter(key_ring),
    )


def ring(file: Path, newer: str | None = None) -> Path:
    """Write a key ring that opens what was sealed, and seals by a newer key if one is given."""
    if newer is None:
        return ring_file(file, "saved", saved=KEY)
    return ring_file(file, "newer", saved=KEY, newer=newer)


def names() -> list[str]:
    """Return the names of all saved histories."""
    return sorted(path.name.removesuffix(_ENDING) for path in FOLDER.glob(f"*{_ENDING}"))


def load(name: str) -> WorkflowHistory:
    """Read one saved history."""
    saved = json.loads(gzip.decompress((FOLDER / f"{name}{_ENDING}").read_bytes()))
    return WorkflowHistory.from_json(saved["complaint"], saved["history"])


def save(name: str, history: WorkflowHistory, folder: Path = FOLDER, *, binding: bool = BINDING) -> Path:
    """Save a history, in the place of an earlier one of that name; raises AlreadySaved where that binds."""
    path = folder / f"{name}{_ENDING}"
    text = json.dumps({"complaint": history.workflow_id, "history": _nameless(history.to_json_dict())})
    try:
        with path.open("xb" if binding else "wb") as file:
            file.write(gzip.compress(text.encode(), mtime=0))
    except FileExistsError:
        raise AlreadySaved(
            f"{path.name} is saved already and stays as it is: mend a red replay by a patch or by the edition, "
            "or save another history under a new name"
        ) from None
    return path


def _nameless(value: Any) -> Any:
    """Leave out what a history says of the machine it was made on; no replay looks at it."""
    if isinstance(value, dict):
        return {key: _nameless(inner) for key, inner in value.items() if key not in _OF_THE_MACHINE}
    if isinstance(value, list):
        return [*map(_nameless, value)]
    return "worker" if isinstance(value, str) and _PROCESS_AT_HOST.match(value) else value


_OF_THE_MACHINE = {"identity", "stackTrace", "workerInstanceKey"}
_PROCESS_AT_HOST = re.compile(r"\d+@")
"""So begin the names of workers, and of the task queues that are theirs alone."""


def words(value: Any) -> Iterator[str]:
    """Yield every text in a saved history."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)
    elif isinstance(value, str):
        yield value
