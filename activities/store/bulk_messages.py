"""What was told to many complaints at once, and why: on record before the first of them hears it."""

import json
from collections.abc import Mapping, Sequence

from activities.store.named_queries import query
from activities.store.pool import Pool
from workflows.complaint.domain.messages import Message
from workflows.values import Value


class BroadcastReason(Value):
    """A message that many complaints were told."""

    message_id: str
    kind: str
    sender_role: str
    sender_id: str
    reason: str


async def keep_told_to_many(
    pool: Pool, message: Message, reason: str, chosen_by: Mapping[str, object], complaints: int
) -> None:
    """Keep why so many complaints are told something; once for each choice, however often it is said."""
    said = message.model_dump_json(by_alias=True, exclude_none=True)
    who = message.sender
    await pool.execute(
        query("keep_told_to_many"), message.message_id, message.kind, who.role, who.id, said, reason,
        json.dumps(chosen_by), complaints,
    )  # fmt: skip


async def told_to_many(pool: Pool, message_ids: Sequence[str]) -> tuple[BroadcastReason, ...]:
    """Return those of these messages that were told to many."""
    return tuple(BroadcastReason(**dict(row)) for row in await pool.fetch(query("told_to_many"), message_ids))
