"""Pay one movement exactly once: request on record, provider called with its key, answer on record (R6.10)."""

from typing import Literal, NamedTuple, Protocol

import asyncpg
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.cases.record import write
from activities.execution import attempt
from activities.notifications.delivery import StartNotices, start_notices
from activities.partner_events.publishing import NO_PUBLISHER, EventPublisher
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
    """Port to the payment provider."""

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        """Pay once per key; unless it is the first attempt, look the key up before sending."""


class RequestState(NamedTuple):
    """State of a request: written by this attempt (`is_new`: nothing can have been sent yet), or answered already."""

    is_new: bool = False
    answer: PaymentAnswer | None = None


class Payments:
    """Implements the port `pay`."""

    def __init__(
        self,
        pool: Pool,
        provider: Provider,
        *,
        start_notices: StartNotices = start_notices,
        partners: EventPublisher = NO_PUBLISHER,
    ) -> None:
        self._pool, self._provider, self._start_notices, self._partners = pool, provider, start_notices, partners

    @activity.defn(name="pay")
    async def pay(self, payment: Payment) -> PaymentAnswer:
        """Return the provider's answer to a movement: settled, pending, or refused with a reason.

        The steps that decided it are recorded before the provider is called. A settled or failed movement is answered
        from the record, without a call.
        """
        movement = payment.movement
        with attempt(movement.key.split(":")[0]) as this:
            request = await self._record_request(payment)
            if payment.burst:
                await self._start_notices(payment.burst.notices)
                await self._partners.start_pending(payment.burst.complaint)
            answer = request.answer
            if answer is None:
                answer = await self._call_provider(movement, first_attempt=request.is_new)
                answer = await self._record_answer(movement, answer)
            this.outcome = answer.result
            return answer

    async def _record_request(self, payment: Payment) -> RequestState:
        """Record the request and the steps that decided it, in one transaction; leaves an existing request."""
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
            if payment.burst:
                await write(connection, payment.burst, self._partners)
            await decide(connection, [payment.movement])
            row = await _on_record(connection, payment.movement)
            if row["state"] != "decided":
                return RequestState(answer=_proven_answer(row))
            refusal = (
                await _line_exceeded(connection, payment)
                or await _settled_after_all(connection, payment.movement)
                or await _request(connection, payment.movement)
            )
            if refusal is None:
                return RequestState(is_new=True)
            await connection.execute(query("refuse_movement"), payment.movement.key, refusal)
            return RequestState(answer=PaymentAnswer(result="refused", reason=refusal))

    async def _call_provider(self, movement: Movement, *, first_attempt: bool) -> PaymentAnswer:
        if movement.purpose is Purpose.WRITE_OFF:
            return PaymentAnswer(result="settled")  # ledger only, no provider (R9.5)
        return await self._provider.pay(movement, first_attempt=first_attempt)

    async def _record_answer(self, movement: Movement, answer: PaymentAnswer) -> PaymentAnswer:
        """Record the answer, unless a report of the provider has settled or failed the movement meanwhile."""
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
            done = await connection.execute(query("answer_movement"), movement.key, *_columns(movement, answer))
            if done == "UPDATE 1":
                return answer
            row = await _on_record(connection, movement)
            proven = _proven_answer(row) or answer
            if {proven.result, answer.result} == {"settled", "refused"}:
                await contradict(connection, movement.key, _STATES[answer.result], row["state"])
            return proven


async def _on_record(connection: Connection, movement: Movement) -> asyncpg.Record:
    """Return the movement's row, locked until the end of the transaction."""
    row = await connection.fetchrow(query("movement"), movement.key)
    if row is None or _identity(movement) != tuple(row)[1:8]:
        raise ApplicationError(
            f"{movement.key} is on record for other parties or another amount: "
            "compare the case with the record, and give a different payment a key of its own",
            type="MovementContradicts",
        )
    return row


def _proven_answer(row: asyncpg.Record) -> PaymentAnswer | None:
    """Return the recorded answer of a movement that is settled or failed, else None."""
    state, reference = row["state"], row["provider_reference"]
    if state in {"settled", "reversed"}:
        drawn = Money(amount=row["from_deposit_minor"])
        return PaymentAnswer(result="settled", provider_reference=reference, from_deposit=drawn)
    if state == "failed":
        left = row["available_minor"]
        available = None if left is None else Money(amount=left)
        return PaymentAnswer(result="refused", provider_reference=reference, reason=row["reason"], available=available)
    return None


async def _line_exceeded(connection: Connection, payment: Payment) -> str | None:
    """Return why the line's ceiling is exceeded, None if it is not; the line stays locked until the request (R1.8)."""
    if payment.ceiling is None:
        return None
    given = await connection.fetchval(query("given_by_the_line"), payment.movement.key.split(":")[0])
    left = payment.ceiling - Money(amount=given or 0)
    return f"other complaints of the line leave {left} yuan (R1.8)" if left < payment.movement.amount else None


async def _settled_after_all(connection: Connection, movement: Movement) -> str | None:
    """Return why a retry would pay twice: the provider has reported the failed movement as settled after all."""
    failed = await connection.fetchval(query("settled_after_all"), movement.key)
    return failed and f"the provider says that {failed} has settled after all: compare the books before paying again"


async def _request(connection: Connection, movement: Movement) -> str | None:
    """Mark a movement as requested; returns the reason if the ledger refuses it: then nothing is sent."""
    try:
        async with connection.transaction():
            await connection.execute(query("request_movement"), movement.key)
    except REFUSED as wrong:
        return f"refused by the ledger: {wrong.constraint_name}: {wrong}"[:_REASON]
    return None


def _columns(movement: Movement, answer: PaymentAnswer) -> tuple[object, ...]:
    # The split of a pending payment is not final; without one the database applies the rule (R6.11).
    split = answer.from_deposit if answer.from_deposit or answer.result == "settled" else None
    return (
        _STATES[answer.result], answer.provider_reference, answer.reason,
        split.amount if split is not None and movement.payer.role is Role.SELLER else None,
        answer.available.amount if answer.available is not None else None,
    )  # fmt: skip


def _identity(movement: Movement) -> tuple[str | int, ...]:
    return (
        movement.purpose, movement.payer.role, movement.payer.id, movement.payee.role, movement.payee.id,
        movement.amount.amount, movement.rest.amount if movement.rest else 0,
    )  # fmt: skip
