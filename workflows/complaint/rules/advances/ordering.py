"""An advance is ordered by the handler, within a day where the seller's money does not cover (R9.1, R6.11)."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.advance import Advance, Fate
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import AdvanceOrdered, PaymentRetried
from workflows.complaint.domain.parts import FUND, Entry
from workflows.complaint.rules.advances.balance import OF_ADVANCES, course, owing
from workflows.complaint.rules.advances.course import decide_fate, recover, without_a_failed_one
from workflows.complaint.rules.advances.entitlement import (
    against_an_advance,
    most_to_be_advanced,
    to_be_covered,
    uncovered,
)
from workflows.complaint.rules.money.movements import FAILED, changed, entry_of, write_down
from workflows.complaint.rules.money.orders import order_payment
from workflows.complaint.rules.people import RUNNING
from workflows.complaint.rules.registry import Rules, Runs
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import Phase, Purpose, Role

rules = Rules()

_RULED = (Phase.CONFIRMATION, Phase.APPEAL, Phase.FULFILMENT)


@rules.duty(LimitName.ADVANCE_ORDER)
def the_handler_owes_an_advance(case: Case) -> Iterator[Runs]:
    """Run from the refusal of a payment that the seller's money does not cover (R6.11)."""
    for entry in uncovered(case):
        if entry.uncovered_since:
            yield Runs(entry.uncovered_since, subject=entry.movement.key)


def _supervised(case: Case) -> bool:
    return case.supervised


@rules.hears(AdvanceOrdered, "R9.1", by=(Role.AGENT,), during=_RULED, against=against_an_advance)
@rules.hears(AdvanceOrdered, "R9.1", by=(Role.SUPERVISOR,), during=_RULED, when=_supervised, against=against_an_advance)
def the_handler_orders_an_advance(case: Case, message: AdvanceOrdered, at: Instant) -> Case:
    """Let the fund advance it to the buyer, frozen; what the seller's money did not cover it pays (R9.2, R6.11)."""
    return _ordered(case, message.amount, message.sender, message.reason[:200], at)


def _ordered(case: Case, amount: Money, ordered_by: Party, remark: str, at: Instant) -> Case:
    most = most_to_be_advanced(case)
    if not amount or most < amount:
        text = f"{amount} cannot be advanced: more than 0.00 and at most {most} yuan is decided and not paid"
        raise NotHeard(Code.ABOVE_LIMIT, "R9.1", text)
    lacking = to_be_covered(case)
    for_freight = bool(lacking) and lacking[0].movement.purpose is Purpose.RETURN_FREIGHT
    case = write_down(
        without_a_failed_one(case),
        Purpose.ADVANCE,
        amount,
        at,
        payer=FUND,
        payee=case.buyer,
        rule="R6.8" if for_freight else "R9.2",
        ordered_by=ordered_by,
        remark=remark,
    )
    asked = case.advance.asked_since if case.advance else None  # of one that failed meanwhile: its question stands
    made = Advance(key=case.money[-1].movement.key, entitled=amount, for_freight=for_freight, asked_since=asked)
    case = case.but(advances=(*case.advances, made))
    return _stands_for(case, lacking, amount, at) if lacking else case


def _stands_for(case: Case, lacking: tuple[Entry, ...], amount: Money, at: Instant) -> Case:
    """Let an advance pay what the seller's money did not cover; what it leaves is asked of the seller again (R6.11)."""
    fate = Fate(given=amount, repaid_by=lacking[0].movement.payer, rule="R9.3", at=at)
    case = decide_fate(case, fate, at)
    left = amount
    for entry in lacking:
        one = entry.movement
        case = changed(case, one.key, owned_since=None, uncovered_since=None)
        if rest := one.amount - left:
            case = order_payment(case, one.purpose, rest, one.payer, one.ordered_by, at)
        left = left - one.amount
    return case


# -- tried again (R6.10) -------------------------------------------------------------------------------------------


def to_be_tried_again(case: Case, entry: Entry) -> bool:
    """Tell whether a movement has proven to have failed and nothing came in its place (R6.10)."""
    lacking = entry.owned_since or entry.uncovered_since
    return entry.movement.state in FAILED and (lacking is not None or _leaves_a_debt(case, entry))


def _leaves_a_debt(case: Case, entry: Entry) -> bool:
    """Tell whether it is a recovery that failed, of an advance for which the seller still owes (R9.5)."""
    advance = case.advance
    if advance is None or entry.movement.purpose is not Purpose.RECOVERY:
        return False
    return entry in course(case.money, advance.key) and bool(owing(case, advance))


def _something_failed(case: Case) -> bool:
    return any(to_be_tried_again(case, one) for one in case.money)


@rules.hears(PaymentRetried, "R6.10", by=(Role.AGENT, Role.SUPERVISOR), during=RUNNING, when=_something_failed)
def a_payment_is_retried(case: Case, message: PaymentRetried, at: Instant) -> Case:
    """Order a new movement with the next number after a proven failure (R6.10)."""
    entry = entry_of(case, message.movement)
    if entry is None:
        raise NotHeard(Code.UNKNOWN_REFERENCE, "R6.10", f"{message.movement} is no movement of this complaint")
    movement = entry.movement
    if not to_be_tried_again(case, entry):
        raise NotHeard(Code.ALREADY_DONE, "R6.10", f"{movement.key} is {movement.state}; nothing to retry")
    if movement.purpose is Purpose.ADVANCE:
        return _advanced_again(case, entry, message, at)
    if _leaves_a_debt(case, entry) and case.advance:
        return recover(case, owing(case, case.advance), movement.payer, message.sender, at)
    case = changed(case, movement.key, owned_since=None, uncovered_since=None)
    if movement.purpose in OF_ADVANCES | {Purpose.PAYOUT, Purpose.RESTITUTION}:
        again = _again(case, entry, message, at)
    else:
        again = order_payment(case, movement.purpose, movement.amount, movement.payer, message.sender, at)
    return _for_the_same(again, entry) if len(again.money) > len(case.money) else again


def _for_the_same(case: Case, failed: Entry) -> Case:
    """Let the new movement fulfil the ruling that the failed one did, whatever has been ruled since (R5.6)."""
    return changed(case, case.money[-1].movement.key, ruling=failed.ruling)


def _advanced_again(case: Case, entry: Entry, message: PaymentRetried, at: Instant) -> Case:
    if (refused := against_an_advance(case)) is not None:
        raise refused
    return _ordered(case, entry.movement.amount, message.sender, entry.movement.remark, at)


def _again(case: Case, entry: Entry, message: PaymentRetried, at: Instant) -> Case:
    one = entry.movement
    return write_down(
        case,
        one.purpose,
        one.amount,
        at,
        payer=one.payer,
        payee=one.payee,
        rule=one.rule,
        ordered_by=message.sender,
        rest=one.rest,
    )
