"""The ledger as it is read: what was posted, what stands behind it, what the fund is exposed to (R6.10, R9.6)."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import asyncpg
from pydantic import ConfigDict, Field

from activities.store.named_queries import query
from activities.store.pool import Pool
from workflows.money.amount import Money
from workflows.money.movement import LineRef, Movement
from workflows.parties import Party
from workflows.values import Instant, Value
from workflows.vocabulary import MoneyState, Purpose


class Posting(Value):
    """What one transaction does to one account, in minor units: below zero it gives, above zero it takes."""

    account: str
    amount: int


class Entry(Value):
    """One transaction of the ledger, as finance reads it (R6.10)."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    number: int
    time: Instant
    kind: Literal["settlement", "reversal"]
    complaint: str
    movement: str
    purpose: str
    payer: str = Field(alias="from")
    payee: str = Field(alias="to")
    amount: Money
    ordered_by: str
    rule: str
    remark: str
    provider_reference: str | None
    postings: tuple[Posting, ...]


class Reached(Value):
    """A state that a movement came to: when, by whom, by which rule, under which reference (R6.10)."""

    state: MoneyState
    at: Instant
    by: str
    rule: str
    provider_reference: str | None
    reason: str | None


class Kept(Value):
    """A movement on record, with every state it came to, and how often it is posted."""

    movement: Movement
    key: str
    complaint: str
    purpose: str
    amount: Money
    state: MoneyState
    from_deposit: Money | None
    states: tuple[Reached, ...]
    posted: tuple[Literal["settlement", "reversal"], ...]

    @property
    def is_only_ours(self) -> bool:
        """Say whether no provider is asked for it: a write-off moves the books alone (R9.5)."""
        return self.movement.purpose is Purpose.WRITE_OFF


class Exposed(Value):
    """An advance that is frozen, or not recovered yet; its age in days of the complaint's own time (R9.6)."""

    seller: str
    complaint: str
    order_id: str
    line: int
    advanced: Money
    frozen: Money
    unrecovered: Money
    since: Instant
    age_days: int


class Contradiction(Value):
    """What a provider said against what was proven before (R6.10)."""

    movement: str
    said: str
    on_record: str
    text: str
    heard_at: Instant


class Ledger:
    """What is in the book. Raises OSError or asyncpg errors when the database cannot be reached."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def entries(
        self, complaint: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Entry, ...]:
        """Return the transactions in their order: of one complaint, of a time (`until` itself is not in it), or all."""
        rows = await self._pool.fetch(query("ledger_entries"), complaint, since, until)
        return tuple(_entry(row) for row in rows)

    async def movements(self, complaints: Sequence[str]) -> Mapping[str, tuple[Kept, ...]]:
        """Return every movement of these complaints, in the order in which they were decided."""
        found: dict[str, list[Kept]] = defaultdict(list)
        for row in await self._pool.fetch(query("movements_kept"), list(complaints)):
            found[row["complaint"]].append(_kept(row))
        return {complaint: tuple(kept) for complaint, kept in found.items()}

    async def exposure(self) -> tuple[Exposed, ...]:
        """Return what of the fund's money is frozen or not recovered, the oldest first (R9.6)."""
        return tuple(_exposed(row) for row in await self._pool.fetch(query("exposure")))

    async def advance(self, complaint: str) -> tuple[int, int, int] | None:
        """Return what is frozen, unfrozen and clawed back of a complaint's advances, in fen; None without one."""
        row = await self._pool.fetchrow(query("advance_of"), complaint)
        return None if row is None else (row[0], row[1], row[2])

    async def to_verify(self) -> tuple[str, ...]:
        """Return every complaint that is open or has a movement."""
        return tuple(row["complaint"] for row in await self._pool.fetch(query("complaints_to_verify")))

    async def contradictions(self, complaint: str) -> tuple[Contradiction, ...]:
        """Return what a provider said against what was proven before."""
        rows = await self._pool.fetch(query("contradictions_of"), complaint)
        return tuple(Contradiction(**dict(row)) for row in rows)

    async def faults(self, complaint: str | None = None) -> tuple[str, ...]:
        """Return where the book contradicts itself, counted anew; the guards let nothing of that happen."""
        return tuple(row["fault"] for row in await self._pool.fetch(query("ledger_faults"), complaint))


def _entry(row: asyncpg.Record) -> Entry:
    fields = dict(row)
    postings = tuple(Posting(**one) for one in json.loads(fields.pop("postings")))
    gives = [one for one in postings if one.amount < 0]
    return Entry(
        number=fields["number"],
        time=fields["at"],
        kind=fields["kind"],
        complaint=fields["complaint"],
        movement=fields["key"],
        purpose=fields["purpose"],
        payer=_named(gives),
        payee=_named(one for one in postings if one.amount > 0),
        amount=Money(amount=-sum(one.amount for one in gives)),
        ordered_by=fields["ordered_by"],
        rule=fields["rule"],
        remark=fields["remark"],
        provider_reference=fields["provider_reference"],
        postings=postings,
    )


def _named(postings: Iterable[Posting]) -> str:
    return " + ".join(one.account for one in postings)


def _kept(row: asyncpg.Record) -> Kept:
    return Kept(
        movement=_movement(row),
        key=row["key"],
        complaint=row["complaint"],
        purpose=row["purpose"],
        amount=Money(amount=row["amount_minor"]),
        state=MoneyState(row["state"]),
        from_deposit=None if row["from_deposit_minor"] is None else Money(amount=row["from_deposit_minor"]),
        states=tuple(Reached.model_validate_json(json.dumps(one)) for one in json.loads(row["states"] or "[]")),
        posted=tuple(row["posted"]),
    )


def _movement(row: asyncpg.Record) -> Movement:
    """Return the movement as the provider was asked for it."""
    payer, payee, by = (
        Party.model_validate_json(json.dumps({"role": row[f"{who}_role"], "id": row[f"{who}_id"]}))
        for who in ("payer", "payee", "ordered_by")
    )
    fields = {name: row[name] for name in ("key", "rule", "remark", "provider_reference")}
    return Movement.model_validate(
        {
            **fields,
            "purpose": row["purpose"],
            "state": row["state"],
            "payer": payer,
            "payee": payee,
            "ordered_by": by,
            "amount": Money(amount=row["amount_minor"]),
            "line": LineRef(order_id=row["order_id"], line=row["line"]) if row["line_named"] else None,
            "rest": Money(amount=row["rest_minor"]) if row["rest_minor"] else None,
        },
        strict=False,
    )


def _exposed(row: asyncpg.Record) -> Exposed:
    return Exposed(
        seller=row["seller_id"],
        complaint=row["complaint"],
        order_id=row["order_id"],
        line=row["line"],
        advanced=Money(amount=row["advanced_minor"]),
        frozen=Money(amount=row["frozen_minor"]),
        unrecovered=Money(amount=row["unrecovered_minor"]),
        since=row["since"],
        age_days=row["age_days"],
    )
