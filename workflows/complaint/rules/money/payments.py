"""Every movement of money is written down; decided, requested, settled, failed are different facts (R6.10)."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.award import Award
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import (
    AdvanceWanted,
    AmountCut,
    PaymentFailed,
    PaymentOverdue,
    PaymentRequested,
    PaymentReversed,
    PaymentSettled,
)
from workflows.complaint.domain.messages import PaymentReported
from workflows.complaint.domain.parts import Entry
from workflows.complaint.rules.advances.balance import (
    frozen_without_a_fate,
    given_for_the_line,
    in_good_standing,
    irreversible,
    live,
)
from workflows.complaint.rules.clocks import held
from workflows.complaint.rules.deadlines import turned
from workflows.complaint.rules.emit import emit, enter
from workflows.complaint.rules.follow_up import begin_follow_up
from workflows.complaint.rules.goods import legs
from workflows.complaint.rules.money import corrections
from workflows.complaint.rules.money.movements import (
    COUNTED,
    UNSETTLED,
    changed,
    ended,
    entry_of,
    known,
    moved,
    owned,
    settled_since,
    total,
    under_way,
    write_down,
)
from workflows.complaint.rules.money.overturned import made_whole
from workflows.complaint.rules.people import RUNNING
from workflows.complaint.rules.registry import FAILS, SETTLES, Deadline, Runs, duty, hears, met, window
from workflows.money.amount import NOTHING, Money
from workflows.money.movement import Movement, PaymentAnswer
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import REFUNDING, MoneyState, Phase, Purpose, Remedy, Role

_MAY_ASK_FOR_MORE = frozenset({Purpose.COMPENSATION, Purpose.COUPON})
_RULES = {Purpose.REFUND: "R6.1", Purpose.RETURN_FREIGHT: "R6.8"}
_REFUNDS = frozenset({Purpose.REFUND, Purpose.PRICE_DIFFERENCE})
_AT_ONCE = {
    Remedy.REFUND: Purpose.REFUND,
    Remedy.COMPENSATION: Purpose.COMPENSATION,
    Remedy.PRICE_DIFFERENCE: Purpose.PRICE_DIFFERENCE,
    Remedy.COUPON: Purpose.COUPON,
}
AWARDED = frozenset({Purpose.REFUND, Purpose.COMPENSATION, Purpose.PRICE_DIFFERENCE, Purpose.COUPON})
"""What the buyer is given of a line: everything else repays freight, or moves an advance or held money."""


def paid_at_once(remedy: Remedy) -> Purpose | None:
    """Return as what a remedy is paid that waits for no legs, None for the others (R6.1, R6.2)."""
    return _AT_ONCE.get(remedy)


def purpose_of(case: Case) -> Purpose:
    """Return as what the decision is paid: a refund, unless it gives something else (R6.1, R6.2)."""
    remedy = case.decision.award.remedy if case.decision else Remedy.REFUND
    return paid_at_once(remedy) or Purpose.REFUND


def require_within_ceiling(case: Case, award: Award) -> None:
    """Refuse more than paid and shipping, less what all complaints of the line have decided (R1.8)."""
    if award.amount is None or case.order is None:
        return
    most = left_of_the_line(case, above_the_price=award.remedy not in REFUNDING)
    if most < award.amount:
        text = f"{award.remedy} {award.amount} is above the most this line can give, {most} yuan"
        raise NotHeard(Code.ABOVE_LIMIT, "R1.8", text)


def decided(case: Case) -> Money:
    """Return what this complaint has decided for the buyer so far, failures and reversals apart (R1.8)."""
    counted = [one for one in case.money if one.movement.state in COUNTED]
    return total(counted, *AWARDED) + given_for_the_line(case)


def decided_for_the_buyer(case: Case) -> Money:
    """Return what counts against the line: while the complaint is open also what is awarded, not yet moved (R1.8)."""
    open_still = case.decision is not None and not case.closed and case.closing is None
    awarded = case.decision.award.amount if case.decision and open_still else None
    return max(decided(case) + frozen_without_a_fate(case), awarded or NOTHING, key=lambda money: money.amount)


def order_payment(case: Case, purpose: Purpose, amount: Money, payer: Party, ordered_by: Party, at: Instant) -> Case:
    """Write down a movement as decided; its number is the next of its purpose (R6.10). The excess is cut (R1.8)."""
    most = _most(case, purpose, amount)
    if most < amount:
        case = emit(case, at, AmountCut(purpose=purpose, wanted=amount, most=most), "R1.8", amount=most)
        if not most:
            return done(case, at)
    return write_down(
        case,
        purpose,
        most,
        at,
        payer=payer,
        payee=case.buyer,
        rule=_RULES.get(purpose, "R6.2"),
        ordered_by=ordered_by,
        remark=f"{case.decision.basis} {case.decision.award.remedy}" if case.decision else "",
    )


def _most(case: Case, purpose: Purpose, amount: Money) -> Money:
    """Return the amount, or what the line can still give where that is less; repaid freight is apart (R1.8, R6.8)."""
    if case.order is None or purpose is Purpose.RETURN_FREIGHT:
        return amount
    most = left_of_the_line(case, above_the_price=purpose in _MAY_ASK_FOR_MORE)
    return min(amount, most, key=lambda money: money.amount)


def left_of_the_line(case: Case, *, above_the_price: bool) -> Money:
    """Return what the line can still give by what is decided; a compensation may go above its price (R1.8)."""
    if case.order is None:
        return NOTHING
    most = case.order.ceiling.amount
    if above_the_price:
        most = max(most, case.order.paid.amount * case.policy.compensation_multiple)
    return Money(amount=most) - case.decided_elsewhere - decided(case)


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


def paid(case: Case, key: str, answer: PaymentAnswer, at: Instant) -> Case:
    """Take the provider's answer; `pending` leaves the movement requested until it reports (R6.10)."""
    entry = known(case, key)
    if entry.movement.state is not MoneyState.REQUESTED:
        proven = answer.result == "settled" and corrections.waits_for(case, entry)
        return _settled_after_all(case, entry, answer.provider_reference, at, answer.from_deposit) if proven else case
    match answer.result:
        case "settled":
            settled = _settled(case, key, answer.provider_reference, at, answer.from_deposit)
            return turned(case, settled, kind="payment_reported")
        case "refused":
            return turned(case, _failed(case, key, answer.reason, at, answer.available))
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


