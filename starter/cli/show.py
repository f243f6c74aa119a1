"""`redress show`, `timeline` and `why-due`: one complaint, from its workflow, else from the record."""

# ruff: noqa: D417 - `common` is explained to people option by option

from collections.abc import Iterator

from starter.cli import session
from starter.cli.tables import Column, table
from starter.terminal import PLAIN, Common, out, print_json, say, when, words
from workflows.answers import Refusal
from workflows.complaint.domain.view import AdvanceView, LegView, MovementView, OfferView, RulingView, View, WaitingOn
from workflows.complaint.domain.why_due import WhyDue
from workflows.complaint.views.timeline import StepView
from workflows.money.amount import Money
from workflows.time.wording import due_in_words
from workflows.vocabulary import Phase

_LEVELS = {1: "with the supervisor", 2: "with the operations manager"}


def case_lines(view: View) -> Iterator[str]:
    """Yield a case as text: phase, deadlines with their defaults, offer, ruling, goods, advance, money."""
    yield f"{view.complaint} · {words(view.phase)}" + (f" · {words(view.outcome)}" if view.outcome else "")
    yield " · ".join(_standing(view))
    if view.waiting_on:
        yield "\nwho must do what (Beijing time):"
    for one in view.waiting_on:
        yield from _waiting(one)
    if not view.waiting_on and view.phase is Phase.REGISTRATION:
        yield "\nit is being registered: nobody has to do anything yet"
    yield from _so_far(view)


def refused_filing_lines(view: View, why: Refusal) -> Iterator[str]:
    """Yield the text about a filing that could not be decoded: there is no case."""
    yield f"{view.complaint} · refused ({why.rule}, {words(why.code)})"
    yield f"\nthe filing could not be understood, and no complaint was opened: {why.text}"
    yield "nobody works on it and it stays as it is: mend what it says and file it again, with a request_id of its own"


def _so_far(view: View) -> Iterator[str]:
    if view.offer:
        yield f"\n{_offer(view.offer)}"
    if view.ruling:
        yield f"\n{_ruling(view.ruling)}"
    if view.goods:
        yield "\ngoods:"
        yield from map(_leg, view.goods.legs)
    if view.advance:
        yield f"\n{_advance(view.advance)}"
    if view.money:
        yield "\nmoney:"
    yield from map(_movement, view.money)


def _standing(view: View) -> Iterator[str]:
    yield f"severity {view.severity}"
    yield f"handler {view.handler}" if view.handler else "no handler"
    yield f"cycle {view.cycle}"
    yield f"{view.steps} steps"
    if view.level:
        yield _LEVELS[view.level]
    if view.overdue:
        yield "OVERDUE"


def _waiting(one: WaitingOn) -> Iterator[str]:
    yield f"  by {due_in_words(one.due_at)} · {words(one.actor)} · {one.action} ({one.rule})"
    yield f"     otherwise {one.otherwise}"


def _award(remedy: str, amount: Money | None) -> str:
    return f"{words(remedy)} {amount} yuan" if amount else words(remedy)


def _offer(offer: OfferView) -> str:
    said_yes = ", ".join(offer.confirmed_by) or "nobody"
    until = f", lapses {due_in_words(offer.lapses_at)}" if offer.lapses_at else ", ended"
    return (
        f"offer {offer.number} of the {offer.by}: {_award(offer.remedy, offer.amount)}, confirmed by {said_yes}{until}"
    )


def _ruling(ruling: RulingView) -> str:
    share = f" ({ruling.seller_share} % the seller)" if ruling.seller_share else ""
    line = (
        f"ruling {ruling.number} ({ruling.state}): {_award(ruling.remedy, ruling.amount)}, liability {ruling.liability}"
    )
    return f"{line}{share}, return freight {ruling.freight}, reason {words(ruling.reason)}\n  {ruling.text}"


