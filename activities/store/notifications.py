"""The app's outbox, how each notice fared on each channel, and what recipients wish: the books of the notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

import structlog
from pydantic import ValidationError

from activities.notifications.channels import ChannelName, Delivery
from activities.notifications.preferences import Preferences
from activities.store.named_queries import query
from activities.store.pool import COMMAND_SECONDS, Pool
from workflows.complaint.domain.filing import Contact
from workflows.parties import Party
from workflows.values import Value

V = TypeVar("V", bound=Value)

_log = structlog.stdlib.get_logger("redress.notices")

State = Literal["sending", "deferred", "sent", "failed", "unknown"]


class DeliveryAttempt(NamedTuple):
    """How a notice fared on one channel so far."""

    state: State
    tries: int


class Told(NamedTuple):
    """One notice in somebody's outbox."""

    number: int
    key: str
    complaint: str
    event: str
    locale: str
    subject: str
    text: str
    at: datetime
    read_at: datetime | None


class Outbox:
    """Keeps them in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def put(self, letter: Delivery) -> None:
        """Put a letter where its recipient finds it; the same key again changes nothing, nor what was read."""
        await self._pool.execute(
            query("put_into_outbox"), letter.key, str(letter.to), letter.complaint, letter.event, letter.locale,
            letter.subject, letter.text, timeout=COMMAND_SECONDS,
        )  # fmt: skip

    async def of(
        self, to: Party, *, most: int = 50, before: int | None = None, unread: bool = False
    ) -> tuple[Told, ...]:
        """Return what somebody was told, newest first; `before` is the number of the last one on the page before."""
        rows = await self._pool.fetch(query("outbox_of"), str(to), before, unread, most)
        return tuple(Told(*row) for row in rows)

    async def unread(self, to: Party) -> int:
        """Return how many of somebody's notices are unread."""
        return int(await self._pool.fetchval(query("unread_of"), str(to)))

    async def read(self, to: Party, keys: Sequence[str]) -> int:
        """Mark notices as read at this moment; a mark that is there stays. Returns how many were marked now."""
        done = await self._pool.execute(query("mark_read"), str(to), list(keys))
        return int(done.split()[-1])


class Deliveries:
    """Remembers each sending before it is made, and what became of it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, key: str) -> dict[str, DeliveryAttempt]:
        """Return how a notice fared so far, by channel."""
        rows = await self._pool.fetch(query("deliveries_of"), key)
        return {row["channel"]: DeliveryAttempt(row["state"], row["tries"]) for row in rows}

    async def claim(self, key: str, channel: ChannelName, *, repeatable: bool) -> int | None:
        """Write down that a channel is tried now, and return the number of this try.

        None: somebody else tries it at this moment or died while trying, or it is over there. A claim is never given
        twice, unless the try before is proven not to have arrived, or the channel knows a repetition.
        """
        tries: int | None = await self._pool.fetchval(query("claim_delivery"), key, channel, repeatable)
        return tries

    async def sent(self, key: str, channel: ChannelName) -> None:
        """Write down that a notice arrived, on a channel that needs no claim since it knows a repetition."""
        await self._pool.execute(query("sent_at_once"), key, channel)

    async def fared(self, key: str, channel: ChannelName, state: State, why: str | None = None) -> None:
        """Write down what became of it; what was sent stays sent."""
        await self._pool.execute(query("fared"), key, channel, state, why)

    async def in_trouble(self) -> dict[str, int]:
        """Return how many notices a channel failed to bring, or nobody knows, within the last day."""
        rows = await self._pool.fetch(query("deliveries_in_trouble"))
        return {row["channel"]: row["count"] for row in rows}


class PreferenceStore:
    """What recipients wish."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, to: Party, complaint: str) -> tuple[Preferences, Contact]:
        """Return somebody's wishes, and the contact that the filing of a complaint names."""
        row = await self._pool.fetchrow(query("wishes_of"), str(to), complaint)
        assert row is not None, "a join with one row has one row"  # noqa: S101 - law of SQL
        return _read(Preferences, row["wishes"]), _read(Contact, row["contact"])

    async def keep(self, to: Party, wishes: Preferences) -> None:
        """Keep somebody's wishes in place of those from before."""
        await self._pool.execute(query("keep_wishes"), str(to), wishes.model_dump_json())


def _read(model: type[V], text: str | None) -> V:
    """Return what is on record; what an older release wrote and this one cannot read counts as nothing said.

    Its error is not raised, since it would quote an address where everybody can see it.
    """
    try:
        return model() if text is None else model.model_validate_json(text)
    except ValidationError:
        _log.warning("unreadable_on_record", what=model.__name__)
        return model()
