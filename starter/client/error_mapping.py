"""Errors of every package as the door tells them: an exit code and a sentence."""

import asyncpg
from pydantic import ValidationError
from temporalio.service import RPCError

from activities.store.migrate import MigrationRefused
from activities.store.payload_keys import KeysMissing
from starter.client.errors import CommandError, Unreachable, WrongUse
from workers.config.settings import SettingsInvalid
from workers.encryption.key_ring import KeyRingInvalid
from workers.sandbox.client import SandboxRefused, SandboxUnreachable
from workers.stack.errors import DataDirInUse, PortTaken, StackError
from workflows.policy.loading import PolicyInvalid

_KNOWN: tuple[tuple[tuple[type[Exception], ...], type[CommandError]], ...] = (
    ((SettingsInvalid, PolicyInvalid, KeyRingInvalid, KeysMissing, SandboxRefused, PortTaken, DataDirInUse), WrongUse),
    ((SandboxUnreachable, MigrationRefused, StackError), Unreachable),
)


def worded(wrong: Exception) -> CommandError:
    """Return the error to tell: what is known by its own words, what is not as a fault of the program."""
    for kinds, told in _KNOWN:
        if isinstance(wrong, kinds):
            return told(str(wrong))
    if isinstance(wrong, asyncpg.PostgresError | asyncpg.InterfaceError):
        return Unreachable(f"the database did not answer as it should ({_line(wrong)}); see `redress doctor`")
    if isinstance(wrong, RPCError | ConnectionError | TimeoutError):
        return Unreachable(f"a backend does not answer ({_line(wrong)}); see `redress doctor`")
    name = "invalid data" if isinstance(wrong, ValidationError) else type(wrong).__name__
    advice = "this is a fault of redress: --debug shows where; please report it"
    return CommandError(f"unexpected {name}: {_line(wrong)}; {advice}")


def _line(wrong: Exception) -> str:
    return (str(wrong).strip().split("\n")[0] or type(wrong).__name__)[:200]
