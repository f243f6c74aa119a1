"""The platform steps in and resolves, each in its time (R4.1, R4.2); it never rules by itself (R4.7)."""

from collections.abc import Iterator

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because
from workflows.complaint.domain.events import InterventionStarted
from workflows.complaint.domain.messages import BuyerContacted
from workflows.complaint.domain.parts import Intervention
from workflows.complaint.rules.emit import emit, enter
from workflows.complaint.rules.registry import Rules, Runs
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import Phase, Problem, Role, Severity

rules = Rules()

_QUALITY = frozenset({Problem.QUALITY, Problem.DAMAGED_IN_TRANSIT})
_LOGISTICS = frozenset({Problem.NOT_SHIPPED, Problem.FALSE_SHIPMENT, Problem.NOT_RECEIVED, Problem.DELAYED})


def ask_the_platform(case: Case, at: Instant, why: Because, *, rule: str) -> Case:
    """Begin the intervention; the platform's limits run from this instant (R4.1, R4.2)."""
    case = emit(case, at, InterventionStarted(because=why), rule)
    over = tuple(one for one in case.evidence_windows if one.ended_at)  # what an earlier round asked for is moot
    asked = Intervention(asked_at=at, because=why)
    return enter(case, Phase.INTERVENTION).but(intervention=asked, evidence_windows=over)


def stepped_in(case: Case, at: Instant) -> Case:
    """Record the first staff message of an intervention: the platform has stepped in (R4.1)."""
    if case.phase is not Phase.INTERVENTION or case.intervention is None or case.intervention.stepped_in_at:
        return case
    return case.but(intervention=case.intervention.but(stepped_in_at=at))


@rules.duty(LimitName.STEP_IN)
def the_handler_owes_a_first_move(case: Case) -> Iterator[Runs]:
    """Run until the first staff message of the intervention (R4.1)."""
    if case.phase is Phase.INTERVENTION and case.intervention and not case.intervention.stepped_in_at:
        yield Runs(case.intervention.asked_at)


def moved(case: Case, at: Instant) -> Case:
    """Record an offer or a ruling of the handler: the tighter limits of quality and logistics are kept (R4.3)."""
    case = stepped_in(case, at)
    if case.phase is not Phase.INTERVENTION or case.intervention is None or case.intervention.moved_at:
        return case
    return case.but(intervention=case.intervention.but(moved_at=at))


def _unmoved(case: Case, problems: frozenset[Problem]) -> Iterator[Runs]:
    asked = case.intervention if case.phase is Phase.INTERVENTION else None
    if asked and not asked.moved_at and not asked.resolved_at and case.filing.problem in problems:
        yield Runs(asked.asked_at)


@rules.duty(LimitName.FIRST_MOVE_QUALITY)
def the_handler_owes_an_offer_or_ruling_on_quality(case: Case) -> Iterator[Runs]:
    """Run until the handler's first offer or ruling on quality or damage (R4.3)."""
    return _unmoved(case, _QUALITY)


@rules.duty(LimitName.FIRST_MOVE_LOGISTICS)
def the_handler_owes_an_offer_or_ruling_on_logistics(case: Case) -> Iterator[Runs]:
    """Run until the handler's first offer or ruling on a shipment (R4.3)."""
    return _unmoved(case, _LOGISTICS)


@rules.duty(LimitName.CONTACT_MAJOR)
def the_handler_owes_the_buyer_of_a_major_complaint_a_call(case: Case) -> Iterator[Runs]:
    """Run until the buyer of a major complaint was contacted (R4.3)."""
    asked = case.intervention if case.phase is Phase.INTERVENTION else None
    if asked and case.severity is Severity.MAJOR and not asked.contacted_at and not asked.resolved_at:
        yield Runs(asked.asked_at)


def _unresolved(case: Case) -> Iterator[Runs]:
    if case.phase is Phase.INTERVENTION and case.intervention and not case.intervention.resolved_at:
        yield Runs(case.intervention.asked_at)


@rules.duty(LimitName.RESOLVE)
def the_handler_owes_a_resolution(case: Case) -> Iterator[Runs]:
    """Run until a ruling is sent or an offer agreed; SYSTEM never rules on merit, it escalates (R4.2, R4.7)."""
    return _unresolved(case)


@rules.duty(LimitName.RESOLVE_MAJOR, of=LimitName.RESOLVE)
def the_handler_owes_a_quick_resolution(case: Case) -> Iterator[Runs]:
    """Run for a major complaint until a ruling is sent or an offer agreed (R4.3)."""
    return _unresolved(case) if case.severity is Severity.MAJOR else iter(())


def _supervised(case: Case) -> bool:
    return case.supervised


@rules.hears(BuyerContacted, "R4.1", by=(Role.AGENT,), during=(Phase.INTERVENTION,))
@rules.hears(BuyerContacted, "R4.1", by=(Role.SUPERVISOR,), during=(Phase.INTERVENTION,), when=_supervised)
def the_buyer_is_contacted(case: Case, message: BuyerContacted, at: Instant) -> Case:
    """Talking to the buyer is a first move of the platform (R4.1)."""
    del message
    case = stepped_in(case, at)
    if case.intervention is None or case.intervention.contacted_at:
        return case
    return case.but(intervention=case.intervention.but(contacted_at=at))
