"""The one table of errors: exception class, exit code of a command, problem type (and HTTP status) of a response.

The command line exits with `exit_code(error)` and prints `as_client_error(error)`; the HTTP gateway answers
`problem_type(error)`. The first row whose classes fit counts.
"""

from collections.abc import Callable
from typing import NamedTuple

import asyncpg
from pydantic import ValidationError
from temporalio.service import RPCError

from activities.store.migrate import MigrationRefused
from activities.store.payload_keys import KeysMissing
from starter.client.errors import ClientError, Exit, NotFound, RefusedByRule, Unreachable, WrongUse
from workers.config.settings import SettingsInvalid
from workers.encryption.key_ring import KeyRingInvalid
from workers.sandbox.client import SandboxRefused, SandboxUnreachable
from workers.stack.errors import DataDirInUse, PortTaken, StackError
from workflows.policy.loading import PolicyInvalid


class ProblemType(NamedTuple):
    """One type of problem (RFC 9457); status and title never change."""

    status: int
    title: str


PROBLEM_TYPES = {
    "not-http": ProblemType(400, "The request is not HTTP as we read it"),
    "not-signed": ProblemType(401, "The request is not signed as one of our clients would"),
    "not-allowed": ProblemType(403, "The client may not say this"),
    "not-found": ProblemType(404, "There is nothing here for you"),
    "no-such-method": ProblemType(405, "This door knows another method"),
    "too-slow": ProblemType(408, "The request took too long to arrive"),
    "id-used": ProblemType(409, "The id was used before, for something else"),
    "too-large": ProblemType(413, "The body is too large"),
    "refused": ProblemType(422, "The message was refused"),
    "too-many": ProblemType(429, "Too many requests"),
    "our-fault": ProblemType(500, "A fault of ours"),
    "not-now": ProblemType(503, "It cannot be taken in just now"),
}
"""The closed list; on the wire each is `urn:redress:problem:<name>`."""


class _Row(NamedTuple):
    errors: tuple[type[Exception], ...]
    raised_as: type[ClientError]
    exit_code: Exit
    problem: str
    text: Callable[[Exception], str] = str


def _first_line(error: Exception) -> str:
    return (str(error).strip().split("\n")[0] or type(error).__name__)[:200]


def _database(error: Exception) -> str:
    return f"the database did not answer as it should ({_first_line(error)}); see `redress doctor`"


def _backend(error: Exception) -> str:
    return f"a backend does not answer ({_first_line(error)}); see `redress doctor`"


def _unexpected(error: Exception) -> str:
    name = "invalid data" if isinstance(error, ValidationError) else type(error).__name__
    advice = "this is a fault of redress: --debug shows where; please report it"
    return f"unexpected {name}: {_first_line(error)}; {advice}"


_CONFIGURATION = (
    SettingsInvalid, PolicyInvalid, KeyRingInvalid, KeysMissing, SandboxRefused, PortTaken, DataDirInUse,
)  # fmt: skip

_TABLE: tuple[_Row, ...] = (
    _Row((RefusedByRule,), RefusedByRule, Exit.REFUSED, "refused"),
    _Row((NotFound,), NotFound, Exit.NOT_FOUND, "not-found"),
    _Row((WrongUse,), WrongUse, Exit.WRONG_USE, "refused"),
    _Row(_CONFIGURATION, WrongUse, Exit.WRONG_USE, "our-fault"),
    _Row((Unreachable,), Unreachable, Exit.UNREACHABLE, "not-now"),
    _Row((SandboxUnreachable, MigrationRefused, StackError), Unreachable, Exit.UNREACHABLE, "not-now"),
    # What PostgreSQL refuses now it refuses again: a request is not to be repeated for it.
    _Row(
        (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError),
        Unreachable, Exit.UNREACHABLE, "our-fault", _database,
    ),
    _Row((asyncpg.PostgresError, asyncpg.InterfaceError), Unreachable, Exit.UNREACHABLE, "not-now", _database),
    _Row((RPCError, ConnectionError, TimeoutError), Unreachable, Exit.UNREACHABLE, "not-now", _backend),
    _Row((OSError,), ClientError, Exit.BUG, "not-now", _unexpected),
    _Row((ClientError,), ClientError, Exit.BUG, "our-fault"),
    _Row((Exception,), ClientError, Exit.BUG, "our-fault", _unexpected),
)  # fmt: skip


def exit_code(error: Exception) -> Exit:
    """Return the exit code of a command that ends with this error."""
    return _row(error).exit_code


def problem_type(error: Exception) -> str:
    """Return the name of the problem type with which the gateway answers this error."""
    return _row(error).problem


def as_client_error(error: Exception) -> ClientError:
    """Return the error as the client reports it; one that is unknown here as a fault of the program."""
    row = _row(error)
    return error if isinstance(error, ClientError) else row.raised_as(row.text(error))


def _row(error: Exception) -> _Row:
    return next(row for row in _TABLE if isinstance(error, row.errors))
