"""The platform steps in within 2 working days and resolves within 7 (R4.1, R4.2); it never rules by itself (R4.7)."""

from collections.abc import Iterator

from workflows.domain.base import Instant
from workflows.domain.case import Case, Intervention
from workflows.domain.messages import BuyerContacted
from workflows.domain.policy import LimitName
from workflows.domain.vocabulary import Phase, Role
from workflows.rules.registry import Runs, duty, hears
from workflows.rules.steps import enter, step


def ask_the_platform(case: Case, at: Instant, why: str, *, rule: str) -> Case:
    """Begin the intervention; the platform's 2 and 7 working days run from this instant (R4.1, R4.2)."""
    case = step(case, at, "intervention_started", rule, reason=why)
    over = tuple(one for one in case.evidence_windows if one.ended_at)  # what an earlier round asked for is moot
    asked = Intervention(asked_at=at, why=why)
    return enter(case, Phase.INTERVENTION).but(intervention=asked, evidence_windows=over)


def stepped_in(case: Case, at: Instant) -> Case:
    """Record the first staff message of an intervention: the platform has stepped in (R4.1)."""
    if case.phase is not Phase.INTERVENTION or case.intervention is None or case.intervention.stepped_in_at:
        return case
    return case.but(intervention=case.intervention.but(stepped_in_at=at))


@duty(LimitName.STEP_IN)
def the_handler_owes_a_first_move(case: Case) -> Iterator[Runs]:
    """Run until the first staff message of the intervention (R4.1)."""
    if case.phase is Phase.INTERVENTION and case.intervention and not case.intervention.stepped_in_at:
        yield Runs(case.intervention.asked_at)


@duty(LimitName.RESOLVE)
def the_handler_owes_a_resolution(case: Case) -> Iterator[Runs]:
    """Run until a ruling is sent or an offer agreed; SYSTEM never rules on merit, it escalates (R4.2, R4.7)."""
    if case.phase is Phase.INTERVENTION and case.intervention and not case.intervention.resolved_at:
        yield Runs(case.intervention.asked_at)


@hears(BuyerContacted, "R4.1", by=(Role.AGENT,), during=(Phase.INTERVENTION,))
def the_buyer_is_contacted(case: Case, message: BuyerContacted, at: Instant) -> Case:
    """Talking to the buyer is a first move of the platform (R4.1)."""
    del message
    return stepped_in(case, at)
