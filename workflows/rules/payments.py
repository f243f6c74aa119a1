"""Every movement of money is written down; decided, requested, settled, failed are different facts (R6.10)."""

from collections.abc import Iterator

from workflows.domain.answers import Code, NotHeard
from workflows.domain.base import Instant
from workflows.domain.case import Case
from workflows.domain.filing import OrderLine, Party
from workflows.domain.messages import PaymentReported, PaymentRetried
from workflows.domain.money import NOTHING, Money
from workflows.domain.parts import Award, Entry
from workflows.domain.payment import Movement, PaymentAnswer
from workflows.domain.policy import LimitName
from workflows.domain.vocabulary import REFUNDING, MoneyState, Phase, Purpose, Remedy, Role
from workflows.rules import goods
from workflows.rules.deadlines import turned
from workflows.rules.follow_up import begin_follow_up
from workflows.rules.people import RUNNING
from workflows.rules.registry import Deadline, Runs, duty, hears, met, window
from workflows.rules.steps import enter, step
from workflows.rules.stops import held

_MAY_ASK_FOR_MORE = frozenset({Purpose.COMPENSATION, Purpose.COUPON})
_RULES = {Purpose.REFUND: "R6.1", Purpose.RETURN_FREIGHT: "R6.8"}
_REFUNDS = frozenset({Purpose.REFUND, Purpose.PRICE_DIFFERENCE})
_UNSETTLED = frozenset({MoneyState.DECIDED, MoneyState.REQUESTED})


def require_within_ceiling(case: Case, award: Award) -> None:
    """Refuse more than paid and shipping, less what all complaints of the line have decided (R1.8)."""
    if award.amount is None or case.order is None:
        return
    most = _left(case, case.order, above_the_price=award.remedy not in REFUNDING)
    if most < award.amount:
        text = f"{award.remedy} {award.amount} is above the most this line can give, {most} yuan"
        raise NotHeard(Code.ABOVE_LIMIT, "R1.8", text)


def decided(case: Case) -> Money:
    """Return what this complaint has decided for the buyer so far, failures and reversals apart (R1.8)."""
    counted = _UNSETTLED | {MoneyState.SETTLED}
    return Money(
        amount=sum(e.movement.amount.amount for e in case.money if e.movement.state in counted and _of_the_line(e))
    )


def decided_for_the_buyer(case: Case) -> Money:
    """Return what counts against the line: while the complaint is open also what is awarded, not yet moved (R1.8)."""
    awarded = case.decision.award.amount if case.decision and not case.closed else None
    return max(decided(case), awarded or NOTHING, key=lambda money: money.amount)


def order_payment(case: Case, purpose: Purpose, amount: Money, payer: Party, ordered_by: Party, at: Instant) -> Case:
    """Write down a movement as decided; its number is the next of its purpose (R6.10). The excess is cut (R1.8)."""
    most = _most(case, purpose, amount)
    if most < amount:
        case = step(case, at, "amount_cut", "R1.8", reason=f"{purpose} {amount} is cut to {most}", amount=most)
        if not most:
            return done(case, at)
    number = sum(entry.movement.purpose is purpose for entry in case.money) + 1
    movement = Movement(
        key=f"{case.complaint}:{purpose}:{number}",
        purpose=purpose,
        payer=payer,
        payee=case.buyer,
        amount=most,
        state=MoneyState.DECIDED,
        rule=_RULES.get(purpose, "R6.2"),
        ordered_by=ordered_by,
        remark=f"{case.decision.basis} {case.decision.award.remedy}" if case.decision else "",
    )
    case = step(case, at, "payment_decided", movement.rule, reason=movement.key, amount=most)
    return case.but(money=(*case.money, Entry(movement=movement, decided_at=at, since=at)))


def _most(case: Case, purpose: Purpose, amount: Money) -> Money:
    """Return the amount, or what the line can still give where that is less; repaid freight is apart (R1.8, R6.8)."""
    if case.order is None or purpose is Purpose.RETURN_FREIGHT:
        return amount
    most = _left(case, case.order, above_the_price=purpose in _MAY_ASK_FOR_MORE)
    return min(amount, most, key=lambda money: money.amount)


def _left(case: Case, order: OrderLine, *, above_the_price: bool) -> Money:
    most = order.ceiling.amount
    if above_the_price:
        most = max(most, order.paid.amount * case.policy.compensation_multiple)
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
    case = step(case, at, "payment_requested", "R6.10", reason=key, amount=_entry(case, key).movement.amount)
    return _moved(case, key, MoneyState.REQUESTED, at)


def paid(case: Case, key: str, answer: PaymentAnswer, at: Instant) -> Case:
    """Take the provider's answer; `pending` leaves the movement requested until it reports (R6.10)."""
    if _entry(case, key).movement.state is not MoneyState.REQUESTED:
        return case
    match answer.result:
        case "settled":
            return turned(case, _settled(case, key, answer.provider_reference, at), kind="payment_reported")
        case "refused":
            return turned(case, _failed(case, key, answer.reason or "refused by the provider", at))
        case "pending":
            return case


def _entry(case: Case, key: str) -> Entry:
    return next(entry for entry in case.money if entry.movement.key == key)


