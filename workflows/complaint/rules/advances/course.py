"""The course of an advance: made and frozen, then unfrozen or clawed back once, and recovered for the fund (R9)."""

from workflows.complaint.domain.advance import Fate
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events import AdvanceCalledOff, BuyerToBeAsked, DebtRecorded, ManualIntervention
from workflows.complaint.domain.parts import FUND, PLATFORM, SYSTEM, Entry
from workflows.complaint.rules.advances.balance import course, going_back, live, owing, standing, state
from workflows.complaint.rules.advances.entitlement import against_an_advance
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.goods import legs
from workflows.complaint.rules.money.movements import FAILED, by_platform, left_held, moved, owned, write_down
from workflows.complaint.rules.money.orders import order_payment, purpose_of, see_to
from workflows.complaint.rules.points import owe_points
from workflows.complaint.rules.registry import Rules
from workflows.money.amount import NOTHING, Money
from workflows.parties import Party
from workflows.values import Instant
from workflows.vocabulary import MoneyState, Purpose

rules = Rules()


def stand_in(case: Case, amount: Money, payer: Party, rule: str, at: Instant) -> tuple[Case, Money]:
    """Let a frozen advance be what the buyer is given; returns what is still to be paid the normal way (R9.7).

    What is frozen above the amount goes back in the same transaction.
    """
    case, advance = without_a_failed_one(case), live(case)
    if advance is None:
        return case, amount
    given = min(advance.entitled, amount, key=lambda money: money.amount)
    case = decide_fate(case, Fate(given=given, repaid_by=payer, rule=rule, at=at), at)
    return case, amount - given


def give_back(case: Case, rule: str, at: Instant) -> Case:
    """Claw back the whole advance; one that nobody was asked for yet is called off (R9.4, R9.7, R5.6)."""
    case, advance = without_a_failed_one(case), live(case)
    if advance is None:
        return case
    case = decide_fate(case, Fate(given=NOTHING, repaid_by=PLATFORM, rule=rule, at=at), at)
    if state(case, advance) is MoneyState.DECIDED:
        case = emit(
            case, at, AdvanceCalledOff(movement=advance.key, purpose=Purpose.ADVANCE), rule, amount=advance.entitled
        )
        case = moved(case, advance.key, MoneyState.FAILED, at)
    return case


def reduce_to(case: Case, most: Money, rule: str, at: Instant) -> Case:
    """Let go back at once what a new decision no longer gives; the rest stays frozen (R5.6)."""
    case, advance = without_a_failed_one(case), live(case)
    if advance is None or advance.entitled <= most:
        return case
    if not most:
        return give_back(case, rule, at)
    return _trimmed(_latest(case, entitled=most), rule, at)


def without_a_failed_one(case: Case) -> Case:
    """Let nobody own an advance that failed: the decision is fulfilled without it."""
    advance = case.advance
    if advance is None or advance.fate or state(case, advance) not in FAILED:
        return case
    return owned(case, advance.key, None)


def decide_fate(case: Case, fate: Fate, at: Instant) -> Case:
    """Decide once what becomes of the latest advance; it is done as soon as the advance has settled (R9.6)."""
    return _resolved(_latest(case, fate=fate, asked_since=None), at)


def _latest(case: Case, **changes: object) -> Case:
    return case.but(advances=(*case.advances[:-1], case.advances[-1].but(**changes)))


def asked_no_more(case: Case) -> Case:
    """Let the time to ask the buyer be over: what was said goes its way (R9.4)."""
    return _latest(case, asked_since=None)


def _trimmed(case: Case, rule: str, at: Instant) -> Case:
    """Claw back what is frozen above what the buyer is entitled to (R5.6)."""
    advance = case.advances[-1]
    if state(case, advance) is not MoneyState.SETTLED:
        return case
    excess = standing(case, advance).frozen - going_back(case, advance) - advance.entitled
    return _claw_back(case, excess, rule, at) if excess else case


def _claw_back(case: Case, amount: Money, rule: str, at: Instant) -> Case:
    return write_down(
        case, Purpose.CLAW_BACK, amount, at, payer=case.buyer, payee=FUND, rule=rule, ordered_by=SYSTEM
    )  # fmt: skip


def _resolved(case: Case, at: Instant) -> Case:
    """Unfreeze what is the buyer's and let the rest go back, once (R9.6)."""
    advance = case.advances[-1]
    fate = advance.fate
    if fate is None or advance.resolved_at or state(case, advance) is not MoneyState.SETTLED:
        return case
    whole = standing(case, advance).frozen - going_back(case, advance)
    case = _latest(case, resolved_at=at)
    if not fate.given:
        return _claw_back(case, whole, fate.rule, at) if whole else case
    return write_down(
        case,
        Purpose.UNFREEZE,
        fate.given,
        at,
        payer=case.buyer,
        payee=case.buyer,
        rule=fate.rule,
        ordered_by=SYSTEM,
        rest=whole - fate.given or None,
    )


