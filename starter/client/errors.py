"""What can go wrong at the door: one sentence that says what was wrong and what to do, and an exit code (contract)."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    BUG = 1
    WRONG_USE = 2
    REFUSED = 3
    NOT_FOUND = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


class CommandError(Exception):
    """A command ends without having done its work; the text is for the person at the keyboard."""

    exit_code = Exit.BUG


class WrongUse(CommandError):  # noqa: N818 - named for what it says
    """Something was typed or set wrongly; nothing was sent."""

    exit_code = Exit.WRONG_USE


class NotFound(CommandError):  # noqa: N818 - named for what it says
    """There is no such complaint."""

    exit_code = Exit.NOT_FOUND


class Unreachable(CommandError):  # noqa: N818 - named for what it says
    """Temporal, the database, the partners or the worker do not answer."""

    exit_code = Exit.UNREACHABLE


class RefusedByRule(CommandError):  # noqa: N818 - named for what it says
    """A rule stands against it."""

    exit_code = Exit.REFUSED
