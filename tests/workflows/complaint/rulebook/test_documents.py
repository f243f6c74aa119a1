"""What is generated from the rules and the stories is never out of date."""

from pathlib import Path

import pytest

from tests.docs import documents
from workflows.complaint.rules.registry import Hearing
from workflows.complaint.rules.tables import HEARINGS
from workflows.complaint.views.process_tables import process_tables
from workflows.policy.loading import packaged


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_a_generated_document_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == documents()[path], f"{path} is out of date: run `make docs`"


def test_a_changed_rule_changes_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    before = process_tables(packaged().policy)
    stricter: list[Hearing] = [one._replace(rule="R9.9") for one in HEARINGS["noted"]]
    monkeypatch.setitem(HEARINGS, "noted", stricter)
    assert process_tables(packaged().policy) != before
