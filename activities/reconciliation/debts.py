"""Recover debts to the fund that outlived their complaint: retried, later offered for write-off (R9.5)."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import asyncpg
from temporalio import activity

from activities.execution import attempt
from activities.payments.pay import Payments
from activities.reconciliation.tasks import TaskRegister
from activities.store.named_queries import query
from activities.store.pool import Pool
from activities.store.write_off import debt_in
from workflows.complaint.domain.advance import Debt
from workflows.complaint.domain.records import Payment
from workflows.money.amount import Money
from workflows.money.movement import LineRef, Movement
from workflows.parties import Party
from workflows.policy.model import Policy
from workflows.policy.rulebook import Rulebook
from workflows.upkeep.tasks import Look, Looked, Task, TaskKind
from workflows.values import Instant

PAGE_SIZE = 50
"""Debts per page, at two payments each at most."""


class CoverLookup(Protocol):
    """Port: what the provider knows of a seller's money."""

    async def cover(self, seller: Party, line: LineRef) -> Money | None:
        """Return what held money and deposit could pay now; None if unknown."""


class DebtRules(NamedTuple):
    """The rules on debts, injected by the composition root (R9.5)."""

    next_try: Callable[[Debt, Policy], Instant]
    next_recovery: Callable[[Debt], Movement]
    may_be_written_off_from: Callable[[Debt, Policy], Instant]


class DebtRecovery:
    """Implements the port `see_to_debts`."""

    def __init__(
        self, pool: Pool, rulebook: Rulebook, payments: Payments, cover: CoverLookup | None, rules: DebtRules
    ) -> None:
        self._pool, self._policy, self._tasks = pool, rulebook.policy, TaskRegister(pool, rulebook)
        self._payments, self._cover, self._rules = payments, cover, rules

    @activity.defn(name="see_to_debts")
    async def see_to_debts(self, look: Look) -> Looked:
        """Retry debts that are due or covered by new money; raise a task for each that may be written off."""
        with attempt("sweep") as this:
            rows = await self._pool.fetch(query("debts"), look.after, PAGE_SIZE, None)
            left = [debt for debt in [await self._process(row, look.sweep_at) for row in rows] if debt.amount]
            tasks = await self._tasks.raise_all(
                filter(None, (self._write_off_task(one, look) for one in left)), look.sweep_at
            )
            this.outcome = f"{len(left)} debts stand, {tasks} may be written off"
            return Looked(tasks=tasks, after=rows[-1]["complaint"] if len(rows) == PAGE_SIZE else None)

    async def _process(self, row: asyncpg.Record, at: Instant) -> Debt:
        debt = debt_in(row)
        if row["under_way"] is None:
            return await self._try_recovery(debt, at)
        # Requested by an interrupted sweep: the same movement is requested again, and looked up first.
        movement = self._rules.next_recovery(debt).but(
            key=row["under_way"], amount=Money(amount=row["under_way_minor"])
        )
        await self._payments.pay(Payment(movement=movement))
        return debt

    async def _try_recovery(self, debt: Debt, at: Instant) -> Debt:
        """Try to recover a debt that is due or partly covered; returns what is left of it."""
        cover = await self._cover.cover(debt.seller, debt.line) if self._cover and debt.line else None
        if not cover and at < self._rules.next_try(debt, self._policy):
            return debt
        movement = self._rules.next_recovery(debt)
        if cover and cover < debt.amount:
            movement = movement.but(amount=cover)
        answer = await self._payments.pay(Payment(movement=movement))
        if answer.result != "refused":
            return debt.but(amount=debt.amount - movement.amount, tries=debt.tries + 1)
        return debt.but(tries=debt.tries + 1, tried_at=at)

    def _write_off_task(self, debt: Debt, look: Look) -> Task | None:
        since = self._rules.may_be_written_off_from(debt, self._policy)
        if look.sweep_at < since:
            return None
        text = (
            f"{debt.seller} owes the fund {debt.amount} yuan since {debt.since:%Y-%m-%d}, tried {debt.tries} times: "
            f"`redress tell {debt.complaint} debt_written_off --set movement={debt.advance} --set reason=…` gives it up"
        )
        return Task(
            key=f"{TaskKind.DEBT}:{debt.advance}", kind=TaskKind.DEBT, complaint=debt.complaint, movement=debt.advance,
            amount=debt.amount, text=text,
        )  # fmt: skip
