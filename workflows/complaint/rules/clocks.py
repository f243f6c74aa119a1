"""What makes clocks stand: the platform waits for a party (R7.3), or an operations manager holds everything (R7.7)."""

from collections.abc import Iterator
from datetime import timedelta

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import HoldEnded
from workflows.complaint.domain.messages import HoldPlaced, HoldReleased
from workflows.complaint.domain.parts import Hold
from workflows.complaint.rules.burden import evidence_window
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.people import RUNNING
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.policy.model import LimitName
from workflows.time.limits import Stop, StopReason, due
from workflows.time.wording import instant_in_words
from workflows.values import Instant
from workflows.vocabulary import Role

rules = Rules()

_WAITING = {Role.BUYER: StopReason.WAITING_BUYER, Role.SELLER: StopReason.WAITING_SELLER}


def holds(case: Case) -> tuple[Stop, ...]:
    """Return the stretches in which everything stands still; a hold that runs ends at its stated end (R7.7)."""
    return tuple(Stop(since=one.since, until=one.ended_at or one.until, reason=StopReason.HOLD) for one in case.holds)


def stops(case: Case) -> tuple[Stop, ...]:
    """Return every stop of the case: holds, and the windows in which a party owes evidence (R7.3, R4.4)."""
    return (*holds(case), *_waits(case))


def _waits(case: Case) -> Iterator[Stop]:
    held = holds(case)
    length = evidence_window(case) or case.policy.limits[LimitName.EVIDENCE].length
    for one in case.evidence_windows:
        until = one.ended_at or due(one.since, length, case.calendar, case.policy.service_hours, held)
        yield Stop(since=one.since, until=until, reason=_WAITING[one.role])


def held(case: Case) -> Hold | None:
    """Return the hold that runs, if there is one."""
    return next((one for one in case.holds if one.ended_at is None), None)


def _end(case: Case, at: Instant) -> Case:
    return case.but(holds=tuple(one.but(ended_at=at) if one.ended_at is None else one for one in case.holds))


@rules.hears(HoldPlaced, "R7.7", by=(Role.OPERATIONS_MANAGER,), during=RUNNING)
def a_hold_is_placed(case: Case, message: HoldPlaced, at: Instant) -> Case:
    """Let windows, duties and new payments stand still until the stated end; a second hold replaces the first."""
    most: timedelta = case.policy.hold_at_most.elapsed
    if not at < message.until <= at + most:
        latest = instant_in_words(at + most)
        raise NotHeard(Code.INCONSISTENT, "R7.7", f"until must lie ahead, at most {most.days} days: by {latest}")
    return _end(case, at).but(holds=(*_end(case, at).holds, Hold(since=at, until=message.until, reason=message.reason)))


def _is_held(case: Case) -> bool:
    return held(case) is not None


@rules.hears(HoldReleased, "R7.7", by=(Role.OPERATIONS_MANAGER,), during=RUNNING, when=_is_held)
def a_hold_is_released(case: Case, message: HoldReleased, at: Instant) -> Case:
    """Let everything go on before the stated end (R7.7)."""
    del message
    return _end(case, at)


def _hold_runs(case: Case) -> Iterator[Runs]:
    running = held(case)
    if running:
        yield Runs(running.since, until=running.until)


@rules.window(LimitName.HOLD, _hold_runs)
def a_hold_ends(case: Case, deadline: Deadline) -> Case:
    """Release the hold at its end; the operations manager is told (R7.7)."""
    case = emit(case, deadline.due_at, HoldEnded(), "R7.7")
    return _end(case, deadline.due_at)