def repay_the_fund(case: Case, at: Instant) -> Case:
    """Recover what the buyer keeps, from the seller or the platform, beside the unfreezing (R9.5, R9.7)."""
    advance = case.advance
    if advance is None or advance.resolved_at is None or advance.fate is None or not advance.fate.given:
        return case
    if any(one.movement.purpose is Purpose.RECOVERY for one in course(case.money, advance.key)):
        return case
    return recover(case, advance.fate.given, advance.fate.repaid_by, SYSTEM, at)


def recover(case: Case, amount: Money, payer: Party, ordered_by: Party, at: Instant) -> Case:
    """Ask for a recovery: of the seller its held money, then the deposit; the platform for the carrier (R6.4)."""
    rule = _repaid_under(case) if payer == PLATFORM else "R9.5"
    return write_down(
        case, Purpose.RECOVERY, amount, at, payer=payer, payee=FUND, rule=rule, ordered_by=ordered_by
    )  # fmt: skip


def _repaid_under(case: Case) -> str:
    by_ruling = case.decision is not None and case.decision.payer == PLATFORM
    return "R6.11" if by_ruling else "R6.4"


@rules.when_settled(Purpose.ADVANCE)
def it_is_frozen(case: Case, entry: Entry, at: Instant) -> Case:
    """Keep the advance frozen, or do at once what was decided of it meanwhile; the seller owes points (R8.4, R9.6)."""
    if entry.movement.key != case.advances[-1].key:
        return case
    case = emit(case, at, ManualIntervention(), "R9.6")
    fate = case.advances[-1].fate
    case = owe_points(case, at, "advance") if fate is None or fate.given else case
    case = _trimmed(case, "R5.6", at) if case.advances[-1].fate is None else case
    return repay_the_fund(_resolved(case, at), at)


@rules.when_failed(Purpose.ADVANCE)
def it_was_not_made(case: Case, entry: Entry, available: Money | None, at: Instant) -> Case:
    """Give it an owner; where it was to stand for a payment already, that is paid the normal way (R6.10, R6.1)."""
    del available
    advance = case.advances[-1]
    if advance.key != entry.movement.key or advance.fate is None:
        # Where no ruling stands any more, there is nothing to order again.
        wanted = against_an_advance(case) is None
        return see_to(case, entry.movement.key, at) if wanted else owned(case, entry.movement.key, None)
    fate, case = advance.fate, owned(case, entry.movement.key, None)
    if fate.given:
        purpose = Purpose.RETURN_FREIGHT if advance.for_freight else purpose_of(case)
        case = order_payment(case, purpose, fate.given, fate.repaid_by, entry.movement.ordered_by, at)
    return case


@rules.when_settled(Purpose.RECOVERY)
def something_is_recovered(case: Case, entry: Entry, at: Instant) -> Case:
    """Write down what the seller still owes when only a part was to be had (R9.5)."""
    del entry
    return _debt_recorded(case, at)


@rules.when_failed(Purpose.RECOVERY)
def a_recovery_fails(case: Case, entry: Entry, available: Money | None, at: Instant) -> Case:
    """Take what can be had, and let the rest be a debt; the platform's has an owner instead (R9.5, R6.10)."""
    movement = entry.movement
    if by_platform(entry):
        return see_to(case, movement.key, at)
    case = owned(case, movement.key, None)
    if available and available < movement.amount and movement.state is MoneyState.FAILED:
        return recover(case, available, movement.payer, SYSTEM, at)
    return _debt_recorded(case, at)


def _debt_recorded(case: Case, at: Instant) -> Case:
    debt = owing(case, case.advances[-1])  # nothing while a recovery is under way
    return emit(case, at, DebtRecorded(), "R9.5", amount=debt) if debt else case


def ask_the_buyer(case: Case, at: Instant, why: Cause) -> Case:
    """Let the handler ask the buyer about a return that was not made or failed; what was awaited is over (R9.4)."""
    case = emit(case, at, BuyerToBeAsked(because=Because(cause=why)), "R9.4")
    return _latest(case.but(goods=legs.without_awaited(case)), asked_since=case.now)


# -- what is held of the line (R6.12) ------------------------------------------------------------------------------


def pay_out(case: Case, at: Instant) -> Case:
    """Pay the seller what is held of the line (R6.12)."""
    held = left_held(case)
    if case.seller is None or not held:
        return case
    return _payout(case, held, at)


def _payout(case: Case, amount: Money, at: Instant) -> Case:
    assert case.seller is not None, "held money is a seller's"  # noqa: S101 - law of `pay_out`
    return write_down(
        case, Purpose.PAYOUT, amount, at, payer=case.seller, payee=case.seller, rule="R6.12", ordered_by=SYSTEM
    )  # fmt: skip


@rules.when_failed(Purpose.PAYOUT)
def less_is_held(case: Case, entry: Entry, available: Money | None, at: Instant) -> Case:
    """Pay out what the provider says is held; anything else has an owner (R6.12, R6.10)."""
    if available is None or entry.movement.amount <= available:
        return see_to(case, entry.movement.key, at)
    case = owned(case, entry.movement.key, None)
    return _payout(case, available, at) if available else case
