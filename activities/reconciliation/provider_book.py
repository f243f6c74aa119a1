"""Compare the provider's book with our ledger, in both directions (R6.10)."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Literal, Protocol

import asyncpg
from temporalio import activity

from activities.execution import attempt
from activities.reconciliation.tasks import TaskRegister
from activities.store.named_queries import query
from activities.store.pool import Pool
from workflows.money.amount import Money
from workflows.policy.rulebook import Rulebook
from workflows.upkeep.tasks import Look, Looked, Task, TaskKind
from workflows.values import Instant

PAGE_SIZE = 100
"""Movements per page, at one call to the provider per complaint."""

WINDOW = timedelta(days=1)
"""Time span of the provider's book per page."""

GRACE = timedelta(minutes=15)
"""Movements changed so recently are left to the next sweep: they may still be in flight."""

OVERLAP = timedelta(hours=1)
"""Overlap of consecutive sweeps, for clock skew."""

_THEIRS, _OURS, _NAMED = "theirs ", "ours ", "named "


class BookEntry(Protocol):
    """One entry of the provider's book."""

    @property
    def key(self) -> str:
        """The idempotency key; ours, if the payment is ours."""

    @property
    def amount(self) -> Money:
        """The amount."""

    @property
    def state(self) -> Literal["settled", "pending", "declined", "failed", "reversed"]:
        """Its state."""

    @property
    def changed(self) -> datetime:
        """When its state last changed."""


class ProviderBook(Protocol):
    """Port to the provider's book."""

    def entries(
        self, complaint: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[BookEntry]:
        """Yield the entries of one complaint, or those changed in a time span."""


class ProviderBookComparison:
    """Implements the port `compare_with_provider`; does nothing for a provider without a readable book."""

    def __init__(
        self, pool: Pool, rulebook: Rulebook, book: ProviderBook | None, *, under_way: timedelta = GRACE
    ) -> None:
        self._pool, self._tasks, self._book, self._under_way = pool, TaskRegister(pool, rulebook), book, under_way

    @activity.defn(name="compare_with_provider")
    async def compare_with_provider(self, look: Look) -> Looked:
        """Raise a task per difference; pages go through their book, then ours, then the open tasks."""
        with attempt("sweep") as this:
            tasks, after = await self._page(self._book, look) if self._book else ([], None)
            this.outcome = f"{len(tasks)} tasks"
            return Looked(tasks=await self._tasks.raise_all(tasks, look.sweep_at), after=after)

    async def _page(self, book: ProviderBook, look: Look) -> tuple[list[Task], str | None]:
        if look.after.startswith(_NAMED):
            return await self._recheck_open(book, look, look.after.removeprefix(_NAMED))
        if look.after.startswith(_OURS):
            return await self._compare_ours(book, look, look.after.removeprefix(_OURS))
        begun = look.after.removeprefix(_THEIRS)
        since = datetime.fromisoformat(begun) if begun else await self._since(look)
        return await self._compare_theirs(book, look, since)

    async def _compare_theirs(self, book: ProviderBook, look: Look, since: Instant) -> tuple[list[Task], str]:
        until = min(since + WINDOW, look.sweep_at)
        theirs = [entry async for entry in book.entries(since=since, until=until)]
        ours = await self._ours([entry.key for entry in theirs])
        tasks = [task for one in theirs for task in differences(one.key, ours.get(one.key), one, self._moved_by(look))]
        return tasks, _OURS if until == look.sweep_at else f"{_THEIRS}{until.isoformat()}"

    async def _compare_ours(self, book: ProviderBook, look: Look, after: str) -> tuple[list[Task], str]:
        rows = await self._pool.fetch(query("movements_moved"), await self._since(look), after, PAGE_SIZE)
        tasks = await self._look_up_theirs(book, look, [row["key"] for row in rows])
        return tasks, f"{_OURS}{rows[-1]['key']}" if len(rows) == PAGE_SIZE else _NAMED

    async def _recheck_open(self, book: ProviderBook, look: Look, after: str) -> tuple[list[Task], str | None]:
        """Recheck movements of open tasks, so that tasks are closed once the difference is gone."""
        keys = [row["movement"] for row in await self._pool.fetch(query("compared_tasks"), after, PAGE_SIZE)]
        return await self._look_up_theirs(book, look, keys), f"{_NAMED}{keys[-1]}" if len(keys) == PAGE_SIZE else None

    async def _look_up_theirs(self, book: ProviderBook, look: Look, keys: list[str]) -> list[Task]:
        ours, by = await self._ours(keys), self._moved_by(look)
        theirs: dict[str, BookEntry] = {}
        for complaint in dict.fromkeys(map(_complaint, keys)):
            theirs |= {entry.key: entry async for entry in book.entries(complaint=complaint)}
        return [task for key in keys for task in differences(key, ours.get(key), theirs.get(key), by)]

    async def _ours(self, keys: list[str]) -> dict[str, asyncpg.Record]:
        return {row["key"]: row for row in await self._pool.fetch(query("movements_named"), keys)}

    async def _since(self, look: Look) -> Instant:
        """Return the start of the previous sweep, or of this one if it is the first, less OVERLAP."""
        before = await self._pool.fetchval(query("sweep_before"), look.sweep_at)
        return (before or look.sweep_at) - OVERLAP

    def _moved_by(self, look: Look) -> Instant:
        return look.sweep_at - self._under_way


def _complaint(key: str) -> str:
    return key.split(":", maxsplit=1)[0]


def differences(key: str, ours: asyncpg.Record | None, theirs: BookEntry | None, by: Instant) -> Iterator[Task]:
    """Yield a task for a difference between the books, unless the movement changed after `by`."""
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
"""Provider states that agree with each of ours, once nothing is in flight."""


def _task(kind: TaskKind, key: str, complaint: str, text: str, amount: Money) -> Task:
    return Task(key=f"{kind}:{key}", kind=kind, complaint=complaint, movement=key, amount=amount, text=text)
