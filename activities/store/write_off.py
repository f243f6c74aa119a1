"""Debts given up after their complaint has ended: in the book, and in the timeline as one more step (R9.5)."""

from collections.abc import Callable
from datetime import datetime

import asyncpg

from activities.store.case_files import step_of
from activities.store.late_messages import append_late, ended_at_step
from activities.store.movements import decide
from activities.store.named_queries import query
from activities.store.pool import COMMAND_SECONDS, Connection, Pool
from workflows.answers import NotHeard
from workflows.complaint.domain.advance import Debt
from workflows.complaint.domain.events import Heard
from workflows.complaint.domain.messages import DebtWrittenOff
from workflows.complaint.domain.parts import FUND, PLATFORM
from workflows.complaint.domain.timeline import Step
from workflows.money.amount import Money
from workflows.money.movement import LineRef, Movement
from workflows.parties import Party
from workflows.vocabulary import MoneyState, Phase, Purpose, Role

Against = Callable[[Debt], NotHeard | None]
"""Says what stands against writing a debt off, None if nothing does."""

WRITTEN_OFF = "debt_written_off"


def debt_in(row: asyncpg.Record) -> Debt:
    """Return a row of the query `debts` as the debt it is."""
    return Debt(
        complaint=row["complaint"],
        advance=row["advance"],
        seller=Party(role=Role.SELLER, id=row["seller_id"]),
        amount=Money(amount=row["owed_minor"]),
        since=row["since"],
        tried_at=row["tried_at"] or row["since"],
        tries=row["tries"],
        line=LineRef(order_id=row["order_id"], line=row["line"]),
    )


async def write_off(
    pool: Pool, complaint: str, message: DebtWrittenOff, at: datetime, against: Against
) -> Step | NotHeard | None:
    """Write the debt of an ended complaint off and return its step; None where it has no debt.

    The same `message_id` again gives the step it had. Raises NotClosed while the complaint is open on record.
    """
    async with pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
        steps = await ended_at_step(connection, complaint)
        known = await connection.fetchrow(query("step_of_message"), complaint, message.message_id)
        if known is not None and known["event"] == WRITTEN_OFF:
            return step_of(known)
        row = await connection.fetchrow(query("debts"), "", 1, complaint)
        if known is not None or row is None or row["under_way"] is not None:
            return None
        debt = debt_in(row)
        if refused := against(debt):
            return refused
        step = _step(message, debt, steps + 1, at)
        await append_late(connection, complaint, message, step)
        await _book(connection, debt, message)
        return step


async def _book(connection: Connection, debt: Debt, message: DebtWrittenOff) -> None:
    number = await connection.fetchval(query("next_of_purpose"), debt.complaint, Purpose.WRITE_OFF)
    movement = Movement(
        key=f"{debt.complaint}:{Purpose.WRITE_OFF}:{number}",
        purpose=Purpose.WRITE_OFF,
        payer=PLATFORM,
        payee=FUND,
        amount=debt.amount,
        state=MoneyState.DECIDED,
        rule="R9.5",
        ordered_by=message.sender,
        remark=message.reason[:200],
    )
    await decide(connection, [movement])
    # No provider is asked: what is owed becomes the platform's loss, in the books alone.
    await connection.execute(query("request_movement"), movement.key)
    await connection.execute(query("answer_movement"), movement.key, MoneyState.SETTLED, None, None, None, None)


def _step(message: DebtWrittenOff, debt: Debt, number: int, at: datetime) -> Step:
    return Step(
        number=number,
        at=at,
        actor=message.sender.id,
        role=message.sender.role,
        event=WRITTEN_OFF,
        phase=Phase.CLOSED,
        rule="R9.5",
        amount=debt.amount,
        message_id=message.message_id,
        audience=message.catalogue.audience,
        said=message.but(received_at=None),
        facts=Heard(event=WRITTEN_OFF, handler=None),
    )
