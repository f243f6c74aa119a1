"""Held money by our own books, for a provider that keeps one account for all of it (R6.11, R6.12)."""

from activities.store.named_queries import query
from activities.store.pool import Pool
from workflows.money.amount import NOTHING, Money
from workflows.money.movement import Movement


class HeldMoney:
    """What the order lines' held money can still give."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def left(self, movement: Movement) -> Money:
        """Return what is left for a movement that is on record as requested; nothing if its order is not known."""
        minor = await self._pool.fetchval(query("held_left"), movement.key)
        return NOTHING if minor is None or minor < 0 else Money(amount=minor)
