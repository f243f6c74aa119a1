"""`redress list` and `redress due`: work lists, from the record."""

# ruff: noqa: D417 - `common` is explained to people option by option

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from activities.store.case_files import MOST, DueWork, Listed, Wanted
from starter.cli import session
from starter.cli.tables import Column, table
from starter.client import connection
from starter.client.endpoints import find
from starter.client.errors import WrongUse
from starter.terminal import PLAIN, Common, print_json, say, when, words
from workflows.time.wording import due_in_words
from workflows.vocabulary import Phase, Problem, Role, Severity

_WORDS = Parameter(name_transform=str.lower)
"""Values are written as in the contract: `follow_up`, not `follow-up`."""

_COLUMNS = (
    Column("complaint"),
    Column("stands"),
    Column("problem", spare=1),
    Column("order", spare=4),
    Column("yuan", spare=3),
    Column("handler", spare=2),
    Column("waiting on"),
    Column("next due (Beijing)"),
    Column("filed", spare=5),
)

_DUE_COLUMNS = (
    Column("due (Beijing)"),
    Column("who"),
    Column("what"),
    Column("complaint"),
    Column("phase", spare=2),
    Column("handler", spare=1),
    Column("otherwise", text=True, spare=4),
    Column("rule", spare=3),
)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ListFilter:
    """Filters of a list."""

    phase: Annotated[Phase | None, _WORDS] = None
    "Where they stand."
    waiting_on: Annotated[Role | None, Parameter(name="--waiting-on"), _WORDS] = None
    "Who has to do something."
    problem: Annotated[Problem | None, _WORDS] = None
    "What the buyer complains of."
    seller: str | None = None
    "The seller's id."
    handler: str | None = None
    "The handler's id."
    severity: Annotated[Severity | None, _WORDS] = None
    "How grave they are."
    overdue: Annotated[bool | None, Parameter(negative="--not-overdue")] = None
    "Only those with a missed duty of the platform, or only those without."
    limit: int = 100
    "How many at most, 1 to 1000."


ALL = ListFilter()


async def list_(*, by: ListFilter = ALL, common: Common = PLAIN) -> int:
    """List complaints, the newest first; every option narrows the list."""
    session.logs(common)
    _check(by.limit)
    async with connection.files(find()) as files:
        found = await files.cases.list(Wanted(**vars(by)))
    if common.json:
        print_json(found)
        return 0
    show_listed(found)
    _note_limit(len(found), by.limit)
    return 0


def show_listed(found: Sequence[Listed]) -> None:
    """Print complaints as a table."""
    if found:
        table(_COLUMNS, map(_listed, found))


async def due(
    *, for_: Annotated[str | None, Parameter(name="--for")] = None, limit: int = 100, common: Common = PLAIN
) -> int:
    """List what somebody must do, the earliest first.

    Parameters
    ----------
    for_
        Whose work: a role, or role:id, for example agent:a-1.
    limit
        How many at most, 1 to 1000.

    """
    session.logs(common)
    role, who = _party_filter(for_)
    _check(limit)
    async with connection.files(find()) as files:
        found = await files.cases.due(role, who, limit)
    if common.json:
        print_json(found)
        return 0
    if found:
        table(_DUE_COLUMNS, map(_due, found))
    _note_limit(len(found), limit)
    return 0


def _party_filter(text: str | None) -> tuple[Role | None, str | None]:
    if text is None:
        return None, None
    role, colon, who = text.partition(":")
    if role not in set(Role) or (colon and not who):
        roles = ", ".join(Role)
        raise WrongUse(f"--for {text}: write role or role:id, for example agent:a-1; roles are {roles}")
    return Role(role), who or None


def _check(limit: int) -> None:
    if not 1 <= limit <= MOST:
        raise WrongUse(f"--limit {limit}: give a number from 1 to {MOST}")


def _note_limit(found: int, limit: int) -> None:
    if found == 0:
        say("nothing found")
    elif found == limit:
        say(f"the first {limit}; there may be more: raise --limit or narrow the list")


def _listed(one: Listed) -> tuple[str, ...]:
    waiting = ", ".join(dict.fromkeys(words(who.actor) for who in one.waiting_on))
    standing = words(one.outcome) if one.outcome else words(one.phase)
    overdue = "OVERDUE " if one.overdue else ""
    return (
        one.complaint, standing, words(one.problem), f"{one.order_id}/{one.line}", str(one.amount or ""),
        one.handler or "", waiting, overdue + (_due_at(one.next_due_at) if one.next_due_at else ""), when(one.filed_at),
    )  # fmt: skip


def _due(one: DueWork) -> tuple[str, ...]:
    overdue = "OVERDUE " if one.overdue else ""
    return (
        overdue + _due_at(one.due_at), words(one.actor), one.action, one.complaint or "",
        words(one.phase) if one.phase else "",
        one.handler or "", one.otherwise, one.rule,
    )  # fmt: skip


def _due_at(at: datetime) -> str:
    # The weekday that due_in_words begins with is left to `why-due`.
    return due_in_words(at).partition(" ")[2] or due_in_words(at)
