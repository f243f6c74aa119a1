"""Movements on record: decided, requested, answered, reported. What settles one posts it: the database sees to that."""

from collections.abc import Iterator, Sequence

import asyncpg

from activities.store.case_row import as_json
from activities.store.named_queries import query
from activities.store.pool import Connection
from workflows.complaint.domain.events import PaymentFailed, PaymentReversed, PaymentSettled, Refused
from workflows.complaint.domain.messages import PaymentReported
from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import MovementView
from workflows.money.movement import Movement
from workflows.vocabulary import MoneyState
from workflows.words.sentences import sentence

REFUSED = asyncpg.IntegrityConstraintViolationError
"""What the database raises for what it refuses, whoever asks."""

_REPORTED = frozenset({MoneyState.SETTLED, MoneyState.FAILED, MoneyState.REVERSED})
_AGAINST = frozenset(
    {("settled", "failed"), ("settled", "decided"), ("failed", "settled"), ("failed", "reversed")}
    | {("reversed", "failed"), ("reversed", "decided"), ("reversed", "requested"), ("reversed", "settled")}
)
"""What was said, and what stands on record against it; a word that comes twice, or late, is none of these."""

_REASON = 200


async def decide(connection: Connection, movements: Sequence[Movement]) -> None:
    """Write down what is decided; what is on record stays as it is there."""
    if movements:
        await connection.execute(query("decide_movements"), as_json(movements))


async def follow(connection: Connection, complaint: str, money: Sequence[MovementView], steps: Sequence[Step]) -> None:
    """Let the record follow what the complaint was told of its movements, and keep what contradicts it."""
    if not money:
        return
    stand = {row["key"]: row["state"] for row in await connection.fetch(query("states_of_movements"), complaint)}
    for movement in money:
        state = stand.get(movement.key)
        if movement.state in _REPORTED and state not in (None, movement.state):
            reason = _reason(movement.key, steps)
            for way in _ways(stand[movement.key], movement.state):
                await _report(
                    connection, complaint, movement.key, way, movement.provider_reference, reason, after_all=True
                )
    for step in steps:
        for key, said, state in _contradictions(step):
            await _keep(connection, complaint, key, said, state, sentence(step) or step.event)


def _contradictions(step: Step) -> Iterator[tuple[str, str, str]]:
    """Yield what the provider said against what stands on record: movement, said, state."""
    match step.facts:
        case PaymentSettled(corrected=True, movement=key):
            yield key, "settled", "failed"
        case PaymentReversed(corrected=True, movement=key):
            yield key, "failed", "settled"
        case Refused(stands=str(state)) if isinstance(step.said, PaymentReported):
            yield step.said.movement, step.said.result, state


def _ways(state: str, said: MoneyState) -> tuple[MoneyState, ...]:
    """Return what the record has yet to follow: between two records a complaint may hear several words."""
    if said is MoneyState.REVERSED and state in {"requested", "failed"}:
        return (MoneyState.SETTLED, said)
    return (said,)


async def hear_late(connection: Connection, complaint: str, message: PaymentReported) -> None:
    """Let the book follow a provider's word that came after the end; the complaint stays as it ended (R10.4)."""
    reference, reason = message.provider_reference, message.reason
    await _report(connection, complaint, message.movement, message.result, reference, reason)


async def contradict(connection: Connection, key: str, said: str, state: str) -> None:
    """Keep an answer of the provider that is not what was proven before it came."""
    await _keep(connection, key.split(":", maxsplit=1)[0], key, said, state, f"the provider answered {said}")


async def _report(
    connection: Connection,
    complaint: str,
    key: str,
    said: str,
    reference: str | None,
    reason: str | None,
    *,
    after_all: bool = False,
) -> None:
    """Let the book follow a word; what failed settles only where the complaint took it so."""
    reason = reason[:_REASON] if reason else None
    # Whose movement it is stands in its key: a word to one complaint moves no money of another.
    theirs = key.partition(":")[0] == complaint
    stands = await connection.fetchrow(query("movement"), key) if theirs else None
    if stands is None:
        await _keep(connection, complaint, key, said, "unknown", "no movement of this complaint has that key")
        return
    try:
        async with connection.transaction():
            done = await connection.execute(query("report_movement"), key, said, reference, reason, after_all)
    except REFUSED as wrong:  # what the book cannot follow must not hold up the record
        await contradict_because(connection, key, said, stands["state"], str(wrong))
        return
    if done == "UPDATE 0":
        await _keep(connection, complaint, key, said, stands["state"], reason or f"reported as {said}")


async def contradict_because(connection: Connection, key: str, said: str, state: str, why: str) -> None:
    """Keep a provider's word that the book refuses, with what refused it."""
    await connection.execute(query("keep_contradiction"), key.split(":", maxsplit=1)[0], key, said, state, why)


async def _keep(connection: Connection, complaint: str, key: str, said: str, state: str, text: str) -> None:
    if (said, state) in _AGAINST or state == "unknown":
        await connection.execute(query("keep_contradiction"), complaint, key, said, state, text)


def _reason(key: str, steps: Sequence[Step]) -> str | None:
    """Return the provider's own reason why a movement failed."""
    failed = (step.facts for step in steps if isinstance(step.facts, PaymentFailed))
    return next((facts.said for facts in failed if facts.movement == key and facts.said), None)