def _moved(case: Case, key: str, state: MoneyState, at: Instant, **changes: object) -> Case:
    def moved(entry: Entry) -> Entry:
        movement = entry.movement.but(state=state, **changes)
        return entry.but(movement=movement, since=at)

    return case.but(money=tuple(moved(e) if e.movement.key == key else e for e in case.money))


def _settled(case: Case, key: str, reference: str | None, at: Instant) -> Case:
    movement = _entry(case, key).movement
    case = step(case, at, "payment_settled", movement.rule, reason=key, amount=movement.amount)
    case = _owned(_moved(case, key, MoneyState.SETTLED, at, provider_reference=reference), key, None)
    return done(case, at)


def _failed(case: Case, key: str, reason: str, at: Instant) -> Case:
    case = step(
        case, at, "payment_failed", "R6.10", reason=f"{key}: {reason}", amount=_entry(case, key).movement.amount
    )
    # Who owned it for being late owns it still: a failure gives no working day on top (R6.10).
    since = None if case.first_edition else _entry(case, key).owned_since
    return _owned(_moved(case, key, MoneyState.FAILED, at), key, since or at)


def _owned(case: Case, key: str, since: Instant | None) -> Case:
    return case.but(money=tuple(e.but(owned_since=since) if e.movement.key == key else e for e in case.money))


def done(case: Case, at: Instant) -> Case:
    """Begin the follow-up once no payment is open and no goods are on their way any more (R10.1)."""
    paying = any(entry.movement.state in _UNSETTLED or entry.owned_since for entry in case.money)
    if paying or apology_awaited(case) or case.phase is not Phase.FULFILMENT or goods.open_leg(case):
        return case
    return begin_follow_up(case, at)


def apology_awaited(case: Case) -> bool:
    """Return whether what was decided is an apology that nobody has made yet (R6.7)."""
    decision = case.decision
    return decision is not None and decision.award.remedy is Remedy.APOLOGY and not decision.apologised


def _unsettled(case: Case) -> Iterator[Runs]:
    for entry in case.money:
        if entry.movement.state in _UNSETTLED and not entry.owned_since:
            yield Runs(entry.decided_at, subject=entry.movement.key)


@window(LimitName.PAYMENT, _unsettled)
def a_payment_takes_too_long(case: Case, deadline: Deadline) -> Case:
    """The handler owns a payment that is not settled 24 h after it was decided (R6.1, R6.10)."""
    case = step(case, deadline.due_at, "payment_overdue", "R6.10", reason=deadline.subject)
    return _owned(case, deadline.subject, deadline.due_at)


@met(LimitName.PAYMENT)
def it_was_settled(case: Case, deadline: Deadline) -> bool:
    """Say whether the provider's report was that of a settlement: only that ends its time as met (R6.1)."""
    return _entry(case, deadline.subject).movement.state is MoneyState.SETTLED


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
    entry = next((e for e in case.money if e.movement.key == message.movement), None)
    if entry is None:
        raise NotHeard(Code.UNKNOWN_REFERENCE, "R6.10", f"{message.movement} is no movement of this complaint")
    state = entry.movement.state
    if message.result == "reversed" and state is MoneyState.SETTLED:
        case = step(case, at, "payment_reversed", "R6.10", reason=message.movement, amount=entry.movement.amount)
        case = _owned(_moved(case, message.movement, MoneyState.REVERSED, at), message.movement, at)
        # Who has lost the refund again is not asked whether all is well: the follow-up begins anew with the retry.
        return enter(case, Phase.FULFILMENT).but(follow_up=None) if case.phase is Phase.FOLLOW_UP else case
    if message.result == "reversed" or state is not MoneyState.REQUESTED:
        raise NotHeard(Code.ALREADY_DONE, "R6.10", f"{message.movement} is {state}; it cannot become {message.result}")
    if message.result == "settled":
        return _settled(case, message.movement, message.provider_reference, at)
    return _failed(case, message.movement, message.reason or "reported as failed", at)


def _something_failed(case: Case) -> bool:
    return any(e.movement.state in _FAILED and e.owned_since for e in case.money)


_FAILED = frozenset({MoneyState.FAILED, MoneyState.REVERSED})


@hears(PaymentRetried, "R6.10", by=(Role.AGENT, Role.SUPERVISOR), during=RUNNING, when=_something_failed)
def a_payment_is_retried(case: Case, message: PaymentRetried, at: Instant) -> Case:
    """Order a new movement with the next number after a proven failure (R6.10)."""
    entry = next((e for e in case.money if e.movement.key == message.movement), None)
    if entry is None:
        raise NotHeard(Code.UNKNOWN_REFERENCE, "R6.10", f"{message.movement} is no movement of this complaint")
    if entry.movement.state not in _FAILED or not entry.owned_since:
        raise NotHeard(Code.ALREADY_DONE, "R6.10", f"{message.movement} is {entry.movement.state}; nothing to retry")
    case = _owned(case, message.movement, None)
    movement = entry.movement
    return order_payment(case, movement.purpose, movement.amount, movement.payer, message.sender, at)


def _of_the_line(entry: Entry) -> bool:
    # Return freight pays the buyer back for sending; it is no part of what the line can give (R6.8).
    return entry.movement.purpose is not Purpose.RETURN_FREIGHT
