"""What `redress doctor` checks: one module per part of the system; each check says how it stands and what to do."""

from typing import Literal, NamedTuple

from starter.client.error_mapping import exit_code
from starter.client.errors import ClientError, Exit


class Check(NamedTuple):
    """One result: `exit_code` is the exit code of `redress doctor` if this check failed."""

    name: str
    state: Literal["ok", "warning", "failed"]
    text: str
    exit_code: Exit = Exit.DONE


def ok(name: str, text: str) -> Check:
    """Return a check that passed."""
    return Check(name, "ok", text)


def failed(name: str, wrong: str | ClientError, code: Exit = Exit.WRONG_USE) -> Check:
    """Return a check that failed; the text says what is wrong and what to do."""
    return Check(name, "failed", str(wrong), exit_code(wrong) if isinstance(wrong, ClientError) else code)