def _leg(leg: LegView) -> str:
    parcel = f", {leg.carrier} {leg.tracking}" if leg.tracking else ""
    found = f", found {words(leg.condition)}" if leg.condition else ""
    number = f" ({leg.quantity})" if leg.quantity is not None else ""
    return f"  {words(leg.leg)}: {words(leg.state)}{parcel}{found}{number}"


def _advance(advance: AdvanceView) -> str:
    parts = f"{advance.frozen} frozen, {advance.unfrozen} the buyer's, {advance.clawed_back} gone back"
    return f"advance of {advance.amount} yuan: {words(advance.state)}; {parts}; recovery {words(advance.recovery)}"


def _movement(one: MovementView) -> str:
    reference = f", reference {one.provider_reference}" if one.provider_reference else ""
    moved = f"{one.amount} yuan {words(one.purpose)} from {one.payer} to {one.payee}"
    return f"  {moved}: {one.state} ({one.rule}, {one.key}{reference})"


async def show(complaint: str, /, *, common: Common = PLAIN) -> int:
    """Show a complaint: phase, who must do what by when and what otherwise, offer, ruling, money.

    Parameters
    ----------
    complaint
        The complaint's number.

    """
    async with session.complaints(common, complaint) as (client, endpoints):
        reading = await client.view(complaint)
        steps = await client.timeline(complaint) if reading.view.phase is Phase.CLOSED else ()
        undelivered = await client.undelivered(complaint)
    if reading.fallback_reason:
        say(f"from the record, because: {reading.fallback_reason}")
    if common.json:
        print_json(reading.view)
        return 0
    for line in refused_filing_lines(reading.view, reading.refusal) if reading.refusal else case_lines(reading.view):
        out(line)
    if ended := [step for step in steps if step.event == "closed"]:
        out(f"\nclosed {when(ended[-1].at)} ({ended[-1].rule}): {ended[-1].reason}")
    for line in undelivered:
        out(f"\n{line}")
    if link := endpoints.link(complaint):
        out(f"\nin the web UI: {link}")
    return 0


async def timeline(complaint: str, /, *, common: Common = PLAIN) -> int:
    """Show what happened to a complaint, by whom and by which rule.

    Parameters
    ----------
    complaint
        The complaint's number.

    """
    async with session.complaints(common, complaint) as (client, _):
        reading = await client.view(complaint)  # raises NotFound
        steps = await client.timeline(complaint)
        of_many = await client.told_to_many(steps)
    if common.json:
        print_json(steps)
        return 0
    if reading.refusal:
        for line in refused_filing_lines(reading.view, reading.refusal):
            out(line)
        return 0
    table(_COLUMNS, map(_row, steps))
    for one in of_many:
        out(f"\n{words(one.kind)} by {one.sender_role}:{one.sender_id} was told to many, because: {one.reason}")
    return 0


_COLUMNS = (
    Column("#"),
    Column("when (Beijing)"),
    Column("who"),
    Column("event"),
    Column("phase", spare=2),
    Column("rule"),
    Column("reason", text=True),
    Column("yuan", spare=1),
)


def _row(step: StepView) -> tuple[str, ...]:
    who = f"{step.role}:{step.actor}" if step.role != step.actor else step.actor
    amount = str(step.amount) if step.amount else ""
    return (
        str(step.number),
        when(step.at),
        who,
        words(step.event),
        words(step.phase),
        step.rule,
        step.reason or "",
        amount,
    )


async def why_due(complaint: str, /, *, common: Common = PLAIN) -> int:
    """Explain every deadline of a complaint: start, working days counted and skipped, result.

    Parameters
    ----------
    complaint
        The complaint's number.

    """
    async with session.complaints(common, complaint) as (client, _):
        explained = await client.why_due(complaint)
    if common.json:
        print_json(explained)
        return 0
    for one in explained:
        _explain(one)
    return 0


def _explain(one: WhyDue) -> None:
    about = f" ({one.subject})" if one.subject else ""
    out(f"{one.rule} {one.act}{about}, else {one.otherwise}: {one.state}")
    for line in one.lines:
        out(f"    {line}")
