"""Offers: one live proposal at a time, numbered, confirmed by both parties under the same number (R3.2)."""

from collections.abc import Iterator
from typing import Literal

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.award import Award
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import OfferLapsed
from workflows.complaint.domain.filing import OrderLine
from workflows.complaint.domain.messages import OfferConfirmed, OfferMade, OfferRejected
from workflows.complaint.domain.parts import PLATFORM, Decision, Freight, Negotiation, Offer
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.goods.fulfilment import decide
from workflows.complaint.rules.intervention import moved
from workflows.complaint.rules.money.orders import require_within_ceiling
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import PARTIES, Liability, Phase, Problem, Remedy, Role

rules = Rules()

OPEN_TO_OFFERS = frozenset({Phase.NEGOTIATION, Phase.INTERVENTION})


def answered(case: Case, answer: Literal["agree", "counter", "refuse"], at: Instant) -> Case:
    """Keep the seller's first answer (R3.1)."""
    negotiation = case.negotiation or Negotiation(since=at)
    if negotiation.answered_at:
        return case
    return case.but(negotiation=negotiation.but(answer=answer, answered_at=at))


def agreed(case: Case, award: Award, payer: Party, ordered_by: Party, at: Instant) -> Case:
    """Settle between the parties: an open offer or ruling gives way, fulfilment starts (R3.5)."""
    case = end_live_offer(case, "replaced", at)
    case = case.but(
        rulings=tuple(one.but(state="replaced") for one in case.rulings),
        appeal=None,
        intervention=case.intervention.but(resolved_at=at) if case.intervention else None,
    )
    liability = Liability.PLATFORM if payer == PLATFORM else Liability.SELLER
    return decide(
        case,
        Decision(
            award=award,
            basis="agreed",
            payer=payer,
            liability=liability,
            freight=_freight(case, payer),
            ordered_by=ordered_by,
            rule="R3.5",
            at=at,
        ),
    )


def _freight(case: Case, payer: Party) -> Freight:
    # Agreed without a ruling the seller pays the return; a no-reason return is the buyer's (R6.8).
    if case.filing.problem is Problem.NO_REASON_RETURN:
        return "buyer"
    return "platform" if payer == PLATFORM else "seller"


GOODWILL = frozenset({Remedy.COMPENSATION, Remedy.COUPON})
"""What staff may offer to soothe the buyer, at the platform's cost (R3.6)."""

_GIVEN_UP = frozenset({"rejected", "lapsed"})


def _require_goodwill(case: Case, message: OfferMade) -> None:
    """Refuse goodwill of staff above its rung, in per cent of what was paid for the line (R3.6)."""
    if message.remedy not in GOODWILL or message.amount is None or case.order is None:
        return
    percent, most = goodwill(case, case.order)
    if most < message.amount:
        text = f"goodwill is at most {percent} % of what was paid, {most} yuan; more only after it was rejected"
        raise NotHeard(Code.ABOVE_LIMIT, "R3.6", text)


