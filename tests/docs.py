"""Writes what is generated from the rules and the stories: `make docs`, which is `python -m tests.docs`."""

from pathlib import Path

from tests import ROOT
from tests.workflows.complaint.rulebook.telling import rules_document, stories_document
from workflows.complaint.views.process_tables import process_tables
from workflows.policy.loading import packaged

DOCS = ROOT / "deploy" / "docs"


def documents() -> dict[Path, str]:
    """Return each generated document and its text."""
    return {
        DOCS / "process-tables.md": process_tables(packaged().policy),
        DOCS / "rules.md": rules_document(),
        DOCS / "stories.md": stories_document(),
    }


def main() -> None:
    """Write them."""
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
        print(f"written {path}")  # noqa: T201 - a command for people


if __name__ == "__main__":
    main()
