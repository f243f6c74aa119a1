"""What becomes of a movement: requested, settled, failed, reversed are different facts (R6.10)."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import (
    AdvanceWanted,
    PaymentFailed,
    PaymentOverdue,
    PaymentRequested,
    PaymentReversed,
    PaymentSettled,
)
from workflows.complaint.domain.messages import PaymentReported
from workflows.complaint.domain.parts import Entry
from workflows.complaint.rules.advances.balance import (
    in_good_standing,
    irreversible,
)
from workflows.complaint.rules.clocks import held
from workflows.complaint.rules.emit import emit, enter
from workflows.complaint.rules.money import corrections
from workflows.complaint.rules.money.consequences import FAILS, SETTLES
from workflows.complaint.rules.money.movements import (
    UNSETTLED,
    changed,
    entry_of,
    known,
    moved,
    owned,
    settled_since,
)
from workflows.complaint.rules.money.orders import AWARDED, done, see_to
from workflows.complaint.rules.money.overturned import made_whole
from workflows.complaint.rules.people import RUNNING
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.money.amount import NOTHING, Money
from workflows.money.movement import Movement, PaymentAnswer
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import MoneyState, Phase, Purpose, Role

rules = Rules()
_REFUNDS = frozenset({Purpose.REFUND, Purpose.PRICE_DIFFERENCE})


def owed(case: Case) -> Movement | None:
    """Return the movement that the payment provider is to be asked for next, if any."""
    if held(case):
        return None  # new payments stand still, requested ones go on (R7.7)
    return next((e.movement for e in case.money if e.movement.state is MoneyState.DECIDED), None)


def ceiling(case: Case, movement: Movement) -> Money | None:
    """Return what all complaints of the line together may refund, None for what is no refund (R1.8)."""
    return case.order.ceiling if case.order and movement.purpose in _REFUNDS else None


def requested(case: Case, key: str, at: Instant) -> Case:
    """The provider is being asked: from here on the answer may be unknown, but never the question (R6.10)."""
    movement = known(case, key).movement
    case = emit(case, at, PaymentRequested(movement=key, purpose=movement.purpose), "R6.10", amount=movement.amount)
    return moved(case, key, MoneyState.REQUESTED, at)


def answered(case: Case, key: str, answer: PaymentAnswer, at: Instant) -> Case:
    """Take the provider's answer; `pending` leaves the movement requested until it reports (R6.10)."""
    entry = known(case, key)
    if entry.movement.state is not MoneyState.REQUESTED:
        proven = answer.result == "settled" and corrections.waits_for(case, entry)
        return _settled_after_all(case, entry, answer.provider_reference, at, answer.from_deposit) if proven else case
    match answer.result:
        case "settled":
            return _settled(case, key, answer.provider_reference, at, answer.from_deposit)
        case "refused":
            return _failed(case, key, answer.reason, at, answer.available)
        case "pending":
            return case


def _settled_after_all(
    case: Case, entry: Entry, reference: str | None, at: Instant, from_deposit: Money = NOTHING
) -> Case:
    case = corrections.released(case, corrections.waits_for(case, entry) or ())
    return _settled(case, entry.movement.key, reference, at, from_deposit, corrected=True)


def _settled(
    case: Case, key: str, reference: str | None, at: Instant, from_deposit: Money = NOTHING, *, corrected: bool = False
) -> Case:
    movement = known(case, key).movement
    settled = PaymentSettled(movement=key, purpose=movement.purpose, corrected=corrected)
    case = emit(case, at, settled, movement.rule, amount=movement.amount)
    case = settled_since(case, key, at, reference, from_deposit)
    if movement.purpose in SETTLES:
        case = SETTLES[movement.purpose](case, known(case, key), at)
    return done(made_whole(case, at), at)


def _failed(
    case: Case, key: str, said: str | None, at: Instant, available: Money | None = None, *, reported: bool = False
) -> Case:
    entry = known(case, key)
    failed = PaymentFailed(movement=key, purpose=entry.movement.purpose, said=said, reported=reported)
    case = emit(case, at, failed, "R6.10", amount=entry.movement.amount)
    case = moved(case, key, MoneyState.FAILED, at)
    if entry.movement.purpose in FAILS:
        return done(FAILS[entry.movement.purpose](case, known(case, key), available, at), at)
    if available is not None and _may_be_advanced(case, entry):
        wanted = AdvanceWanted(movement=key, purpose=entry.movement.purpose, available=available)
        case = emit(case, at, wanted, "R6.11", amount=entry.movement.amount)
        return changed(case, key, owned_since=None, uncovered_since=at)
    return see_to(case, key, at)


