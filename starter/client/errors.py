"""Errors of the client: one root class; the text says what was wrong, where, and what to do.

Their exit codes and HTTP statuses are in the table of `error_mapping.py`.
"""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command (contract)."""

    DONE = 0
    BUG = 1
    WRONG_USE = 2
    REFUSED = 3
    NOT_FOUND = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


class ClientError(Exception):
    """Root class. Raised itself only for a fault of the program."""


class WrongUse(ClientError):  # noqa: N818 - as the contract calls it
    """Invalid input, option or setting; nothing was sent."""


class NotFound(ClientError):  # noqa: N818 - as HTTP calls it
    """There is no such complaint."""


class Unreachable(ClientError):  # noqa: N818 - as the contract calls it
    """Temporal, the database, the partners or the worker do not answer."""


class RefusedByRule(ClientError):  # noqa: N818 - as the contract calls it
    """A rule stands against it."""
