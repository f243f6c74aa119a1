"""Payments: requested on record, asked of the provider by key, answered on record; once, whatever fails (R6.10)."""

from typing import Literal, NamedTuple, Protocol

import asyncpg
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.cases.record import write
from activities.execution import attempt
from activities.notifications.delivery import Tell, tell
from activities.partner_events.publishing import NOBODY, Publishing
from activities.store.movements import REFUSED, contradict, decide
from activities.store.named_queries import query
from activities.store.pool import COMMAND_SECONDS, Connection, Pool
from workflows.complaint.domain.records import Payment
from workflows.money.amount import Money
from workflows.money.movement import Movement, PaymentAnswer
from workflows.vocabulary import Purpose, Role

_State = Literal["decided", "requested", "settled", "failed", "reversed"]
_STATES: dict[str, _State] = {"settled": "settled", "pending": "requested", "refused": "failed"}
_REASON = 200


class Provider(Protocol):
    """The payment provider, as payments need it."""

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        """Pay once; unless it is the first attempt, look the key up before anything is sent."""


class Asked(NamedTuple):
    """What became of a request: written by this very attempt, so that nothing can have been sent yet; or proven."""

    fresh: bool = False
    proven: PaymentAnswer | None = None


class Payments:
    """Implements the port `pay`."""

    def __init__(self, pool: Pool, provider: Provider, *, tell: Tell = tell, partners: Publishing = NOBODY) -> None:
        self._pool, self._provider, self._tell, self._partners = pool, provider, tell, partners

    @activity.defn(name="pay")
    async def pay(self, payment: Payment) -> PaymentAnswer:
        """Return the provider's word on a movement: settled, pending, or refused with its reason.

        The steps that decided it are on record before it is asked for. What is proven already is answered from the
        record, without asking anybody.
        """
        movement = payment.movement
        with attempt(movement.key.split(":")[0]) as this:
            asked = await self._requested(payment)
            if payment.burst:
                await self._tell(payment.burst.notices)
                await self._partners.see_to_it(payment.burst.complaint)
            answer = asked.proven
            if answer is None:
                answer = await self._moved(movement, first_attempt=asked.fresh)
                answer = await self._answered(movement, answer)
            this.outcome = answer.result
            return answer

    async def _requested(self, payment: Payment) -> Asked:
        """Write the request down, with the steps that decided it; what is on record by then is left as it is."""
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
            if payment.burst:
                await write(connection, payment.burst, self._partners)
            await decide(connection, [payment.movement])
            stands = await _on_record(connection, payment.movement)
            if stands["state"] != "decided":
                return Asked(proven=_proven(stands))
            refusal = (
                await _above_the_line(connection, payment)
                or await _settled_after_all(connection, payment.movement)
                or await _request(connection, payment.movement)
            )
            if refusal is None:
                return Asked(fresh=True)
            await connection.execute(query("refuse_movement"), payment.movement.key, refusal)
            return Asked(proven=PaymentAnswer(result="refused", reason=refusal))

    async def _moved(self, movement: Movement, *, first_attempt: bool) -> PaymentAnswer:
        if movement.purpose is Purpose.WRITE_OFF:
            return PaymentAnswer(result="settled")  # the books move, no provider does (R9.5)
        return await self._provider.pay(movement, first_attempt=first_attempt)

    async def _answered(self, movement: Movement, answer: PaymentAnswer) -> PaymentAnswer:
        """Write the answer down; what was proven meanwhile (by the provider's own report) stands."""
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
            done = await connection.execute(query("answer_movement"), movement.key, *_columns(movement, answer))
            if done == "UPDATE 1":
                return answer
            stands = await _on_record(connection, movement)
            proven = _proven(stands) or answer
            if {proven.result, answer.result} == {"settled", "refused"}:
                await contradict(connection, movement.key, _STATES[answer.result], stands["state"])
            return proven


async def _on_record(connection: Connection, movement: Movement) -> asyncpg.Record:
    """Return the movement as it is on record, nobody else's until the end of the transaction."""
    row = await connection.fetchrow(query("movement"), movement.key)
    if row is None or _named(movement) != tuple(row)[1:8]:
        raise ApplicationError(
            f"{movement.key} is on record for other parties or another amount: "
            "compare the case with the record, and give a different payment a key of its own",
            type="MovementContradicts",
        )
    return row


def _proven(row: asyncpg.Record) -> PaymentAnswer | None:
    """Return what the record says of a movement once it is settled or failed."""
    state, reference = row["state"], row["provider_reference"]
    if state in {"settled", "reversed"}:
        drawn = Money(amount=row["from_deposit_minor"])
        return PaymentAnswer(result="settled", provider_reference=reference, from_deposit=drawn)
    if state == "failed":
        left = row["available_minor"]
        available = None if left is None else Money(amount=left)
        return PaymentAnswer(result="refused", provider_reference=reference, reason=row["reason"], available=available)
    return None


async def _above_the_line(connection: Connection, payment: Payment) -> str | None:
    """Say why the line can no longer give that much; nobody else takes of it until the request is written (R1.8)."""
    if payment.ceiling is None:
        return None
    given = await connection.fetchval(query("given_by_the_line"), payment.movement.key.split(":")[0])
    left = payment.ceiling - Money(amount=given or 0)
    return f"other complaints of the line leave {left} yuan (R1.8)" if left < payment.movement.amount else None


async def _settled_after_all(connection: Connection, movement: Movement) -> str | None:
    """Say which failed movement, that this one repeats, the provider has told to have settled: it would pay twice."""
    failed = await connection.fetchval(query("settled_after_all"), movement.key)
    return failed and f"the provider says that {failed} has settled after all: compare the books before paying again"


async def _request(connection: Connection, movement: Movement) -> str | None:
    """Request a movement; returns the reason where the book refuses it, so that nothing is sent."""
    try:
        async with connection.transaction():
            await connection.execute(query("request_movement"), movement.key)
    except REFUSED as wrong:
        return f"refused by the ledger: {wrong.constraint_name}: {wrong}"[:_REASON]
    return None


def _columns(movement: Movement, answer: PaymentAnswer) -> tuple[object, ...]:
    # A pending payment may still split otherwise; the database splits it by the rule if nobody says (R6.11).
    split = answer.from_deposit if answer.from_deposit or answer.result == "settled" else None
    return (
        _STATES[answer.result], answer.provider_reference, answer.reason,
        split.amount if split is not None and movement.payer.role is Role.SELLER else None,
        answer.available.amount if answer.available is not None else None,
    )  # fmt: skip


def _named(movement: Movement) -> tuple[str | int, ...]:
    return (
        movement.purpose, movement.payer.role, movement.payer.id, movement.payee.role, movement.payee.id,
        movement.amount.amount, movement.rest.amount if movement.rest else 0,
    )  # fmt: skip