def see_to(case: Case, key: str, at: Instant) -> Case:
    """Let the handler own a movement that failed or came back (R6.10)."""
    # Who owned it for being late owns it still: a failure gives no working day on top (R6.10).
    return owned(case, key, known(case, key).owned_since or at)


def done(case: Case, at: Instant) -> Case:
    """Go on once no payment is open: close what is to be closed, or begin the follow-up when all is done (R10.1)."""
    if under_way(case):
        return case
    if case.closing:
        return ended(case, at)
    waits = apology_awaited(case) or live(case) or legs.open_leg(case)
    if waits or case.phase is not Phase.FULFILMENT:
        return case
    return begin_follow_up(case, at)


def apology_awaited(case: Case) -> bool:
    """Return whether what was decided is an apology that nobody has made yet (R6.7)."""
    decision = case.decision
    return decision is not None and decision.award.remedy is Remedy.APOLOGY and not decision.apologised


def _unsettled(case: Case) -> Iterator[Runs]:
    for entry in case.money:
        if entry.movement.state in UNSETTLED and not entry.owned_since:
            yield Runs(entry.decided_at, subject=entry.movement.key)


@window(LimitName.PAYMENT, _unsettled)
def a_payment_takes_too_long(case: Case, deadline: Deadline) -> Case:
    """The handler owns a payment that is not settled 24 h after it was decided (R6.1, R6.10)."""
    purpose = known(case, deadline.subject).movement.purpose
    case = emit(case, deadline.due_at, PaymentOverdue(movement=deadline.subject, purpose=purpose), "R6.10")
    return owned(case, deadline.subject, deadline.due_at)


@met(LimitName.PAYMENT)
def it_was_settled(case: Case, deadline: Deadline) -> bool:
    """Say whether the provider's report was that of a settlement: only that ends its time as met (R6.1)."""
    return known(case, deadline.subject).movement.state is MoneyState.SETTLED


@duty(LimitName.PAYMENT_OWNED)
def the_handler_owns_a_payment(case: Case) -> Iterator[Runs]:
    """Run from the failure, or from the end of the provider's 24 h (R6.10)."""
    for entry in case.money:
        if entry.owned_since:
            yield Runs(entry.owned_since, subject=entry.movement.key)


def _something_moves(case: Case) -> bool:
    return bool(case.money)


@hears(PaymentReported, "R6.10", by=(Role.PAYMENT,), during=RUNNING, when=_something_moves)
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
