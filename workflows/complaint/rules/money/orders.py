"""What is ordered to be paid, and at most how much: movements are written down as decided (R1.8, R6.10, R6.11)."""

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.award import Award
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import (
    AmountCut,
)
from workflows.complaint.rules.advances.balance import (
    frozen_without_a_fate,
    given_for_the_line,
    live,
)
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.follow_up import begin_follow_up
from workflows.complaint.rules.goods import legs
from workflows.complaint.rules.money.movements import (
    COUNTED,
    ended,
    known,
    owned,
    total,
    under_way,
    write_down,
)
from workflows.money.amount import NOTHING, Money
from workflows.parties import Party
from workflows.values import Instant
from workflows.vocabulary import REFUNDING, Phase, Purpose, Remedy

_MAY_ASK_FOR_MORE = frozenset({Purpose.COMPENSATION, Purpose.COUPON})
_RULES = {Purpose.REFUND: "R6.1", Purpose.RETURN_FREIGHT: "R6.8"}
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
