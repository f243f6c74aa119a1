"""The ids of signed requests, each accepted once; and whose a complaint is."""

from datetime import timedelta
from typing import Literal, NamedTuple

from activities.store.named_queries import query
from activities.store.pool import Pool
from workflows.parties import Party
from workflows.vocabulary import PARTIES, Role


class Requests:
    """Used ids. Raises OSError or asyncpg errors when the database cannot be reached."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def use(self, client: str, request: str) -> bool:
        """Use an id up; says False when it was used before."""
        return await self._pool.fetchval(query("use_request"), client, request) is not None

    async def keep(self, client: str, request: str, digest: str) -> Literal["new", "same", "other"]:
        """Keep an id for good with what it was used for; says whether it is new, or was kept for the same thing."""
        if await self._pool.fetchval(query("keep_request"), client, request, digest) is not None:
            return "new"
        return "same" if await self._pool.fetchval(query("request_kept"), client, request) == digest else "other"

    async def forget(self, older: timedelta) -> None:
        """Forget ids of reads, used longer ago than their signatures are believed."""
        await self._pool.execute(query("forget_requests"), older)


class Ownership(NamedTuple):
    """Who has to do with a complaint."""

    filed_by: Party
    buyer: str
    seller: str | None
    carriers: frozenset[str]
    refused: bool = False
    """The filing was refused: the order may be somebody else's, who has nothing to do with it (R1.3)."""

    def concerns(self, party: Party) -> bool:
        """Say whether a party of an order, or a carrier of its goods, has to do with it; all others always have."""
        if self.refused and party.role in PARTIES:
            return party == self.filed_by
        if party.role is Role.BUYER:
            return party.id == self.buyer
        if party.role is Role.SELLER:
            return party.id == self.seller
        return party.role is not Role.CARRIER or party.id in self.carriers


async def ownership(pool: Pool, complaint: str) -> Ownership | None:
    """Return who has to do with a complaint, None for one that is not on record."""
    async with pool.acquire() as connection:
        row = await connection.fetchrow(query("belonging_of"), complaint)
    if row is None:
        return None
    filed_by = Party(role=Role(row["filed_role"]), id=row["filed_id"])
    return Ownership(filed_by, row["buyer_id"], row["seller_id"], frozenset(row["carriers"]), row["refused"])