def _may_be_advanced(case: Case, entry: Entry) -> bool:
    """Tell whether an advance can be ordered where the seller's money does not cover a payment (R6.11, R9.1)."""
    by_seller = entry.movement.payer.role is Role.SELLER and entry.movement.purpose in AWARDED | {
        Purpose.RETURN_FREIGHT
    }
    return by_seller and in_good_standing(case)


def _unsettled(case: Case) -> Iterator[Runs]:
    for entry in case.money:
        if entry.movement.state in UNSETTLED and not entry.owned_since:
            yield Runs(entry.decided_at, subject=entry.movement.key)


@rules.window(LimitName.PAYMENT, _unsettled)
def a_payment_takes_too_long(case: Case, deadline: Deadline) -> Case:
    """The handler owns a payment that is not settled in its time (R6.1, R6.10)."""
    purpose = known(case, deadline.subject).movement.purpose
    case = emit(case, deadline.due_at, PaymentOverdue(movement=deadline.subject, purpose=purpose), "R6.10")
    return owned(case, deadline.subject, deadline.due_at)


@rules.met(LimitName.PAYMENT)
def it_was_settled(case: Case, deadline: Deadline) -> bool:
    """Say whether the provider's report was that of a settlement: only that ends its time as met (R6.1)."""
    return known(case, deadline.subject).movement.state is MoneyState.SETTLED


@rules.duty(LimitName.PAYMENT_OWNED)
def the_handler_owns_a_payment(case: Case) -> Iterator[Runs]:
    """Run from the failure, or from the end of the provider's time (R6.10)."""
    for entry in case.money:
        if entry.owned_since:
            yield Runs(entry.owned_since, subject=entry.movement.key)


def _something_moves(case: Case) -> bool:
    return bool(case.money)


@rules.hears(PaymentReported, "R6.10", by=(Role.PAYMENT,), during=RUNNING, when=_something_moves)
def the_provider_reports(case: Case, message: PaymentReported, at: Instant) -> Case:
    """Take the provider's late word on a movement it was asked for (R6.10)."""
    entry = entry_of(case, message.movement)
    if entry is None:
        raise NotHeard(Code.UNKNOWN_REFERENCE, "R6.10", f"{message.movement} is no movement of this complaint")
    state, said = entry.movement.state, message.result
    if state is MoneyState.SETTLED and said in {"reversed", "failed"}:
        return _reversed(case, entry, said, at)
    if said == "settled" and corrections.waits_for(case, entry):
        return _settled_after_all(case, entry, message.provider_reference, at)
    if said == "reversed" or state is not MoneyState.REQUESTED:
        raise NotHeard(
            Code.ALREADY_DONE, "R6.10", f"{message.movement} is {state}; it cannot become {said}", stands=state
        )
    if said == "settled":
        return _settled(case, message.movement, message.provider_reference, at)
    return _failed(case, message.movement, message.reason, at, reported=True)


def _reversed(case: Case, entry: Entry, said: str, at: Instant) -> Case:
    movement = entry.movement
    if movement.key in irreversible(case):
        text = f"unfrozen or clawed back already: {movement.key} is settled; it cannot become {said}"
        raise NotHeard(Code.ALREADY_DONE, "R9.6", text, stands=entry.movement.state)
    back = PaymentReversed(movement=movement.key, purpose=movement.purpose, corrected=said == "failed")
    case = emit(case, at, back, "R6.10", amount=movement.amount)
    case = moved(case, movement.key, MoneyState.REVERSED, at)
    if movement.purpose in FAILS:
        return FAILS[movement.purpose](case, known(case, movement.key), None, at)
    case = owned(case, movement.key, at)
    # Who has lost the refund again is not asked whether all is well: the follow-up begins anew with the retry.
    return enter(case, Phase.FULFILMENT).but(follow_up=None) if case.phase is Phase.FOLLOW_UP else case
