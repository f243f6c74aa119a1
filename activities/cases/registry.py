"""Register a filing: order facts, assignment of a handler, pinned rulebook; once per complaint (R1, R2.5)."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from temporalio import activity

from activities.execution import attempt
from activities.notifications.delivery import StartNotices, start_notices
from activities.partner_events.publishing import NO_PUBLISHER, EventPublisher
from activities.store.named_queries import query
from activities.store.openings import insert, stored
from activities.store.pool import COMMAND_SECONDS, Connection, Pool
from activities.store.rulebooks import documents, keep
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.filing import OrderLine
from workflows.complaint.domain.records import Facts, Notice, Registration
from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import View
from workflows.money.amount import Money
from workflows.policy.rulebook import Rulebook

OpenCase = Callable[[Registration, Facts, Rulebook], Case]
ViewOf = Callable[[Case], View]
NoticesOf = Callable[[Case, Iterable[Step]], tuple[Notice, ...]]
"""Notices that follow from those steps of the case."""

_LOCK_NAME = "registration"
"""Advisory lock: registrations run one at a time, since assignment and duplicate checks depend on the previous one."""


class Orders(Protocol):
    """Port to the order system."""

    async def line(self, order_id: str, line: int) -> OrderLine | None:
        """Return the facts of one order line, None if there is no such line."""


class CaseRegistry:
    """Implements the port `register`. Rules are injected by the composition root: activities import none."""

    def __init__(
        self,
        pool: Pool,
        orders: Orders,
        rulebook: Rulebook,
        *,
        open_case: OpenCase,
        view_of: ViewOf,
        notices_of: NoticesOf,
        start_notices: StartNotices = start_notices,
        partners: EventPublisher = NO_PUBLISHER,
    ) -> None:
        self._pool, self._orders, self._rulebook = pool, orders, rulebook
        self._documents = documents(rulebook)
        self._lock = asyncio.Lock()  # wait here rather than with a database connection
        self._open_case, self._view_of, self._notices_of = open_case, view_of, notices_of
        self._start_notices, self._partners = start_notices, partners

    @activity.defn(name="register")
    async def register(self, registration: Registration) -> Case:
        """Return the case as opened; idempotent, whatever was registered since (R1.2)."""
        with attempt(registration.complaint) as this:
            case = await self._stored(registration.complaint)
            if case is None:
                filing = registration.filing
                order = await self._orders.line(filing.order_id, filing.line)
                case = await self._open(registration, order)
            else:
                this.outcome = "known"
            await self._start_notices(self._notices_of(case, case.timeline))
            await self._partners.start_pending(case.complaint)
            return case

    async def _stored(self, complaint: str) -> Case | None:
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection:
            return await stored(connection, complaint)

    async def _open(self, registration: Registration, order: OrderLine | None) -> Case:
        async with self._lock, self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
            await connection.execute(query("lock"), _LOCK_NAME)
            known = await stored(connection, registration.complaint)
            if known is not None:
                return known
            await keep(connection, self._documents)
            facts = await self._facts(connection, registration, order)
            case = self._open_case(registration, facts, self._rulebook)
            await insert(connection, case, self._view_of(case), facts.filed_as)
            await self._partners.write(connection, case.complaint, case.timeline)
            return case

    async def _facts(self, connection: Connection, registration: Registration, order: OrderLine | None) -> Facts:
        filing, within = registration.filing, self._rulebook.policy.good_standing_within.elapsed
        buyer = order.buyer_id if order else filing.filed_by.id
        found = await connection.fetchrow(
            query("facts"), filing.request_id, filing.order_id, filing.line, filing.problem, buyer, registration.at,
            within,
        )  # fmt: skip
        assert found is not None, "a query without FROM has one row"  # noqa: S101 - law of SQL
        staff = [member.id for member in self._rulebook.staff.members]
        hands = await connection.fetch(query("hands"), staff)
        return Facts(
            order=order,
            filed_as=found["filed_as"],
            open_complaint=found["open_complaint"],
            decided_elsewhere=Money(amount=found["decided"]),
            unfounded=found["unfounded"],
            load={row["handler"]: row["load"] for row in hands if row["load"]},
            last_assigned={row["handler"]: row["last_assigned"] for row in hands if row["last_assigned"]},
        )
