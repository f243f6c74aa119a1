"""The look of a sweep at the provider's book: what it has and we do not, and the reverse (R6.10)."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Literal, Protocol

import asyncpg
from temporalio import activity

from activities.execution import attempt
from activities.reconciliation.tasks import Tasks
from activities.store.named_queries import query
from activities.store.pool import Pool
from workflows.money.amount import Money
from workflows.policy.rulebook import Rulebook
from workflows.upkeep.tasks import Look, Looked, Task, TaskKind
from workflows.values import Instant

AT_ONCE = 100
"""Movements of one page: each of their complaints costs the provider one question."""

WINDOW = timedelta(days=1)
"""How much of the provider's book one page takes."""

UNDER_WAY = timedelta(minutes=15)
"""What moved so lately may still be on its way between the provider's book and ours; the next sweep sees it."""

OVERLAP = timedelta(hours=1)
"""How far a sweep looks behind the start of the one before: clocks differ."""

_THEIRS, _OURS, _NAMED = "theirs ", "ours ", "named "


class BookEntry(Protocol):
    """One line of the provider's book."""

    @property
    def key(self) -> str:
        """Its key: ours, if it is one of ours."""

    @property
    def amount(self) -> Money:
        """How much."""

    @property
    def state(self) -> Literal["settled", "pending", "declined", "failed", "reversed"]:
        """What became of it."""

    @property
    def changed(self) -> datetime:
        """When its state last changed."""


class ProviderBook(Protocol):
    """The provider's book, as comparing needs it."""

    def entries(
        self, complaint: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[BookEntry]:
        """Go through what is on it of one complaint, or what changed in a time."""


class Comparing:
    """Implements the port `compare_with_provider`; a provider without a book to be read is not compared."""

    def __init__(
        self, pool: Pool, rulebook: Rulebook, book: ProviderBook | None, *, under_way: timedelta = UNDER_WAY
    ) -> None:
        self._pool, self._tasks, self._book, self._under_way = pool, Tasks(pool, rulebook), book, under_way

    @activity.defn(name="compare_with_provider")
    async def compare_with_provider(self, look: Look) -> Looked:
        """Raise a task for each difference: first through their book, then through ours, then what is still a task."""
        with attempt("sweep") as this:
            tasks, after = await self._page(self._book, look) if self._book else ([], None)
            this.outcome = f"{len(tasks)} tasks"
            return Looked(tasks=await self._tasks.raised(tasks, look.sweep_at), after=after)

    async def _page(self, book: ProviderBook, look: Look) -> tuple[list[Task], str | None]:
        if look.after.startswith(_NAMED):
            return await self._still_named(book, look, look.after.removeprefix(_NAMED))
        if look.after.startswith(_OURS):
            return await self._through_ours(book, look, look.after.removeprefix(_OURS))
        begun = look.after.removeprefix(_THEIRS)
        since = datetime.fromisoformat(begun) if begun else await self._since(look)
        return await self._through_theirs(book, look, since)

    async def _through_theirs(self, book: ProviderBook, look: Look, since: Instant) -> tuple[list[Task], str]:
        until = min(since + WINDOW, look.sweep_at)
        theirs = [entry async for entry in book.entries(since=since, until=until)]
        ours = await self._ours([entry.key for entry in theirs])
        tasks = [task for one in theirs for task in compared(one.key, ours.get(one.key), one, self._moved_by(look))]
        return tasks, _OURS if until == look.sweep_at else f"{_THEIRS}{until.isoformat()}"

    async def _through_ours(self, book: ProviderBook, look: Look, after: str) -> tuple[list[Task], str]:
        rows = await self._pool.fetch(query("movements_moved"), await self._since(look), after, AT_ONCE)
        tasks = await self._against_theirs(book, look, [row["key"] for row in rows])
        return tasks, f"{_OURS}{rows[-1]['key']}" if len(rows) == AT_ONCE else _NAMED

    async def _still_named(self, book: ProviderBook, look: Look, after: str) -> tuple[list[Task], str | None]:
        """Look again at what an earlier sweep raised, however long ago it moved: it is closed once it is mended."""
        keys = [row["movement"] for row in await self._pool.fetch(query("compared_tasks"), after, AT_ONCE)]
        return await self._against_theirs(book, look, keys), f"{_NAMED}{keys[-1]}" if len(keys) == AT_ONCE else None

    async def _against_theirs(self, book: ProviderBook, look: Look, keys: list[str]) -> list[Task]:
        ours, by = await self._ours(keys), self._moved_by(look)
        theirs: dict[str, BookEntry] = {}
        for complaint in dict.fromkeys(map(_complaint, keys)):
            theirs |= {entry.key: entry async for entry in book.entries(complaint=complaint)}
        return [task for key in keys for task in compared(key, ours.get(key), theirs.get(key), by)]

    async def _ours(self, keys: list[str]) -> dict[str, asyncpg.Record]:
        return {row["key"]: row for row in await self._pool.fetch(query("movements_named"), keys)}

    async def _since(self, look: Look) -> Instant:
        """Return where the sweep before began, less an hour; for the first sweep, before there was any movement."""
        before = await self._pool.fetchval(query("sweep_before"), look.sweep_at)
        return (before or look.sweep_at) - OVERLAP

    def _moved_by(self, look: Look) -> Instant:
        return look.sweep_at - self._under_way


def _complaint(key: str) -> str:
    return key.split(":", maxsplit=1)[0]


def compared(key: str, ours: asyncpg.Record | None, theirs: BookEntry | None, by: Instant) -> Iterator[Task]:
    """Yield the task that a difference between the two books is, where nothing has moved since that instant."""
    complaint = _complaint(key)
    if ours is None and theirs is not None and theirs.changed <= by:
        text = (
            f"the provider has {key}, {theirs.amount} yuan {theirs.state}; no record of ours names it: ask what it is"
        )
        yield _task(TaskKind.UNKNOWN_TO_US, key, complaint, text, theirs.amount)
    if ours is None or ours["moved_at"] > by:
        return
    amount, state = Money(amount=ours["amount_minor"]), ours["state"]
    if theirs is None and state != "decided":
        text = f"{key}, {amount} yuan {state}, is unknown to the provider: nothing was paid under this key; ask both"
        yield _task(TaskKind.UNKNOWN_TO_PROVIDER, key, complaint, text, amount)
    if theirs is not None and (theirs.amount != amount or theirs.state not in _ALIKE[state]):
        text = f"{key}: ours says {amount} yuan {state}, the provider's book {theirs.amount} yuan {theirs.state}"
        yield _task(TaskKind.CONTRADICTED, key, complaint, f"{text}; see `redress verify {complaint}`", amount)


_ALIKE = {
    "decided": (),
    "requested": ("pending",),
    "settled": ("settled",),
    "failed": ("declined", "failed"),
    "reversed": ("reversed", "failed"),
}
"""What the provider may say of a movement in a state of ours, once nothing is under way any more."""


def _task(kind: TaskKind, key: str, complaint: str, text: str, amount: Money) -> Task:
    return Task(key=f"{kind}:{key}", kind=kind, complaint=complaint, movement=key, amount=amount, text=text)
