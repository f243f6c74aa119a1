"""The signed list for finance: ledger entries, totals, and a digest that anybody can recompute (R6.10)."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from activities.store.ledger import Entry
from starter.client.errors import WrongUse
from workflows.values import BEIJING, Value

SHORTEST_KEY = 24
"""Characters."""


class Totals(Value):
    """Totals in minor units; all accounts together give zero."""

    transactions: int
    by_purpose: dict[str, int]
    """Settled less reversed."""
    by_accounts: dict[str, int]


class SignedList(Value):
    """Ledger entries with the SHA-256 of their canonical lines, and an HMAC if there is a key."""

    complaint: str | None
    of: str | None
    """A day in Beijing."""
    totals: Totals
    entries: tuple[Entry, ...]
    sha256: str
    hmac_sha256: str | None


def sign_entries(entries: Sequence[Entry], complaint: str | None, of: date | None, key: str | None) -> SignedList:
    """Sign a list; raises WrongUse for a key that is too short."""
    if key is not None and len(key) < SHORTEST_KEY:
        raise WrongUse(f"REDRESS_LEDGER_KEY: at least {SHORTEST_KEY} characters, or unset it for a list without HMAC")
    parse_day, totals = of.isoformat() if of else None, _totals(entries)
    text = canonical(complaint, parse_day, totals, entries)
    return SignedList(
        complaint=complaint,
        of=parse_day,
        totals=totals,
        entries=tuple(entries),
        sha256=hashlib.sha256(text).hexdigest(),
        hmac_sha256=hmac.new(key.encode(), text, hashlib.sha256).hexdigest() if key else None,
    )


def canonical(complaint: str | None, of: str | None, totals: Totals, entries: Sequence[Entry]) -> bytes:
    """Return the signed bytes: one line of JSON for the header, one per entry, as `jq -cS` writes them."""
    head = {"complaint": complaint, "of": of, "totals": totals.model_dump(mode="json")}
    lines = [head, *(entry.model_dump(mode="json") for entry in entries)]
    written = (json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for line in lines)
    return "".join(f"{line}\n" for line in written).encode()


def parse_day(text: str) -> date:
    """Parse a day such as 2026-11-22; raises WrongUse."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"--of {text}: give a day such as 2026-11-22") from None


def day_bounds(of: date | None) -> tuple[datetime | None, datetime | None]:
    """Return start and end of a day in Beijing; both None for all time."""
    if of is None:
        return None, None
    begins = datetime.combine(of, time(), BEIJING)
    return begins, begins + timedelta(days=1)


def _totals(entries: Sequence[Entry]) -> Totals:
    purposes: Counter[str] = Counter()
    accounts: Counter[str] = Counter()
    for entry in entries:
        purposes[entry.purpose] += entry.amount.amount * (1 if entry.kind == "settlement" else -1)
        for posting in entry.postings:
            accounts[posting.account.partition(":")[0]] += posting.amount
    return Totals(transactions=len(entries), by_purpose=dict(purposes), by_accounts=dict(accounts))
