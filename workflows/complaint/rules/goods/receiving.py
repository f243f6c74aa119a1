"""What the receiver of goods reports, and what is made of a parcel nobody can find (R6.3, R6.4, R6.7)."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events import CountsAsNotSent, IntactBySilence
from workflows.complaint.domain.messages import GoodsReceived, LegName, ParcelReported
from workflows.complaint.rules.advances.balance import live
from workflows.complaint.rules.advances.course import ask_the_buyer
from workflows.complaint.rules.emit import becomes_major, emit
from workflows.complaint.rules.evidence import exhibit
from workflows.complaint.rules.goods import legs
from workflows.complaint.rules.goods.fulfilment import (
    back_to_the_handler,
    lost_on_the_way,
    repay_freight,
    return_inspected,
)
from workflows.complaint.rules.money.orders import done
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import Phase, Remedy, Role

rules = Rules()

_TO_THE_BUYER: tuple[LegName, ...] = ("replacement", "repaired", "missing_part", "original")


def _on_its_way(case: Case) -> bool:
    leg = legs.open_leg(case)
    return leg is not None and leg.tracking is not None


@rules.hears(ParcelReported, "R6.4", by=(Role.CARRIER,), during=(Phase.FULFILMENT,), when=_on_its_way)
def the_carrier_reports(case: Case, message: ParcelReported, at: Instant) -> Case:
    """Take an event of the carrier, in whatever order it comes; refused by the seller counts as arrival (R6.3)."""
    leg = case.goods[-1]
    if message.tracking != leg.tracking or message.sender.id != leg.carrier:
        raise NotHeard(Code.UNKNOWN_REFERENCE, "R6.4", f"the open parcel is {leg.tracking} with {leg.carrier}")
    state = max(leg.state, message.event, key=legs.STATES.index)
    arrived = leg.arrived_at or (at if state == "delivered" or (state == "refused" and leg.leg == "return") else None)
    case = legs.replaced(case, leg.but(state=state, last_event_at=at, arrived_at=arrived, inquiry_since=None))
    if live(case) and leg.leg == "return" and state in {"returned", "refused"}:
        return _failed_with_an_advance(case, at, state)
    if state == "returned" or (state == "refused" and leg.leg != "return"):
        return _came_back(case, at, state)
    return _repair_begins(case, at) if arrived and leg.leg == "return" and _to_be_repaired(case) else case


def _failed_with_an_advance(case: Case, at: Instant, state: str) -> Case:
    # Come back to the buyer it was not returned, refused by the seller it is for the handler to rule (R9.7).
    case = legs.inspected(case, "not_received", None)
    if state == "returned":
        return ask_the_buyer(case, at, Cause.CAME_BACK)
    return back_to_the_handler(case, at, Because(cause=Cause.RETURN_REFUSED))


def _came_back(case: Case, at: Instant, state: str) -> Case:
    # What came back to the buyer was not sent back; what came back to the seller is for the handler (R6.3, R6.7).
    if case.goods[-1].leg == "return":
        case = emit(case, at, CountsAsNotSent(because=Because(cause=Cause.CAME_BACK)), "R6.4")
        return legs.never_sent(case)
    leg = case.goods[-1].leg
    why = Because(cause=Cause.LEG_FOUND, leg=leg, found=state)
    return back_to_the_handler(legs.inspected(case, "not_received", None), at, why)


def _to_be_repaired(case: Case) -> bool:
    return case.decision is not None and case.decision.award.remedy is Remedy.REPAIR


def _repair_begins(case: Case, at: Instant) -> Case:
    # The three working days of the repair run from arrival, in place of an inspection (R6.6).
    case = repay_freight(legs.inspected(case, "intact", None), at)
    return legs.owe(case, "repaired", Role.SELLER, at)


def _seller_can_report(case: Case) -> bool:
    leg = legs.current(case, "return")
    return leg is not None and leg.state != "awaited"


@rules.hears(GoodsReceived, "R6.3", by=(Role.SELLER,), during=(Phase.FULFILMENT,), when=_seller_can_report)
def the_seller_reports_the_return(case: Case, message: GoodsReceived, at: Instant) -> Case:
    """Take the inspection; the seller's own report counts as arrival (R6.3)."""
    _require(message, "return")
    case = exhibit(case, message.sender, message.evidence, at)
    if _to_be_repaired(case) and message.condition == "intact":
        return _repair_begins(case, at)
    if message.condition == "not_received" and case.goods[-1].arrived_at is None:
        raise NotHeard(Code.NOT_NOW, "R6.3", "the carrier has not delivered it yet; report once it should be there")
    return return_inspected(case, message.condition, message.quantity, at)


def _require(message: GoodsReceived, *named: LegName) -> None:
    if message.leg not in named:
        raise NotHeard(Code.INCONSISTENT, "R6.3", f"the leg on its way is {' or '.join(named)}, not {message.leg}")
    if (message.condition == "short") != (message.quantity is not None):
        raise NotHeard(Code.INCONSISTENT, "R6.3", "quantity belongs to condition short, and to no other")


def _buyer_can_report(case: Case) -> bool:
    leg = legs.current(case, *_TO_THE_BUYER)
    return leg is not None and leg.state != "awaited"


@rules.hears(GoodsReceived, "R6.7", by=(Role.BUYER,), during=(Phase.FULFILMENT,), when=_buyer_can_report)
def the_buyer_reports_the_goods(case: Case, message: GoodsReceived, at: Instant) -> Case:
    """Intact ends fulfilment; anything else goes back to the handler (R6.7)."""
    _require(message, case.goods[-1].leg)
    case = legs.inspected(exhibit(case, message.sender, message.evidence, at), message.condition, message.quantity)
    if message.condition == "intact":
        return done(case, at)
    if message.leg == "repaired" and message.condition == "damaged":
        case = becomes_major(case, at, "R6.6", Cause.FAILED_AGAIN)
    return back_to_the_handler(case, at, Because(cause=Cause.LEG_FOUND, leg=message.leg, found=message.condition))


def _arrived_at_the_buyer(case: Case) -> Iterator[Runs]:
    leg = legs.current(case, *_TO_THE_BUYER)
    if leg and leg.arrived_at:
        yield Runs(leg.arrived_at, subject=leg.leg)


@rules.window(LimitName.GOODS_RECEIVED, _arrived_at_the_buyer)
def the_buyer_reports_nothing(case: Case, deadline: Deadline) -> Case:
    """Count what was delivered as intact (R6.7)."""
    case = emit(case, deadline.due_at, IntactBySilence(party=Role.BUYER), "R6.7")
    return done(legs.inspected(case, "intact", None), deadline.due_at)


@rules.window(LimitName.CARRIER_INQUIRY, legs.under_inquiry)
def the_parcel_is_not_found(case: Case, deadline: Deadline) -> Case:
    """Never picked up counts as not sent, anything else as lost (R6.4)."""
    if case.goods[-1].last_event_at is None:
        never = CountsAsNotSent(because=Because(cause=Cause.NEVER_PICKED_UP))
        case = emit(case, deadline.due_at, never, "R6.4")
        return legs.never_sent(case)
    case = legs.inspected(case, "not_received", None)
    if case.goods[-1].leg == "missing_part":  # worth less than the line: the handler rules the amount (R6.9)
        return back_to_the_handler(case, deadline.due_at, Because(cause=Cause.PART_LOST))
    return lost_on_the_way(case, deadline.due_at)
