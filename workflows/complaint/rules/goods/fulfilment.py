"""Fulfilment: what was agreed or finally ruled is done: paid, returned, exchanged, repaired, reshipped (R6)."""

from collections.abc import Iterator

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events import ApologyByThePlatform, BecameARefund, IntactBySilence, ParcelLost
from workflows.complaint.domain.messages import ApologyMade, Condition, FulfilmentDeclined, LegName
from workflows.complaint.domain.parts import PLATFORM, Decision
from workflows.complaint.rules.advances.balance import live
from workflows.complaint.rules.advances.course import (
    ask_the_buyer,
    pay_out,
    reduce_to,
    repay_the_fund,
    stand_in,
    without_a_failed_one,
)
from workflows.complaint.rules.emit import emit, enter, work_order_superseded
from workflows.complaint.rules.goods import legs
from workflows.complaint.rules.intervention import ask_the_platform
from workflows.complaint.rules.money.movements import end
from workflows.complaint.rules.money.orders import apology_awaited, done, order_payment, paid_at_once
from workflows.complaint.rules.points import owe_points
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.money.amount import NOTHING, Money
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import Outcome, Phase, Problem, Purpose, Remedy, Role

rules = Rules()

_RETURNED_FIRST = frozenset({Remedy.RETURN_REFUND, Remedy.EXCHANGE, Remedy.REPAIR})


def decide(case: Case, decision: Decision) -> Case:
    """Start fulfilment of an agreement or a final ruling (R3.5, R5.3)."""
    case = work_order_superseded(case, decision.at)
    case = enter(case.but(decision=decision, goods=legs.without_awaited(case)), Phase.FULFILMENT)
    award = decision.award
    case = reduce_to(case, award.amount or NOTHING, "R5.6" if decision.basis == "ruling" else "R3.5", decision.at)
    purpose = paid_at_once(award.remedy)
    if purpose and award.amount:
        return _pay(repay_freight(case, decision.at), purpose, award.amount, decision.payer, "R9.3", decision.at)
    if award.remedy in _RETURNED_FIRST:
        return legs.owe(case, "return", Role.BUYER, decision.at)
    if award.remedy is Remedy.RESHIP:
        part = case.filing.problem is Problem.SHORT_SHIPMENT
        return legs.owe(case, "missing_part" if part else "original", Role.SELLER, decision.at)
    return done(case, decision.at)


def _pay(case: Case, purpose: Purpose, amount: Money, payer: Party, rule: str, at: Instant) -> Case:
    """Give the buyer an amount: a frozen advance first, the rest by payment; the fund is repaid after both (R9.7)."""
    case, left = stand_in(case, amount, payer, rule, at)
    if left:
        case = order_payment(case, purpose, left, payer, _award_of(case).ordered_by, at)
    return repay_the_fund(case, at)


def _award_of(case: Case) -> Decision:
    assert case.decision is not None, "fulfilment has a decision"  # noqa: S101 - law of `decide`
    return case.decision


# -- the return leg (R6.3) -----------------------------------------------------------------------------------------


def _return_is_due(case: Case) -> Iterator[Runs]:
    leg = legs.current(case, "return")
    if leg and leg.state == "awaited":
        yield Runs(leg.since, subject=leg.subject)


@rules.window(LimitName.RETURN_SHIPMENT, _return_is_due)
def the_buyer_returns_nothing(case: Case, deadline: Deadline) -> Case:
    """Close as lapsed, and pay the seller what is held (R6.3, R6.12); with an advance the buyer is asked (R9.7)."""
    if live(case):
        return ask_the_buyer(case, deadline.due_at, Cause.NOT_SENT_BACK)
    why = Because(cause=Cause.NOT_SENT_BACK)
    return end(pay_out(case, deadline.due_at), deadline.due_at, Outcome.LAPSED, "R6.3", why)


def _inspection_is_due(case: Case) -> Iterator[Runs]:
    leg = legs.current(case, "return")
    if leg and leg.arrived_at and _award_of(case).award.remedy is not Remedy.REPAIR:
        yield Runs(leg.arrived_at)


@rules.window(LimitName.INSPECTION, _inspection_is_due)
def the_seller_does_not_inspect(case: Case, deadline: Deadline) -> Case:
    """Count the return as intact (R6.3)."""
    case = emit(case, deadline.due_at, IntactBySilence(party=Role.SELLER), "R6.3")
    return return_inspected(case, "intact", None, deadline.due_at)


def return_inspected(case: Case, condition: Condition, quantity: int | None, at: Instant) -> Case:
    """Go on by what came back: refund, replace, refund for what arrived, or back to the handler (R6.3, R6.5)."""
    case = legs.inspected(case, condition, quantity)
    if condition == "short" and quantity and case.order and _award_of(case).award.remedy is Remedy.RETURN_REFUND:
        return _refund(case, _share(_refund_amount(case), min(quantity, case.order.quantity), case.order.quantity), at)
    if condition == "not_received" and live(case):
        return ask_the_buyer(case, at, Cause.REPORTED_NOT_RECEIVED)
    if condition != "intact":
        return back_to_the_handler(case, at, Because(cause=Cause.LEG_FOUND, leg="return", found=condition))
    if _award_of(case).award.remedy is Remedy.EXCHANGE:
        return legs.owe(repay_freight(case, at), "replacement", Role.SELLER, at)
    return _refund(case, _refund_amount(case), at)


