"""Every limit that runs, when it is due, and what happens at that instant (R7.1, R7.2)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal, NamedTuple

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import (
    DutyMissed,
    DutyReminded,
    DutyWarned,
    EscalatedToOperationsManager,
    EscalatedToSupervisor,
    LimitMissed,
)
from workflows.complaint.domain.parts import Climb, Ended
from workflows.complaint.rules.clocks import holds, stops
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.registry import Deadline, Runs
from workflows.complaint.rules.tables import DUTIES, LADDERS, MET, WINDOWS
from workflows.policy.model import LimitName
from workflows.time.limits import Length, Stop, due, share_of
from workflows.values import Instant
from workflows.vocabulary import Role, Severity

WARNED, MISSED, SUPERVISOR, OPERATIONS_MANAGER = 1, 2, 3, 4
"""The rungs of R7.2; every number above is one more daily reminder."""

MARKED = -1
"""No rung: a further limit of a duty passes while another one climbs (R4.3)."""

How = Literal["met", "expired", "superseded"]

_A_MOMENT = timedelta(microseconds=1)


class Moment(NamedTuple):
    """The next instant at which a deadline does something: lapses (rung 0), climbs, or is only marked missed."""

    at: Instant
    deadline: Deadline
    rung: int


def deadlines(case: Case) -> tuple[Deadline, ...]:
    """Return every limit that runs now, in the order of the annex."""
    if case.closed:
        return ()
    return tuple(_running(case))


def _running(case: Case) -> Iterator[Deadline]:
    stood = stops(case)
    for name in _OF_MONEY if case.closing else case.policy.known:  # what came later than the complaint runs not for it
        since = WINDOWS[name].since if name in WINDOWS else DUTIES.get(name)
        for runs in since(case) if since else ():
            yield _deadline(case, name, runs, stood)


_OF_MONEY = (LimitName.PAYMENT, LimitName.PAYMENT_OWNED, LimitName.HOLD)
"""All that runs on in a complaint that closes as soon as its money has arrived."""


def _deadline(case: Case, name: LimitName, runs: Runs, stood: tuple[Stop, ...]) -> Deadline:
    limit = case.policy.limits[name]
    stood = limit.stopped_by(stood)
    missed = next((one for one in case.climbs if one.missed_at and _is(one, name, runs)), None)
    due_at = (missed and missed.missed_at) or runs.until or _due(case, runs.start, runs.length or limit.length, stood)
    actor = runs.actor or limit.actor
    assert isinstance(actor, Role), f"{name} names its party"  # noqa: S101 - law of the rules that run party limits
    by = (missed and missed.calendar) or case.calendar.version
    return Deadline(name, runs.subject, actor, runs.start, due_at, runs.until, stood, runs.length, by)


def _due(case: Case, start: Instant, length: Length, stood: tuple[Stop, ...]) -> Instant:
    instant = due(start, length, case.calendar, case.policy.service_hours, stood)
    assert instant is not None, "a limit without an open stop has a due instant"  # noqa: S101 - law of limits.due
    return instant


def _is(climb: Climb, name: LimitName, runs: Runs) -> bool:
    return (climb.name, climb.subject, climb.start) == (name, runs.subject, runs.start)


def rung_of(case: Case, deadline: Deadline) -> int:
    """Return how far a duty has climbed, by whichever of its limits; 0 while it is not even warned."""
    return max((climb.rung for climb in case.climbs if duty_of(climb) == duty_of(deadline)), default=0)


def duty_of(one: Climb | Deadline) -> tuple[LimitName, str, Instant]:
    """Return what it is one of several limits of, or the only one (R4.3)."""
    return (LADDERS.get(one.name, one.name), one.subject, one.start)


def _same(climb: Climb, deadline: Deadline) -> bool:
    return (climb.name, climb.subject, climb.start) == deadline.identity


def _missed(case: Case, deadline: Deadline) -> bool:
    return any(climb.missed_at for climb in case.climbs if _same(climb, deadline))


def tightest(case: Case) -> tuple[Deadline, ...]:
    """Return what runs, each duty once: by the limit it climbs by, the earliest of its limits (R4.3)."""
    running = deadlines(case)
    return tuple(one for one in running if one.identity == _leader(case, one, running).identity)


def _leader(case: Case, deadline: Deadline, running: tuple[Deadline, ...]) -> Deadline:
    if deadline.name not in LADDERS and deadline.name not in LADDERS.values():
        return deadline
    limits = [one for one in running if duty_of(one) == duty_of(deadline)]
    climbing = [one for one in limits if any(_same(climb, one) and climb.rung >= MISSED for climb in case.climbs)]
    return min(climbing or limits, key=lambda one: one.due_at)


def moments(case: Case) -> Iterator[Moment]:
    """Yield the next instant of every running limit."""
    running = deadlines(case)
    for deadline in running:
        if deadline.name in WINDOWS:
            yield Moment(deadline.due_at, deadline, 0)
        elif deadline.identity != _leader(case, deadline, running).identity:
            if not _missed(case, deadline):
                yield Moment(deadline.due_at, deadline, MARKED)
        else:
            rung = rung_of(case, deadline) + 1
            yield Moment(_rung_at(case, deadline, rung), deadline, rung)


def next_moment(case: Case) -> Moment | None:
    """Return the earliest instant at which something happens by itself; duties before defaults."""
    return min(moments(case), key=lambda moment: (moment.at, moment.rung == 0), default=None)


def next_silence(case: Case) -> Instant | None:
    """Return the earliest instant at which silence is acted on, unless what is waited for is heard before (R7.4)."""
    return min((moment.at for moment in moments(case) if moment.rung == 0), default=None)


def _rung_at(case: Case, deadline: Deadline, rung: int) -> Instant:
    if rung == MISSED:
        return deadline.due_at
    if rung == WARNED:
        warning = share_of(deadline.start, deadline.due_at, case.policy.warning_percent)
        return min(_roused(case, warning), deadline.due_at)
    at = deadline.due_at
    for length in _after_due(case, rung):
        # 24:00 of a day belongs to that day: the next rung is due one working day after it, not two.
        at = _due(case, at - _A_MOMENT, length, holds(case))
    return _roused(case, at)


def _after_due(case: Case, rung: int) -> list[Length]:
    if rung == SUPERVISOR:
        return []
    return [case.policy.level_2_after] + [case.policy.reminder_every] * (rung - OPERATIONS_MANAGER)


def _roused(case: Case, at: Instant) -> Instant:
    # What falls into a hold waits for its end: while everything stands still, ladders do too (R7.7).
    at = _awake(case, at)
    for one in holds(case):
        if one.until and one.since <= at < one.until:
            at = _awake(case, one.until)
    return at


def _awake(case: Case, at: Instant) -> Instant:
    # Nobody is roused at night, except for a major complaint (R7.2).
    return at if case.severity is Severity.MAJOR else case.policy.service_hours.next_open(at)


def expected(case: Case) -> Instant | None:
    """Return when to expect news: of what is overdue its next rung, else the earliest due time (R7.2, R11.2)."""
    coming = [moment for moment in moments(case) if moment.rung != MARKED]
    late = [moment.at for moment in coming if moment.rung > MISSED]
    return min(late, default=None) or min((moment.deadline.due_at for moment in coming), default=None)


def summary(case: Case, moment: Moment) -> str:
    """Say in one line what a timer waits for: the limit and its default, or the next rung of a duty."""
    limit = case.policy.limits[moment.deadline.name]
    if moment.rung == 0:
        return limit.summary
    if moment.rung == MARKED:
        return f"{limit.act} ({limit.rule}), else it is marked missed (R4.3)"
    if moment.rung == WARNED:
        return f"{limit.act} ({limit.rule}), else a warning at {case.policy.warning_percent} % (R7.2)"
    return f"{limit.act} ({limit.rule}), else {_NEXT.get(moment.rung, 'a reminder each working day')} (R7.2)"


_NEXT = {
    MISSED: "it is overdue",
    SUPERVISOR: "the supervisor is told",
    OPERATIONS_MANAGER: "the operations manager is told",
}


def level(case: Case) -> int:
    """Return the highest level that open duties have climbed to: 0 agent, 1 supervisor, 2 operations manager."""
    rungs = [rung_of(case, deadline) for deadline in deadlines(case)]
    return max((min(max(rung - MISSED, 0), 2) for rung in rungs), default=0)


def overdue(case: Case) -> bool:
    """Return whether a duty of the platform is open past its due instant."""
    return any(rung_of(case, deadline) >= MISSED for deadline in deadlines(case))


def climb(case: Case, moment: Moment) -> Case:
    """Take one rung of the ladder: warned, missed, supervisor, operations manager, a reminder each working day.

    A further limit of a duty that climbs already is only marked missed (R4.3).
    """
    event, rule = _EVENTS.get(moment.rung, DutyReminded), "R4.3" if moment.rung == MARKED else "R7.2"
    taken = Climb(
        name=moment.deadline.name,
        subject=moment.deadline.subject,
        start=moment.deadline.start,
        rung=max(moment.rung, 0),
        last_at=moment.at,
        calendar=moment.deadline.calendar,
        missed_at=moment.deadline.due_at if moment.rung not in {0, WARNED} else None,
    )
    others = tuple(one for one in case.climbs if not _same(one, moment.deadline))
    return emit(case, moment.at, event(limit=moment.deadline.name), rule).but(climbs=(*others, taken))


_Rung = type[
    LimitMissed | DutyWarned | DutyMissed | EscalatedToSupervisor | EscalatedToOperationsManager | DutyReminded
]

_EVENTS: dict[int, _Rung] = {
    MARKED: LimitMissed,
    WARNED: DutyWarned,
    MISSED: DutyMissed,
    SUPERVISOR: EscalatedToSupervisor,
    OPERATIONS_MANAGER: EscalatedToOperationsManager,
}


def turned(before: Case, after: Case, *, kind: str | None = None, lapsed: Deadline | None = None) -> Case:
    """Enter every deadline that the change ended, and how; forget the rungs of duties that are done."""
    open_now = {deadline.identity for deadline in deadlines(after)}
    over = [deadline for deadline in deadlines(before) if deadline.identity not in open_now]
    if not over:
        return after
    ended = tuple(_ended(deadline, _how(before, after, deadline, kind, lapsed), after.now) for deadline in over)
    climbs = tuple(one for one in after.climbs if (one.name, one.subject, one.start) in open_now)
    return after.but(ended=(*after.ended, *ended), climbs=climbs)


def _how(before: Case, after: Case, deadline: Deadline, kind: str | None, lapsed: Deadline | None) -> How:
    # What was missed stays missed, also when the act is done later: the record of deadlines met depends on it (R11.4).
    if _missed(before, deadline) or (lapsed is not None and lapsed.identity == deadline.identity):
        return "expired"
    ends = kind in before.policy.limits[deadline.name].ended_by
    return "met" if ends and MET.get(deadline.name, _always)(after, deadline) else "superseded"


def _always(_: Case, __: Deadline) -> bool:
    return True


def _ended(deadline: Deadline, how: How, at: Instant) -> Ended:
    return Ended(
        name=deadline.name,
        subject=deadline.subject,
        actor=deadline.actor,
        start=deadline.start,
        due_at=deadline.due_at,
        how=how,
        at=at,
        until=deadline.until,
        stops=deadline.stops,
        length=deadline.length,
        calendar=deadline.calendar,
    )
