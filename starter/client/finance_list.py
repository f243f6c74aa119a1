"""The signed list for finance: what is in it, its totals, and a seal that anybody can count anew (R6.10)."""

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
"""Characters: a shorter key can be guessed."""


class Totals(Value):
    """What a list adds up to, in minor units; the accounts of all kinds together give zero."""

    transactions: int
    by_purpose: dict[str, int]
    """What was settled less what was reversed."""
    by_accounts: dict[str, int]


class SignedList(Value):
    """A list of the ledger with its seal: SHA-256 over the canonical lines, and an HMAC where there is a key."""

    complaint: str | None
    of: str | None
    """A day in Beijing."""
    totals: Totals
    entries: tuple[Entry, ...]
    sha256: str
    hmac_sha256: str | None


def signed(entries: Sequence[Entry], complaint: str | None, of: date | None, key: str | None) -> SignedList:
    """Seal a list; raises WrongUse for a key that can be guessed."""
    if key is not None and len(key) < SHORTEST_KEY:
        raise WrongUse(f"REDRESS_LEDGER_KEY: at least {SHORTEST_KEY} characters, or unset it for a list without HMAC")
    day, totals = of.isoformat() if of else None, _totals(entries)
    text = canonical(complaint, day, totals, entries)
    return SignedList(
        complaint=complaint,
        of=day,
        totals=totals,
        entries=tuple(entries),
        sha256=hashlib.sha256(text).hexdigest(),
        hmac_sha256=hmac.new(key.encode(), text, hashlib.sha256).hexdigest() if key else None,
    )


def canonical(complaint: str | None, of: str | None, totals: Totals, entries: Sequence[Entry]) -> bytes:
    """Return what is sealed: one line of JSON for the head, one for each entry, as `jq -cS` writes them."""
    head = {"complaint": complaint, "of": of, "totals": totals.model_dump(mode="json")}
    lines = [head, *(entry.model_dump(mode="json") for entry in entries)]
    written = (json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for line in lines)
    return "".join(f"{line}\n" for line in written).encode()


def day(text: str) -> date:
    """Read a day such as 2026-11-22; raises WrongUse."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"--of {text}: give a day such as 2026-11-22") from None


def bounds(of: date | None) -> tuple[datetime | None, datetime | None]:
    """Return when a day begins and ends in Beijing; both empty for all time."""
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