def _share(amount: Money, arrived: int, sent: int) -> Money:
    return Money(amount=amount.amount * arrived // sent)


def _refund_amount(case: Case) -> Money:
    """Return the awarded amount, or what was paid for the line where a remedy without amount failed (R6.9)."""
    paid = case.order.paid if case.order else Money(amount=0)
    return _award_of(case).award.amount or paid


def _refund(case: Case, amount: Money, at: Instant, payer: Party | None = None) -> Case:
    decision = _award_of(case)
    case = repay_freight(case, at, payer)
    return _pay(case, Purpose.REFUND, amount, payer or decision.payer, "R9.7", at)


def repay_freight(case: Case, at: Instant, payer: Party | None = None) -> Case:
    """Pay the buyer back what returns cost, as stated, up to the limit; a no-reason return is the buyer's (R6.8)."""
    decision = _award_of(case)
    for stated in legs.unpaid_freight(case):
        if decision.freight == "buyer":
            continue
        amount = min(stated, case.policy.freight_at_most, key=lambda money: money.amount)
        by_seller = decision.freight == "seller" and payer is None and case.seller is not None
        if by_seller and decision.seller_share:
            amount = Money(amount=amount.amount * decision.seller_share // 100)  # shared liability splits it (R4.6)
        pays = case.seller if by_seller and case.seller else PLATFORM
        case = order_payment(case, Purpose.RETURN_FREIGHT, amount, pays, decision.ordered_by, at)
    return case.but(goods=legs.with_freight_paid(case))


def back_to_the_handler(case: Case, at: Instant, why: Because) -> Case:
    """Return to intervention with the limits afresh; the next ruling has the next number (R6.3, R6.7, R6.9)."""
    return ask_the_platform(without_a_failed_one(case).but(decision=None), at, why, rule="R6.3")


# -- what the seller sends (R6.5, R6.6, R6.7) ----------------------------------------------------------------------


def _ships(case: Case, *named: LegName) -> Iterator[Runs]:
    leg = legs.current(case, *named)
    if leg and leg.state == "awaited":
        yield Runs(leg.since, subject=leg.subject)


@rules.window(LimitName.REPLACEMENT, lambda case: _ships(case, "replacement"))
def no_replacement_is_sent(case: Case, deadline: Deadline) -> Case:
    """Turn the exchange into a refund (R6.9)."""
    return becomes_a_refund(case, deadline.due_at, Cause.NO_REPLACEMENT_IN_TIME)


@rules.window(LimitName.REPAIR, lambda case: _ships(case, "repaired"))
def nothing_repaired_is_sent(case: Case, deadline: Deadline) -> Case:
    """Turn the repair into a refund (R6.9)."""
    return becomes_a_refund(case, deadline.due_at, Cause.NO_REPAIR_IN_TIME)


@rules.window(LimitName.SELLER_SHIPS, lambda case: _ships(case, "missing_part", "original"))
def nothing_is_shipped(case: Case, deadline: Deadline) -> Case:
    """Let the handler rule the amount (R6.9)."""
    case = owe_points(case, deadline.due_at, "fulfilment_not_done")
    return back_to_the_handler(case, deadline.due_at, Because(cause=Cause.NOT_SHIPPED_IN_TIME))


def becomes_a_refund(case: Case, at: Instant, why: Cause) -> Case:
    """Refund what was paid for the line, because exchange or repair was not done; points are owed (R6.9, R8.4)."""
    case = emit(case, at, BecameARefund(because=Because(cause=why)), "R6.9")
    case = owe_points(case, at, "fulfilment_not_done")
    return _refund(case.but(goods=legs.without_awaited(case)), _refund_amount(case), at)


def _seller_can_decline(case: Case) -> bool:
    leg = legs.current(case, "replacement", "repaired", "missing_part", "original")
    return leg is not None and leg.state == "awaited"


@rules.hears(FulfilmentDeclined, "R6.9", by=(Role.SELLER,), during=(Phase.FULFILMENT,), when=_seller_can_decline)
def the_seller_declines(case: Case, message: FulfilmentDeclined, at: Instant) -> Case:
    """Exchange and repair become a refund; for a part or the original the handler rules the amount (R6.5, R6.9)."""
    if legs.current(case, "replacement", "repaired"):
        return becomes_a_refund(case, at, Cause(message.reason))
    case = owe_points(case, at, "fulfilment_not_done")
    return back_to_the_handler(case, at, Because(cause=Cause(message.reason)))


def lost_on_the_way(case: Case, at: Instant) -> Case:
    """Refund the buyer from the platform: the carrier is liable (R6.4)."""
    case = emit(case, at, ParcelLost(), "R6.4")
    return _refund(case, _refund_amount(case), at, PLATFORM)


# -- the apology (R6.7) --------------------------------------------------------------------------------------------


def _apology_is_due(case: Case) -> Iterator[Runs]:
    if case.phase is Phase.FULFILMENT and apology_awaited(case):
        yield Runs(_award_of(case).at)


@rules.window(LimitName.APOLOGY, _apology_is_due)
def the_platform_apologises(case: Case, deadline: Deadline) -> Case:
    """Make the apology in the seller's place (R6.7)."""
    case = emit(case, deadline.due_at, ApologyByThePlatform(), "R6.7")
    return _apologised(case, deadline.due_at)


def _apologised(case: Case, at: Instant) -> Case:
    return done(case.but(decision=_award_of(case).but(apologised=True)), at)


@rules.hears(ApologyMade, "R6.7", by=(Role.SELLER, Role.AGENT), during=(Phase.FULFILMENT,), when=apology_awaited)
def the_apology_is_made(case: Case, message: ApologyMade, at: Instant) -> Case:
    """End fulfilment with the apology (R6.7)."""
    del message
    return _apologised(case, at)
