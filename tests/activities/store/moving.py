"""Money of one complaint moved by plain SQL: what the ledger is tried with."""

from dataclasses import dataclass

from activities.store.pool import Connection, Pool

FUND, PLATFORM = ("system", "fund"), ("system", "platform")
BUYER, SELLER = ("buyer", "b-1"), ("seller", "sl-1")

PARTIES = {
    "refund": (SELLER, BUYER),
    "price_difference": (SELLER, BUYER),
    "compensation": (SELLER, BUYER),
    "coupon": (SELLER, BUYER),
    "return_freight": (SELLER, BUYER),
    "advance": (FUND, BUYER),
    "unfreeze": (BUYER, BUYER),
    "claw_back": (BUYER, FUND),
    "recovery": (SELLER, FUND),
    "payout": (SELLER, SELLER),
    "restitution": (PLATFORM, SELLER),
    "write_off": (PLATFORM, FUND),
}

_DECIDE = """
INSERT INTO movements (key, complaint, purpose, payer_role, payer_id, payee_role, payee_id, amount_minor, rest_minor,
    rule, ordered_by_role, ordered_by_id, remark, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'agent', 'a-1', 'tried', 'decided')
"""


@dataclass(frozen=True)
class Moving:
    """Moves the money of one complaint."""

    on: Pool | Connection
    complaint: str

    async def decided(
        self, purpose: str, amount: int, *, number: int = 1, rest: int = 0, payer: tuple[str, str] | None = None,
        rule: str = "R6.1",
    ) -> str:  # fmt: skip
        key = f"{self.complaint}:{purpose}:{number}"
        given, taken = PARTIES[purpose]
        await self.on.execute(_DECIDE, key, self.complaint, purpose, *(payer or given), *taken, amount, rest, rule)
        return key

    async def becomes(self, key: str, *states: str, from_deposit: int | None = None) -> str:
        for state in states:
            await self.on.execute(
                "UPDATE movements SET state = $2, from_deposit_minor = coalesce($3, from_deposit_minor) WHERE key = $1",
                key, state, from_deposit if state == "settled" else None,
            )  # fmt: skip
        return key

    async def settled(
        self, purpose: str, amount: int, *, number: int = 1, rest: int = 0, payer: tuple[str, str] | None = None,
        from_deposit: int | None = None,
    ) -> str:  # fmt: skip
        key = await self.decided(purpose, amount, number=number, rest=rest, payer=payer)
        return await self.becomes(key, "requested", "settled", from_deposit=from_deposit)


async def postings(on: Pool | Connection, key: str, kind: str = "settlement") -> dict[str, int]:
    """Return what a movement has posted."""
    rows = await on.fetch(
        "SELECT account, amount_minor FROM postings JOIN transactions ON number = transaction "
        "WHERE movement = $1 AND kind = $2",
        key, kind,
    )  # fmt: skip
    return {row["account"]: row["amount_minor"] for row in rows}


async def everything(on: Pool | Connection) -> list[str]:
    """Return all that the ledger says, to be compared."""
    tables = ("movements", "movement_states", "transactions", "postings", "lines", "advances", "contradictions")
    said: list[str] = []
    for table in tables:
        rows = await on.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} t ORDER BY 1")  # noqa: S608 - our tables
        said += [f"{table} {row['row']}" for row in rows]
    return said
