"""Entries of money in a case: how one is written down, how it moves on, and whether anything is under way (R6.10)."""

from collections.abc import Iterable

from workflows.complaint.domain import events
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because
from workflows.complaint.domain.events import PaymentDecided
from workflows.complaint.domain.parts import PLATFORM, Closing, Entry
from workflows.complaint.rules.emit import close, emit, enter, work_order_superseded
from workflows.money.amount import Money
from workflows.money.movement import LineRef, Movement
from workflows.parties import Party
from workflows.values import Instant
from workflows.vocabulary import MoneyState, Outcome, Phase, Purpose, Role

UNSETTLED = frozenset({MoneyState.DECIDED, MoneyState.REQUESTED})
FAILED = frozenset({MoneyState.FAILED, MoneyState.REVERSED})
COUNTED = UNSETTLED | {MoneyState.SETTLED}
"""Moved or on its way: failures and reversals apart."""


def entry_of(case: Case, key: str) -> Entry | None:
    """Return the entry of a movement, None for a key that is not of this complaint."""
    return next((one for one in case.money if one.movement.key == key), None)


def known(case: Case, key: str) -> Entry:
    """Return the entry of a movement that is certainly of this complaint."""
    entry = entry_of(case, key)
    assert entry is not None, f"{key} is a movement of this complaint"  # noqa: S101 - law of its callers
    return entry


def changed(case: Case, key: str, **changes: object) -> Case:
    """Return the case with that entry changed."""
    return case.but(money=tuple(e.but(**changes) if e.movement.key == key else e for e in case.money))


def moved(case: Case, key: str, state: MoneyState, at: Instant, **changes: object) -> Case:
    """Return the case with that movement in another state, from then on."""
    return changed(case, key, movement=known(case, key).movement.but(state=state, **changes), since=at)


def owned(case: Case, key: str, since: Instant | None) -> Case:
    """Let the handler own a movement, or nobody any more (R6.10)."""
    return changed(case, key, owned_since=since)


def settled_since(case: Case, key: str, at: Instant, reference: str | None, from_deposit: Money) -> Case:
    """Write down that a movement has settled, and which part of it a deposit gave; nobody has to see to it now."""
    case = moved(case, key, MoneyState.SETTLED, at, provider_reference=reference)
    return changed(case, key, owned_since=None, uncovered_since=None, from_deposit=from_deposit)


def write_down(
    case: Case,
    purpose: Purpose,
    amount: Money,
    at: Instant,
    *,
    payer: Party,
    payee: Party,
    rule: str,
    ordered_by: Party,
    remark: str = "",
    rest: Money | None = None,
) -> Case:
    """Write down a movement as decided; its number is the next of its purpose (R6.10)."""
    number = sum(entry.movement.purpose is purpose for entry in case.money) + 1
    movement = Movement(
        key=f"{case.complaint}:{purpose}:{number}",
        purpose=purpose,
        payer=payer,
        payee=payee,
        amount=amount,
        state=MoneyState.DECIDED,
        rule=rule,
        ordered_by=ordered_by,
        remark=remark,
        line=line_of(case),
        rest=rest,
    )
    case = emit(case, at, PaymentDecided(movement=movement.key, purpose=purpose), rule, amount=amount)
    return case.but(money=(*case.money, Entry(movement=movement, decided_at=at, since=at, ruling=_fulfils(case))))


def _fulfils(case: Case) -> int | None:
    ruled = case.decision is not None and case.decision.basis == "ruling"
    return case.ruling.number if ruled and case.ruling else None


def line_of(case: Case) -> LineRef | None:
    """Return the order line whose held money is meant (R6.11, R6.12)."""
    return LineRef(order_id=case.order.order_id, line=case.order.line) if case.order else None


def open_(entry: Entry) -> bool:
    """Tell whether a movement is decided or under way, or somebody has to see to it."""
    seen_to = entry.owned_since is not None or entry.uncovered_since is not None
    return entry.movement.state in UNSETTLED or seen_to


def under_way(case: Case) -> bool:
    """Tell whether a movement is decided or under way, or somebody has to see to one. A debt is neither (R9.5)."""
    return any(map(open_, case.money))


def total(entries: Iterable[Entry], *purposes: Purpose) -> Money:
    """Return what movements of those purposes come to."""
    return Money(amount=sum(one.movement.amount.amount for one in entries if one.movement.purpose in purposes))


def left_held(case: Case) -> Money:
    """Return what is still held of the line, as far as this complaint knows: the provider has the last word (R6.12)."""
    if case.order is None:
        return Money(amount=0)
    drawn = (one for one in case.money if one.movement.payer.role is Role.SELLER)
    taken = sum((one.movement.amount - one.from_deposit).amount for one in drawn if one.movement.state in COUNTED)
    held = case.order.ceiling if case.order.held is None else case.order.held
    return held - Money(amount=taken)


def end(case: Case, at: Instant, outcome: Outcome, rule: str, because: Because | None = None) -> Case:
    """Close the complaint, as soon as no money is under way any more (R10.4)."""
    if not under_way(case):
        return close(case, at, outcome, rule, because)
    case = work_order_superseded(case, at)
    case = emit(case, at, events.Closing(outcome=outcome, because=because), rule)
    return enter(case, Phase.FULFILMENT).but(closing=Closing(outcome=outcome, rule=rule, because=because, since=at))


def ended(case: Case, at: Instant) -> Case:
    """Close what was waiting for its money alone, once that has arrived."""
    if case.closing is None or under_way(case):
        return case
    return close(case, at, case.closing.outcome, case.closing.rule, case.closing.because)


def by_platform(entry: Entry) -> bool:
    """Tell whether the platform pays it, whom no want of cover can excuse."""
    return entry.movement.payer == PLATFORM
