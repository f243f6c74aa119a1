"""Errors of this package: one root class, and how a failure is named in logs without quoting personal data."""

import traceback
from datetime import timedelta
from pathlib import Path

import asyncpg


class ActivitiesError(Exception):
    """Root class of this package. The text says what was wrong, where, and what to do; it holds no personal data."""


class PartnerError(ActivitiesError):
    """A partner gave no usable answer; whether it carried out the request is unknown."""


class PartnerUnreachable(PartnerError):  # noqa: N818 - pairs with PartnerProtocolError
    """No answer, or 408, 425, 429 or 5xx: retry, not before `retry_after` where the partner sent one.

    A request that was in flight may have been carried out: look it up by its idempotency key before sending it again.
    """

    def __init__(self, text: str, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class PartnerProtocolError(PartnerError):
    """An answer that contradicts the request or cannot be decoded: an operator has to look into it.

    Retries are safe (every request carries its idempotency key) and succeed once the partner is fixed.
    """


CONNECTION_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What an unreachable database or network raises."""

_PERMANENT = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What the database refuses now it refuses on every retry."""

_FRAMES = 4
_PACKAGES = frozenset({"activities", "starter", "workers", "workflows"})


def is_transient(wrong: BaseException) -> bool:
    """Tell whether a retry may succeed: a backend is unreachable, and nothing was refused."""
    return isinstance(wrong, CONNECTION_ERRORS) and not isinstance(wrong, _PERMANENT)


def error_label(wrong: BaseException) -> str:
    """Return the class name, with SQLSTATE and constraint of PostgreSQL errors and strerror of system errors.

    For logs: never the error's own text, which may quote personal data.
    """
    parts = [type(wrong).__name__]
    if isinstance(wrong, asyncpg.PostgresError):
        parts += [str(one) for one in (wrong.sqlstate, getattr(wrong, "constraint_name", None)) if one]
    elif isinstance(wrong, OSError) and wrong.strerror:
        parts.append(wrong.strerror)
    return " ".join(parts)


def raised_at(wrong: BaseException) -> str:
    """Return the innermost frames within our packages, innermost first: `file:line function < …`."""
    through = traceback.extract_tb(wrong.__traceback__)
    frames = [one for one in through if _PACKAGES & {*Path(one.filename).parts}][-_FRAMES:]
    return " < ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in reversed(frames))
