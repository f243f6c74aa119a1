"""`redress sandbox order|seller|book|inbox|parcel|fault|reverse`: the partners of the embedded stack."""

# ruff: noqa: D417 - `common` is explained to people option by option

import json
from collections.abc import Callable
from typing import Annotated, TypeVar

from cyclopts import Parameter
from pydantic import BaseModel, ValidationError

from starter.cli import session
from starter.cli.tables import Column, table
from starter.client.endpoints import find
from starter.client.errors import WrongUse
from starter.client.filing_input import read_text, with_money
from starter.client.message_input import parse_party
from starter.terminal import PLAIN, Common, FileOrStdin, as_data, out, print_json, when
from workers.sandbox.client import SandboxClient
from workers.sandbox.shapes import (
    Happening,
    InputUnreadable,
    SandboxOrder,
    SellerAccount,
    places,
    read_orders,
    read_sellers,
)

T = TypeVar("T")


async def order(file: FileOrStdin, /, *, common: Common = PLAIN) -> int:
    """Put orders into the order system; a line that is there is replaced.

    Parameters
    ----------
    file
        A file, or - for standard input: one JSON object, or JSON lines. Amounts may be written "299.00".

    """
    orders = _read(file, SandboxOrder, read_orders)
    async with _partners(common) as sandbox:
        await sandbox.put_orders(orders)
    _put(common, "orders", len(orders))
    return 0


async def seller(file: FileOrStdin, /, *, common: Common = PLAIN) -> int:
    """Put sellers with their deposits into the order system; a seller that is there is replaced.

    Parameters
    ----------
    file
        A file, or - for standard input: one JSON object, or JSON lines: {"seller_id": …, "deposit": …}.

    """
    sellers = _read(file, SellerAccount, read_sellers)
    async with _partners(common) as sandbox:
        await sandbox.put_sellers(sellers)
    _put(common, "sellers", len(sellers))
    return 0


async def book(*, complaint: str | None = None, common: Common = PLAIN) -> int:
    """Print the payment provider's own book, as JSON lines.

    Parameters
    ----------
    complaint
        Only the payments of this complaint.

    """
    async with _partners(common) as sandbox:
        for payment in await sandbox.book(complaint):
            print_json(payment)
    return 0


_INBOX = (
    Column("arrived (Beijing)"),
    Column("channel", spare=1),
    Column("to"),
    Column("subject", text=True),
    Column("text", text=True),
)


async def inbox(*, to: str | None = None, common: Common = PLAIN) -> int:
    """Show the notices that arrived.

    Parameters
    ----------
    to
        Only those to this recipient, as role:id.

    """
    who = parse_party(to) if to is not None else None
    async with _partners(common) as sandbox:
        notices = await sandbox.inbox(who)
    if common.json:
        for notice in notices:
            print_json(notice)
        return 0
    rows = [(when(one.time), one.channel, str(one.to), one.subject, one.text) for one in notices]
    table(_INBOX, rows)
    return 0


async def parcel(carrier: str, tracking: str, event: str, /, *, at: str | None = None, common: Common = PLAIN) -> int:
    """Let something happen to a parcel; its carrier pushes the word of it once somebody has subscribed.

    Parameters
    ----------
    carrier
        The carrier, for example sf.
    tracking
        The number of the parcel.
    event
        picked_up, in_transit, delivered, lost, refused or returned.
    at
        When, as RFC 3339 with an offset; now if left out.

    """
    given = {"carrier": carrier, "tracking": tracking, "event": event} | ({"at": at} if at else {})
    try:
        happening = Happening.model_validate_json(json.dumps(given))
    except ValidationError as wrong:
        raise WrongUse(places(wrong)) from None
    async with _partners(common) as sandbox:
        known = await sandbox.happen(happening)
    if common.json:
        print_json(known)
    else:
        out(f"{known.carrier} {known.tracking}: {', '.join(one.event for one in known.events)}")
    return 0


async def reverse(key: str, /, *, common: Common = PLAIN) -> int:
    """Take a settled payment back, as a provider may weeks later; its complaint is told.

    Parameters
    ----------
    key
        The key of the movement, for example C…:refund:1.

    """
    async with _partners(common) as sandbox:
        payment = await sandbox.reverse(key)
    if common.json:
        print_json(payment)
    else:
        out(f"{payment.key}: {payment.amount} yuan taken back")
    return 0


async def fault(
    partner: str,
    mode: str,
    /,
    *,
    times: int = 1,
    for_: Annotated[str | None, Parameter(name="--for")] = None,
    complaint: str | None = None,
    common: Common = PLAIN,
) -> int:
    """Let the next calls of a partner go wrong.

    Parameters
    ----------
    partner
        orders, payment, carrier or notices.
    mode
        Any partner: error_500, busy, timeout_before, timeout_after, slow. A carrier's push (--for push) also: declined,
        callback_repeated. Payment also: stored_error, declined,
        pending, pending_fails, callback_first, callback_repeated, failed_then_settled, settled_then_failed.
    times
        How many calls.
    for_
        Only calls of this operation, for example send; the partners' own calls, callback and push, must be named.
    complaint
        Only calls about this complaint; the payment provider alone is told of it.

    """
    async with _partners(common) as sandbox:
        left = await sandbox.fault(partner, mode, times, for_, complaint)
    if common.json:
        print_json(left)
    else:
        what = f"{left.partner} {left.operation}" if left.operation else left.partner
        out(f"the next {left.times} call(s) of {what}: {left.mode}")
    return 0


def _partners(common: Common) -> SandboxClient:
    session.logs(common)
    return SandboxClient(find().need_partners())


def _put(common: Common, what: str, number: int) -> None:
    if common.json:
        print_json({what: number})
    else:
        out(f"{number} {what if number > 1 else what.removesuffix('s')} put in")


def _read(file: str, model: type[BaseModel], read: Callable[[str], list[T]]) -> list[T]:
    """Read one object, an array or lines of them; raises WrongUse with the places."""
    text = read_text(file)
    try:
        return read(_with_money(model, text))
    except InputUnreadable as wrong:
        name = "standard input" if file == "-" else file
        raise WrongUse(f"{name}: {wrong}") from None


def _with_money(model: type[BaseModel], text: str) -> str:
    """Convert amounts in yuan to money; text that is not JSON is left to the decoder."""
    try:
        return _converted(model, text)
    except (ValueError, RecursionError):
        return "\n".join(_line(model, line) for line in text.splitlines())


def _line(model: type[BaseModel], line: str) -> str:
    try:
        return _converted(model, line)
    except (ValueError, RecursionError):
        return line


def _converted(model: type[BaseModel], text: str) -> str:
    given = json.loads(text)
    read = [with_money(model, one) for one in given] if isinstance(given, list) else with_money(model, given)
    return json.dumps(as_data(read))
