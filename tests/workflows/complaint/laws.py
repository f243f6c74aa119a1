"""Laws that hold for every complaint at every moment; each returns what breaks it, in words."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from workflows.complaint.domain.advance import Advance
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parts import PLATFORM, Ended
from workflows.complaint.rules.deadlines import deadlines
from workflows.complaint.rules.money.movements import under_way
from workflows.complaint.views.view import view_of, waiting_on
from workflows.vocabulary import MoneyState, Phase, Purpose, Remedy, Role

_OF_WHAT_WAS_PAID = frozenset({Purpose.REFUND, Purpose.PRICE_DIFFERENCE})
_OF_THE_FROZEN = frozenset({Purpose.ADVANCE, Purpose.UNFREEZE, Purpose.CLAW_BACK})
_COUNTS = frozenset({MoneyState.DECIDED, MoneyState.REQUESTED, MoneyState.SETTLED})


def somebody_is_waited_for(case: Case) -> Iterator[str]:
    """Every open complaint waits on somebody with a due time and an "otherwise"; a closed one on nobody (R7.1)."""
    rows = waiting_on(case)
    if case.closed and rows:
        yield f"closed, and yet waits on {rows[0].actor}"
    if not case.closed and not rows:
        yield f"open in {case.phase}, and waits on nobody"
    yield from (f"{row.action} has no otherwise" for row in rows if not row.otherwise)


def each_deadline_ends_once(case: Case) -> Iterator[str]:
    """A deadline is met, expired or superseded exactly once, and never again runs.

    One that ended at the very instant it began never ran: within one instant things may go to and fro.
    """
    over = Counter(_identity(one) for one in case.ended if one.at > one.start)
    yield from (f"{identity} ended {times} times" for identity, times in over.items() if times > 1)
    yield from (f"{one.identity} has ended and runs again" for one in deadlines(case) if one.identity in over)


def none_ends_early(case: Case) -> Iterator[str]:
    """What expired did not expire before its due instant; what was met was met in time."""
    for one in case.ended:
        if (one.how == "expired" and one.at < one.due_at) or (one.how == "met" and one.at > one.due_at):
            yield f"{one.name} due {one.due_at} {one.how} at {one.at}"


def the_timeline_has_no_gap(case: Case) -> Iterator[str]:
    """Steps are numbered without a gap, and time never goes back (R11.1)."""
    if [step.number for step in case.timeline] != list(range(1, case.steps + 1)):
        yield f"{case.steps} steps are numbered {[step.number for step in case.timeline]}"
    if any(later.at < earlier.at for earlier, later in pairwise(case.timeline)):
        yield "time goes back in the timeline"
    yield from (f"step {step.event} cites no rule" for step in case.timeline if not step.rule)


def no_more_than_was_paid(case: Case) -> Iterator[str]:
    """Nothing is refunded above what was paid for the line with its shipping (R1.8)."""
    given = sum(
        entry.movement.amount.amount
        for entry in case.money
        if entry.movement.purpose in _OF_WHAT_WAS_PAID and entry.movement.state in _COUNTS
    )
    given += sum(one.fate.given.amount for one in case.advances if one.fate and _of_the_price(case, one))
    most = case.order.ceiling - case.decided_elsewhere if case.order else None
    if most is not None and given > most.amount:
        yield f"{given} fen are refunded where {most} yuan is the most"


def _of_the_price(case: Case, advance: Advance) -> bool:
    asked = next(entry.movement.state for entry in case.money if entry.movement.key == advance.key)
    extra = any(one.award.remedy in {Remedy.COMPENSATION, Remedy.COUPON} for one in case.rulings)
    return asked in _COUNTS and not advance.for_freight and not extra


def an_advance_is_whole(case: Case) -> Iterator[str]:
    """At every moment advanced = frozen + unfrozen + clawed back, by the book of the frozen account (R9.6)."""
    frozen = 0
    for entry in case.money:
        one = entry.movement
        if one.state is MoneyState.SETTLED and one.purpose in _OF_THE_FROZEN:
            rest = one.rest.amount if one.rest else 0
            frozen += one.amount.amount if one.purpose is Purpose.ADVANCE else -one.amount.amount - rest
        if frozen < 0:
            yield f"{one.key} takes {-frozen} fen more than is frozen"
    shown = view_of(case).advance
    if shown and shown.state != "ordered" and shown.amount != shown.frozen + shown.unfrozen + shown.clawed_back:
        yield f"{shown.amount} were advanced: {shown.frozen}, {shown.unfrozen} and {shown.clawed_back} are not as much"
    if shown and shown.frozen.amount != max(frozen, 0):
        yield f"{shown.frozen} is shown as frozen where the book has {frozen} fen"
    if case.closed and frozen:
        yield f"closed with {frozen} fen frozen"


def the_fund_is_repaid_once(case: Case) -> Iterator[str]:
    """No more is recovered, or on its way to the fund, than the buyer keeps of its advances (R9.5)."""
    back = [one.movement for one in case.money if one.movement.purpose is Purpose.RECOVERY]
    repaid = sum(one.amount.amount for one in back if one.state in _COUNTS)
    kept = sum(one.fate.given.amount for one in case.advances if one.fate)
    if repaid > kept:
        yield f"{repaid} fen are recovered where the buyer keeps {kept}"


def keys_are_unique(case: Case) -> Iterator[str]:
    """A movement's key is of the business and never used twice (R6.10)."""
    keys = Counter(entry.movement.key for entry in case.money)
    yield from (f"{key} is used {times} times" for key, times in keys.items() if times > 1)