def goodwill(case: Case, order: OrderLine) -> tuple[int, Money]:
    """Return the rung that goodwill of staff has come to, in per cent of what was paid, and its amount (R3.6)."""
    earlier = [one for one in case.offers if one.by.role not in PARTIES and one.award.remedy in GOODWILL]
    rungs = case.policy.goodwill_percent
    percent = rungs[min(sum(one.state in _GIVEN_UP for one in earlier), len(rungs) - 1)]
    return percent, Money(amount=order.paid.amount * percent // 100)


def _supervised(case: Case) -> bool:
    return case.supervised


@rules.hears(OfferMade, "R3.2", by=(Role.BUYER, Role.SELLER, Role.AGENT), during=OPEN_TO_OFFERS)
@rules.hears(OfferMade, "R3.2", by=(Role.SUPERVISOR,), during=OPEN_TO_OFFERS, when=_supervised)
def an_offer_is_made(case: Case, message: OfferMade, at: Instant) -> Case:
    """Put a numbered proposal; it replaces the one before it. From the seller it is also an answer (annex, R3.1)."""
    if message.sender.role is Role.SELLER:
        case = answered(case, "counter", at)
    if message.sender.role not in PARTIES:
        _require_goodwill(case, message)
        case = moved(case, at)
    return propose(case, message.sender, Award(remedy=message.remedy, amount=message.amount), message.text, at)


def propose(case: Case, by: Party, award: Award, text: str, at: Instant) -> Case:
    """Number a proposal; its maker has confirmed it, an offer of staff needs both parties (R3.2)."""
    require_within_ceiling(case, award)
    case = end_live_offer(case, "replaced", at)
    own_yes = (by.role,) if by.role in PARTIES else ()
    offer = Offer(number=len(case.offers) + 1, by=by, award=award, text=text, made_at=at, confirmed_by=own_yes)
    return case.but(offers=(*case.offers, offer))


def end_live_offer(case: Case, state: str, at: Instant) -> Case:
    """Let the live offer end, if there is one: rejected, lapsed or replaced (R3.2)."""
    if case.live_offer is None:
        return case
    return case.but(offers=(*case.offers[:-1], case.offers[-1].but(state=state, ended_at=at)))


def _live(case: Case, number: int) -> Offer:
    if case.live_offer is None:
        raise NotHeard(Code.NOT_NOW, "R3.2", "there is no live offer; make a new one")
    if case.live_offer.number != number:
        raise NotHeard(
            Code.STALE_NUMBER, "R3.2", f"offer {number} is not current; the live one is {case.live_offer.number}"
        )
    return case.live_offer


def _offer_is_live(case: Case) -> bool:
    return case.live_offer is not None


@rules.hears(OfferConfirmed, "R3.2", by=PARTIES, during=OPEN_TO_OFFERS, when=_offer_is_live)
def an_offer_is_confirmed(case: Case, message: OfferConfirmed, at: Instant) -> Case:
    """Settle when everybody who must has said yes to the same number (R3.2)."""
    offer = _live(case, message.offer)
    if message.sender.role in offer.confirmed_by:
        raise NotHeard(
            Code.ALREADY_DONE, "R3.2", f"the {message.sender.role} has confirmed offer {offer.number} already"
        )
    offer = offer.but(confirmed_by=(*offer.confirmed_by, message.sender.role))
    if not set(offer.confirmed_by) >= PARTIES:
        return case.but(offers=(*case.offers[:-1], offer))
    # Goodwill of staff is paid by the platform, anything else that is agreed by the seller (R3.6, R6.11).
    goodwill = offer.by.role not in PARTIES and offer.award.remedy in GOODWILL
    payer = PLATFORM if goodwill else case.seller or PLATFORM
    case = case.but(offers=(*case.offers[:-1], offer.but(state="agreed", ended_at=at)))
    return agreed(case, offer.award, payer, offer.by, at)


@rules.hears(OfferRejected, "R3.2", by=PARTIES, during=OPEN_TO_OFFERS, when=_offer_is_live)
def an_offer_is_rejected(case: Case, message: OfferRejected, at: Instant) -> Case:
    """End the offer of that number (R3.2)."""
    _live(case, message.offer)
    return end_live_offer(case, "rejected", at)


def _offer_waits(case: Case) -> Iterator[Runs]:
    if case.live_offer and case.phase in OPEN_TO_OFFERS:
        for role in (Role.BUYER, Role.SELLER):
            if role not in case.live_offer.confirmed_by:
                yield Runs(case.live_offer.made_at, role, f"{case.live_offer.number}:{role}")


@rules.window(LimitName.OFFER, _offer_waits)
def an_offer_lapses(case: Case, deadline: Deadline) -> Case:
    """End an offer that was not confirmed by everybody in time (R3.2)."""
    number = case.live_offer.number if case.live_offer else 0
    case = emit(case, deadline.due_at, OfferLapsed(offer=number), "R3.2")
    return end_live_offer(case, "lapsed", deadline.due_at)
