"""`redress ledger`, `exposure` and `verify`: postings, open advances, and whether all accounts agree."""

# ruff: noqa: D417 - `common` is explained to people option by option

import os
from collections import defaultdict
from collections.abc import Sequence

from activities.store.ledger import Entry, Exposed, Kept, Ledger
from starter.cli import session
from starter.cli.tables import Column, table
from starter.client import connection
from starter.client.endpoints import find
from starter.client.errors import Exit, NotFound
from starter.client.finance_list import SignedList, day_bounds, parse_day, sign_entries
from starter.client.verification import VerificationResult
from starter.client.verification import verify as verify_accounts
from starter.terminal import PLAIN, Common, as_data, out, print_json, say, when, words
from workflows.money.amount import NOTHING, Money
from workflows.vocabulary import MoneyState

KEY = "REDRESS_LEDGER_KEY"

_ENTRIES = (
    Column("#"),
    Column("when (Beijing)"),
    Column("from"),
    Column("to"),
    Column("yuan"),
    Column("purpose"),
    Column("ordered by", spare=1),
    Column("remark", text=True, spare=3),
    Column("movement", spare=2),
)


async def ledger(complaint: str | None = None, /, *, of: str | None = None, common: Common = PLAIN) -> int:
    """Print the signed list of what moved: from, to, amount, purpose, who ordered it.

    Parameters
    ----------
    complaint
        Only this complaint; with what was decided or asked for and is not in the book.
    of
        Only this day in Beijing, such as 2026-11-22.

    """
    session.number(common, complaint)
    date = parse_day(of) if of is not None else None
    async with connection.files(find()) as files:
        if complaint is not None and await files.cases.view(complaint) is None:
            raise NotFound(f"there is no complaint {complaint} on record: find it with `redress list`")
        book = Ledger(files.pool)
        entries = await book.entries(complaint, *day_bounds(date))
        kept = (await book.movements([complaint])).get(complaint, ()) if complaint else ()
    listed = sign_entries(entries, complaint, date, os.environ.get(KEY))
    if common.json:
        print_json(as_data(listed) | ({"movements": as_data(kept)} if complaint else {}))
    else:
        _print(listed, kept)
    return Exit.DONE


def _print(listed: SignedList, kept: Sequence[Kept]) -> None:
    if listed.entries:
        table(_ENTRIES, map(_entry, listed.entries))
        out(f"\n{listed.totals.transactions} transactions; in yuan by purpose: {_sums(listed.totals.by_purpose)}")
        out(f"by accounts: {_sums(listed.totals.by_accounts)}")
    else:
        say("nothing was posted")
    out(f"sha256 {listed.sha256}" + (f"\nhmac-sha256 {listed.hmac_sha256}" if listed.hmac_sha256 else ""))
    for one in kept:
        if one.state not in {MoneyState.SETTLED, MoneyState.REVERSED}:
            last = one.states[-1]
            why = f" ({last.reason})" if last.reason else ""
            out(f"not in the book: {one.key}, {one.amount} yuan, {one.state} {when(last.at)}{why}")


def _entry(one: Entry) -> tuple[str, ...]:
    purpose = words(one.purpose) + (" reversed" if one.kind == "reversal" else "")
    return (
        str(one.number), when(one.time), one.payer, one.payee, str(one.amount), purpose, one.ordered_by, one.remark,
        one.movement,
    )  # fmt: skip


def _sums(sums: dict[str, int]) -> str:
    return ", ".join(
        f"{words(name)} {'-' if fen < 0 else ''}{Money(amount=abs(fen))}" for name, fen in sorted(sums.items())
    )


_EXPOSED = (
    Column("seller"),
    Column("complaint"),
    Column("order", spare=2),
    Column("frozen"),
    Column("unrecovered"),
    Column("since (Beijing)", spare=1),
    Column("days"),
)


async def exposure(*, common: Common = PLAIN) -> int:
    """Show what of the fund's money is frozen or not recovered, by seller, the oldest first."""
    session.logs(common)
    async with connection.files(find()) as files:
        exposed = await Ledger(files.pool).exposure()
    sellers: dict[str, list[Exposed]] = defaultdict(list)
    for one in exposed:
        sellers[one.seller].append(one)
    frozen, unrecovered = _whole(exposed)
    if common.json:
        by_seller = [_seller(name, advances) for name, advances in sellers.items()]
        print_json({"frozen": as_data(frozen), "unrecovered": as_data(unrecovered), "sellers": by_seller})
        return Exit.DONE
    if exposed:
        table(_EXPOSED, [_exposed(one) for advances in sellers.values() for one in advances])
        out(f"\nof {len(sellers)} sellers: {frozen} yuan frozen, {unrecovered} yuan not recovered")
    else:
        say("nothing is frozen, and nothing waits to be recovered")
    return Exit.DONE


def _whole(exposed: Sequence[Exposed]) -> tuple[Money, Money]:
    return sum((one.frozen for one in exposed), NOTHING), sum((one.unrecovered for one in exposed), NOTHING)


def _seller(name: str, advances: Sequence[Exposed]) -> dict[str, object]:
    frozen, unrecovered = _whole(advances)
    return {
        "seller": name,
        "frozen": as_data(frozen),
        "unrecovered": as_data(unrecovered),
        "oldest_days": max(one.age_days for one in advances),
        "advances": as_data(advances),
    }


def _exposed(one: Exposed) -> tuple[str, ...]:
    order = f"{one.order_id}/{one.line}"
    return (
        one.seller, one.complaint, order, str(one.frozen), str(one.unrecovered), when(one.since), str(one.age_days),
    )  # fmt: skip


_DIFFERENCES = (
    Column("movement"),
    Column("provider"),
    Column("ledger"),
    Column("record"),
    Column("workflow"),
    Column("what differs, and what to do", text=True),
)


async def verify(complaint: str | None = None, /, *, common: Common = PLAIN) -> int:
    """Compare the provider's book, the ledger, the record and the running workflow; name each difference.

    Parameters
    ----------
    complaint
        Only this complaint; all of them without it.

    """
    session.number(common, complaint)
    verdict = await verify_accounts(find(), complaint)
    if common.json:
        print_json(as_data(verdict) | {"agree": verdict.agree})
    else:
        _print_verification(verdict)
    return Exit.UNREACHABLE if verdict.not_asked else Exit.DONE if verdict.agree else Exit.REFUSED


def _print_verification(verdict: VerificationResult) -> None:
    if verdict.differences:
        rows = [
            (
                one.movement or one.complaint,
                one.provider,
                one.ledger,
                one.record,
                one.workflow,
                f"{one.text}: {one.advice}",
            )
            for one in verdict.differences
        ]
        table(_DIFFERENCES, rows)
    for fault in verdict.faults:
        out(f"the ledger contradicts itself: {fault}")
    for one in verdict.contradictions:
        say(f"{one.movement}: on {when(one.heard_at)} the provider said {one.said}, against {one.on_record} on record")
    for missing in verdict.not_asked:
        say(f"not compared: {missing}")
    counted = f"{verdict.movements} movements of {verdict.complaints} complaints"
    if verdict.agree:
        asked = "what could be asked agrees" if verdict.not_asked else "provider, ledger, record and workflow agree"
        out(f"{counted}: {asked}")
    else:
        out(f"{counted}: {len(verdict.differences) + len(verdict.faults)} differences")
