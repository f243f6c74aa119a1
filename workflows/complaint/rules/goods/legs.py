"""Goods on their way: who owes a leg, what the carrier says, what the receiver finds (R6.3 to R6.7)."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import CarrierInquiryGiven
from workflows.complaint.domain.messages import Condition, GoodsSent, LegName
from workflows.complaint.domain.parts import Leg
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.money.amount import Money
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import Phase, Role

rules = Rules()

STATES = ("awaited", "sent", "picked_up", "in_transit", "returned", "lost", "refused", "delivered")
"""A parcel's states in the order in which they outweigh each other: events come in any order, delivered stays."""


def owe(case: Case, leg: LegName, by: Role, since: Instant) -> Case:
    """Begin a leg: somebody owes a shipment from then on."""
    return case.but(goods=(*case.goods, Leg(leg=leg, by=by, since=since)))


def current(case: Case, *legs: LegName) -> Leg | None:
    """Return the leg that fulfilment waits for, if it is one of these."""
    if case.phase is not Phase.FULFILMENT or case.closing or not case.goods:
        return None
    last = case.goods[-1]
    return last if last.leg in legs and last.condition is None else None


def inspected(case: Case, condition: Condition, quantity: int | None) -> Case:
    """Write down what the receiver found."""
    return replaced(case, case.goods[-1].but(condition=condition, quantity=quantity))


def without_awaited(case: Case) -> tuple[Leg, ...]:
    """Return the legs without one that will never be sent."""
    return tuple(leg for leg in case.goods if leg.state != "awaited")


def unpaid_freight(case: Case) -> tuple[Money, ...]:
    """Return what the buyer stated returns to have cost and was not repaid yet (R6.8)."""
    return tuple(leg.freight for leg in case.goods if leg.leg == "return" and leg.freight and not leg.freight_repaid)


def with_freight_paid(case: Case) -> tuple[Leg, ...]:
    """Return the legs with their freight seen to."""
    return tuple(leg.but(freight_repaid=True) if leg.leg == "return" and leg.freight else leg for leg in case.goods)


def replaced(case: Case, leg: Leg) -> Case:
    """Replace the latest leg."""
    return case.but(goods=(*case.goods[:-1], leg))


def open_leg(case: Case) -> Leg | None:
    """Return the leg that fulfilment waits for, whichever it is."""
    return current(case, "return", "replacement", "repaired", "missing_part", "original")


def _awaited(case: Case) -> bool:
    leg = open_leg(case)
    return leg is not None and leg.state == "awaited"


@rules.hears(GoodsSent, "R6.3", by=(Role.BUYER, Role.SELLER), during=(Phase.FULFILMENT,), when=_awaited)
def the_goods_are_sent(case: Case, message: GoodsSent, at: Instant) -> Case:
    """Take carrier and tracking number of the leg that is owed."""
    leg = case.goods[-1]
    if message.sender.role is not leg.by or message.leg != leg.leg:
        raise NotHeard(Code.INCONSISTENT, "R6.3", f"awaited is leg {leg.leg}, sent by the {leg.by}")
    if not case.staff.knows(Role.CARRIER, message.carrier):
        known = ", ".join(case.staff.of(Role.CARRIER))
        raise NotHeard(
            Code.UNKNOWN_REFERENCE, "R6.3", f"{message.carrier} is no carrier of the platform; known: {known}"
        )
    sent = leg.but(
        state="sent", carrier=message.carrier, tracking=message.tracking, sent_at=at, freight=message.freight
    )
    return replaced(case, sent)


def _silent_since_sent(case: Case) -> Iterator[Runs]:
    leg = open_leg(case)
    if leg and leg.state == "sent" and leg.sent_at and not leg.inquiry_since:
        yield Runs(leg.sent_at, subject=leg.leg)


@rules.window(LimitName.CARRIER_FIRST, _silent_since_sent)
def the_carrier_never_reported(case: Case, deadline: Deadline) -> Case:
    """Let the handler ask the carrier (R6.4)."""
    return _inquire(case, deadline.due_at)


def _silent_on_the_way(case: Case) -> Iterator[Runs]:
    leg = open_leg(case)
    moving = leg is not None and leg.state in {"picked_up", "in_transit", "lost"}
    if leg and moving and leg.last_event_at and not leg.arrived_at and not leg.inquiry_since:
        yield Runs(leg.last_event_at, subject=leg.leg)


@rules.window(LimitName.CARRIER_NEXT, _silent_on_the_way)
def the_carrier_fell_silent(case: Case, deadline: Deadline) -> Case:
    """Let the handler ask the carrier (R6.4)."""
    return _inquire(case, deadline.due_at)


def _inquire(case: Case, at: Instant) -> Case:
    case = emit(case, at, CarrierInquiryGiven(handler=case.handler), "R6.4")
    return replaced(case, case.goods[-1].but(inquiry_since=at))


def under_inquiry(case: Case) -> Iterator[Runs]:
    """Run while the handler asks the carrier where the parcel is (R6.4)."""
    leg = open_leg(case)
    if leg and leg.inquiry_since:
        yield Runs(leg.inquiry_since, subject=leg.leg)


def never_sent(case: Case) -> Case:
    """Count a parcel that was never picked up as not sent (R6.4)."""
    leg = case.goods[-1]
    again = Leg(leg=leg.leg, by=leg.by, since=leg.since, attempt=leg.attempt + 1)
    return replaced(case, again)