def an_end_has_an_outcome(case: Case) -> Iterator[str]:
    """A closed complaint has an outcome and no money under way; an open one has no outcome (R10.4)."""
    if case.closed != (case.outcome is not None):
        yield f"phase {case.phase} with outcome {case.outcome}"
    if case.closed and under_way(case):
        yield "closed with money that is decided or under way, or that somebody has to see to"


def nobody_is_paid_back_twice(case: Case) -> Iterator[str]:
    """The platform pays the seller no more than the seller has paid by rulings, and the buyer nothing back (R5.6)."""
    moved = {MoneyState.SETTLED, MoneyState.REVERSED}  # what came back to the seller later is to be paid again
    settled = [one.movement for one in case.money if one.movement.state in moved and one.ruling]
    cost = sum(one.amount.amount for one in settled if one.payer.role is Role.SELLER)
    back = [one.movement for one in case.money if one.movement.purpose is Purpose.RESTITUTION]
    given = sum(one.amount.amount for one in back if one.state in _COUNTS)
    if given > cost:
        yield f"{given} fen are given back where rulings have cost the seller {cost}"
    yield from (f"{one.key} is not the platform's" for one in back if one.payer != PLATFORM)


def it_reads(case: Case) -> Iterator[str]:
    """The view can always be made, and agrees with itself."""
    view = view_of(case)
    if view.overdue and not any(row.due_at <= case.now for row in view.waiting_on):
        yield "overdue, though nothing is past its due time"


LAWS: tuple[Callable[[Case], Iterator[str]], ...] = (
    somebody_is_waited_for,
    each_deadline_ends_once,
    none_ends_early,
    the_timeline_has_no_gap,
    no_more_than_was_paid,
    an_advance_is_whole,
    the_fund_is_repaid_once,
    keys_are_unique,
    an_end_has_an_outcome,
    nobody_is_paid_back_twice,
    it_reads,
)


def broken(case: Case) -> tuple[str, ...]:
    """Return every law the case breaks, and how."""
    return tuple(f"{law.__name__}: {fault}" for law in LAWS for fault in law(case))


def lost(before: Case, after: Case) -> tuple[str, ...]:
    """Return every deadline that ran before and has vanished without having ended."""
    here = {one.identity for one in deadlines(after)} | {_identity(one) for one in after.ended}
    return tuple(f"{one.identity} vanished" for one in deadlines(before) if one.identity not in here)


def _identity(one: Ended) -> tuple[object, ...]:
    return (one.name, one.subject, one.start)


def rungs_in_order(taken: Iterable[tuple[object, int]]) -> tuple[str, ...]:
    """Return every duty whose rungs were skipped or repeated; they are 1, 2, 3 and so on (R7.2)."""
    ladders: dict[object, list[int]] = {}
    for duty, rung in taken:
        ladders.setdefault(duty, []).append(rung)
    return tuple(f"{duty}: {rungs}" for duty, rungs in ladders.items() if rungs != list(range(1, len(rungs) + 1)))


def absorbed(before: Case, after: Case) -> tuple[str, ...]:
    """Return what a closed complaint did other than keep a late message (R10.4)."""
    if before.phase is not Phase.CLOSED:
        return ()
    new = [step.event for step in after.timeline[before.steps :] if step.event != "late_message"]
    same = view_of(before).but(steps=0) == view_of(after).but(steps=0)
    return tuple(f"{event} after the end" for event in new) if same else (f"the view changed after the end: {new}",)
