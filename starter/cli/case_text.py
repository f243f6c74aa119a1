"""A case in words for people: short lines, Beijing time, yuan."""

from collections.abc import Iterator

from starter.terminal import words
from workflows.answers import Refusal
from workflows.complaint.domain.view import AdvanceView, LegView, MovementView, OfferView, RulingView, View, WaitingOn
from workflows.money.amount import Money
from workflows.time.wording import due_in_words
from workflows.vocabulary import Phase

_LEVELS = {1: "with the supervisor", 2: "with the operations manager"}


def told(view: View) -> Iterator[str]:
    """Tell phase and standing, who must do what by when and what otherwise, offer, ruling, goods, advance, money."""
    yield f"{view.complaint} · {words(view.phase)}" + (f" · {words(view.outcome)}" if view.outcome else "")
    yield " · ".join(_standing(view))
    if view.waiting_on:
        yield "\nwho must do what (Beijing time):"
    for one in view.waiting_on:
        yield from _waiting(one)
    if not view.waiting_on and view.phase is Phase.REGISTRATION:
        yield "\nit is being registered: nobody has to do anything yet"
    yield from _so_far(view)


def told_unread(view: View, why: Refusal) -> Iterator[str]:
    """Tell of a filing that could not be understood, and what to do: there is no case of it."""
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
