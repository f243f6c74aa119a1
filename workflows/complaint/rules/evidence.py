"""Evidence: who claims must prove; staged, locked in, late, admitted; silence is recorded (R4.4, R4.5)."""

from collections.abc import Iterable, Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import EvidenceCounted, EvidenceSilence
from workflows.complaint.domain.filing import Evidence
from workflows.complaint.domain.messages import EvidenceRequested, EvidenceSubmitted, LateEvidenceAdmitted
from workflows.complaint.domain.parts import EvidenceWindow, Exhibit, ExhibitState
from workflows.complaint.rules.burden import evidence_window
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.intervention import stepped_in
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import PARTIES, Phase, Role

rules = Rules()

MOST_EXHIBITS = 200
"""References of one party in one complaint: a bound on what a case carries, far above what anybody weighs."""

_DISPUTED = (Phase.INTERVENTION, Phase.APPEAL)


def exhibit(case: Case, by: Party, items: Iterable[Evidence], at: Instant, state: ExhibitState = "counted") -> Case:
    """Keep references to evidence; the same id again is the same exhibit. Raises NotHeard above the bound."""
    known = {(one.by, one.item.id) for one in case.exhibits}
    new = tuple(Exhibit(item=item, by=by.role, at=at, state=state) for item in items if (by.role, item.id) not in known)
    if sum(one.by is by.role for one in (*case.exhibits, *new)) > MOST_EXHIBITS:
        raise NotHeard(Code.ABOVE_LIMIT, "R4.4", f"more than {MOST_EXHIBITS} pieces of evidence; name the best ones")
    return case.but(exhibits=(*case.exhibits, *new))


def open_window(case: Case, role: Role) -> EvidenceWindow | None:
    """Return the window in which that party still owes its evidence."""
    return next((one for one in case.evidence_windows if one.role is role and one.ended_at is None), None)


def _nothing_is_ruled(case: Case) -> bool:
    return case.ruling is None or case.ruling.state != "pending"


@rules.hears(EvidenceRequested, "R4.4", by=(Role.AGENT, Role.SUPERVISOR), during=_DISPUTED, when=_nothing_is_ruled)
def evidence_is_requested(case: Case, message: EvidenceRequested, at: Instant) -> Case:
    """Open a window for each party named, saying what is to be proven (R4.4)."""
    roles = [Role(name) for name in dict.fromkeys(message.from_)]
    running = [role for role in roles if open_window(case, role)]
    if running:
        raise NotHeard(Code.ALREADY_DONE, "R4.4", f"a request to the {running[0]} is running; wait for its end")
    windows = tuple(EvidenceWindow(role=role, since=at, to_prove=message.to_prove) for role in roles)
    return stepped_in(case.but(evidence_windows=(*case.evidence_windows, *windows)), at)


@rules.hears(EvidenceSubmitted, "R4.4", by=PARTIES, during=_DISPUTED)
def evidence_is_submitted(case: Case, message: EvidenceSubmitted, at: Instant) -> Case:
    """Stage items while the party's window runs, lock them in with *final*; afterwards they are late (R4.4, R4.5)."""
    role = message.sender.role
    running = open_window(case, role)
    if running is None:
        asked = any(one.role is role for one in _this_round(case))
        return exhibit(case, message.sender, message.evidence, at, "late" if asked else "counted")
    case = exhibit(case, message.sender, message.evidence, at, "staged")
    return _locked(case, running, at, silent=False) if message.final else case


def _locked(case: Case, running: EvidenceWindow, at: Instant, *, silent: bool) -> Case:
    """End a party's window: what is staged counts as submitted (R4.4)."""
    counted = tuple(
        one.but(state="counted") if one.by is running.role and one.state == "staged" else one for one in case.exhibits
    )
    ended = running.but(ended_at=at, silent=silent)
    windows = tuple(ended if one == running else one for one in case.evidence_windows)
    return case.but(exhibits=counted, evidence_windows=windows)


def _windows_run(case: Case) -> Iterator[Runs]:
    if case.phase in _DISPUTED:
        for one in case.evidence_windows:
            if one.ended_at is None:
                yield Runs(one.since, one.role, f"{one.role}", length=evidence_window(case))


@rules.window(LimitName.EVIDENCE, _windows_run)
def an_evidence_window_ends(case: Case, deadline: Deadline) -> Case:
    """Count what is staged, record who stayed silent; SYSTEM does not rule (R4.5)."""
    running = open_window(case, deadline.actor)
    assert running is not None, "a window that runs is open"  # noqa: S101 - law of `_windows_run`
    silent = not any(one.by is deadline.actor and one.state == "staged" for one in case.exhibits)
    if silent:
        case = emit(case, deadline.due_at, EvidenceSilence(party=deadline.actor), "R4.5")
    else:
        case = emit(case, deadline.due_at, EvidenceCounted(party=deadline.actor), "R4.4")
    return _locked(case, running, deadline.due_at, silent=silent)


def _something_late(case: Case) -> bool:
    return any(one.state == "late" for one in case.exhibits)


@rules.hears(LateEvidenceAdmitted, "R4.5", by=(Role.AGENT, Role.SUPERVISOR), during=_DISPUTED, when=_something_late)
def late_evidence_is_admitted(case: Case, message: LateEvidenceAdmitted, at: Instant) -> Case:
    """Let late items count, with a reason (R4.5)."""
    del at
    late = {one.item.id for one in case.exhibits if one.state == "late"}
    unknown = [one for one in message.evidence_ids if one not in late]
    if unknown:
        raise NotHeard(Code.UNKNOWN_REFERENCE, "R4.5", f"{unknown[0]} is no late evidence of this complaint")
    admitted = set(message.evidence_ids)
    return case.but(
        exhibits=tuple(
            one.but(state="admitted") if one.state == "late" and one.item.id in admitted else one
            for one in case.exhibits
        )
    )


def require_windows_over(case: Case) -> None:
    """Refuse a ruling while a requested party's window runs and it has not locked its items (R4.5)."""
    for role in (Role.BUYER, Role.SELLER):
        running = open_window(case, role)
        if running:
            raise NotHeard(Code.NOT_NOW, "R4.5", f"the {role} still has time to prove; rule when its window has ended")


def evidence_silence(case: Case) -> frozenset[Role]:
    """Return who was asked for evidence and let the window pass without any (R4.5)."""
    return frozenset(one.role for one in _this_round(case) if one.silent)


def _this_round(case: Case) -> tuple[EvidenceWindow, ...]:
    """Return the windows since the platform was asked, or since the appeal: what was asked for earlier is over."""
    begun = case.appeal.since if case.appeal else case.intervention.asked_at if case.intervention else case.filed_at
    return tuple(one for one in case.evidence_windows if begun <= one.since)
