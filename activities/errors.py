"""Errors of this package: one root class, and how a failure is named in logs without quoting personal data."""

import traceback
from datetime import timedelta
from pathlib import Path

import asyncpg


class PartnerError(Exception):
    """No usable answer of a partner; the text says which, where, what is known and what follows."""


class PartnerUnreachable(PartnerError):  # noqa: N818 - named as the news it brings
    """No answer, or one that means "later": try again, not before `retry_after` if the partner named it.

    A request that was on its way may have been carried out: look it up by its key before sending it again.
    """

    def __init__(self, text: str, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class PartnerConfused(PartnerError):  # noqa: N818 - named as the news it brings
    """An answer that contradicts what we sent or cannot be read: a person has to look, the text says at what.

    Trying again does no harm, since every request carries its key, and helps once the partner is mended.
    """


AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What a database that is away, or a network, may raise."""

_REFUSED_FOR_GOOD = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What the database refuses now it refuses again: it is no use to try once more."""

_FRAMES = 4
_OURS = frozenset({"activities", "starter", "workers", "workflows"})


def is_away(wrong: BaseException) -> bool:
    """Say whether it may go well in a moment: something is away, and nothing was refused."""
    return isinstance(wrong, AWAY) and not isinstance(wrong, _REFUSED_FOR_GOOD)


def named(wrong: BaseException) -> str:
    """Return the class of a failure; of PostgreSQL's also the state and the constraint, of the system's the error."""
    parts = [type(wrong).__name__]
    if isinstance(wrong, asyncpg.PostgresError):
        parts += [str(one) for one in (wrong.sqlstate, getattr(wrong, "constraint_name", None)) if one]
    elif isinstance(wrong, OSError) and wrong.strerror:
        parts.append(wrong.strerror)
    return " ".join(parts)


def where(wrong: BaseException) -> str:
    """Return the innermost places of ours that it came through, the last one first."""
    through = traceback.extract_tb(wrong.__traceback__)
    frames = [one for one in through if _OURS & {*Path(one.filename).parts}][-_FRAMES:]
    return " < ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in reversed(frames))
