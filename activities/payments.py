"""Payments: requested on record, asked of the provider by key, answered on record; once, whatever fails (R6.10)."""

from typing import Literal, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.attempts import attempt
from activities.postgres.named import query
from activities.postgres.pool import COMMAND_SECONDS, Connection, Pool
from activities.records import write
from activities.telling import Tell, tell
from workflows.domain.money import Money
from workflows.domain.payment import Movement, PaymentAnswer
from workflows.domain.records import Payment

_State = Literal["decided", "requested", "settled", "failed", "reversed"]
_STATES: dict[str, _State] = {"settled": "settled", "pending": "requested", "refused": "failed"}


class Provider(Protocol):
    """The payment provider, as payments need it."""

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        """Pay once; unless it is the first attempt, look the key up before anything is sent."""


class Payments:
    """Implements the port `pay`."""

    def __init__(self, pool: Pool, provider: Provider, *, tell: Tell = tell) -> None:
        self._pool, self._provider, self._tell = pool, provider, tell

    @activity.defn(name="pay")
    async def pay(self, payment: Payment) -> PaymentAnswer:
        """Return the provider's word on a movement: settled, pending, or refused with its reason.

        The steps that decided it are on record before it is asked for. What is proven already is answered from the
        record, without asking anybody.
        """
        movement = payment.movement
        with attempt(movement.key.split(":")[0]) as this:
            fresh, left = await self._requested(payment)
            if payment.burst:
                await self._tell(payment.burst.notices)
            if left is not None:
                this.outcome = "above the line"
                return _above_the_line(left)
            answer = None if fresh else await self._proven(movement)
            if answer is None:
                answer = await self._provider.pay(movement, first_attempt=fresh)
                answer = await self._answered(movement, answer)
            this.outcome = answer.result
            return answer

    async def _requested(self, payment: Payment) -> tuple[bool, Money | None]:
        """Write the request down; return whether this very attempt did, so that nothing can have been sent yet.

        Where other complaints of the line have left too little, nothing is written, and what is left is returned.
        """
        movement = payment.movement
        async with self._pool.acquire(timeout=COMMAND_SECONDS) as connection, connection.transaction():
            if payment.burst:
                await write(connection, payment.burst)
            left = await _left(connection, payment)
            if left is not None and left < movement.amount:
                return False, left
            done = await connection.execute(
                query("request_movement"), movement.key, movement.purpose, movement.payer.role, movement.payer.id,
                movement.payee.role, movement.payee.id, movement.amount.amount, movement.rule,
                movement.ordered_by.role, movement.ordered_by.id, movement.remark,
            )  # fmt: skip
        return bool(done == "INSERT 0 1"), None

    async def _proven(self, movement: Movement) -> PaymentAnswer | None:
        """Return what the record says of a movement once it is settled or failed."""
        row = await self._pool.fetchrow(query("movement"), movement.key)
        if row is None or _named(movement) != tuple(row)[1:7]:
            raise ApplicationError(
                f"{movement.key} is on record for other parties or another amount: "
                "compare the case with the record, and give a different payment a key of its own",
                type="MovementContradicts",
            )
        state, reference, reason = row["state"], row["provider_reference"], row["reason"]
        if state in {"settled", "reversed"}:
            return PaymentAnswer(result="settled", provider_reference=reference)
        if state == "failed":
            return PaymentAnswer(result="refused", provider_reference=reference, reason=reason)
        return None

    async def _answered(self, movement: Movement, answer: PaymentAnswer) -> PaymentAnswer:
        """Write the answer down; what was proven meanwhile (by the provider's own report) stands."""
        done = await self._pool.execute(
            query("answer_movement"), movement.key, _STATES[answer.result], answer.provider_reference, answer.reason
        )
        return answer if done == "UPDATE 1" else await self._proven(movement) or answer


async def _left(connection: Connection, payment: Payment) -> Money | None:
    """Return what the line can still give, under its lock; None for what is no refund or is on record (R1.8)."""
    key = payment.movement.key
    if payment.ceiling is None or await connection.fetchrow(query("movement"), key):
        return None
    complaint = key.split(":")[0]
    await connection.execute(query("lock_line"), complaint)
    return payment.ceiling - Money(amount=await connection.fetchval(query("refunded_besides"), complaint, key))


def _above_the_line(left: Money) -> PaymentAnswer:
    return PaymentAnswer(result="refused", reason=f"other complaints of the line leave {left} yuan (R1.8)")


def _named(movement: Movement) -> tuple[str | int, ...]:
    return (
        movement.purpose, movement.payer.role, movement.payer.id, movement.payee.role, movement.payee.id,
        movement.amount.amount,
    )  # fmt: skip
