"""Review: an agent accepts, asks for material, or turns the complaint down (R2.1, R2.2)."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.award import Award
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events import FirstResponseMissed, HiddenDefectFound
from workflows.complaint.domain.messages import MaterialSupplied, Reviewed
from workflows.complaint.domain.parts import Negotiation, Review, Ruling
from workflows.complaint.rules.emit import close, emit, enter
from workflows.complaint.rules.evidence import exhibit
from workflows.complaint.rules.registration import courtesy_call, hidden_defect
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.complaint.rules.rulings import send
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import Liability, Outcome, Phase, Remedy, Role, RulingReason, Severity

rules = Rules()


@rules.window(
    LimitName.FIRST_RESPONSE,
    lambda case: [Runs(case.filed_at)] if not case.first_response_at and not case.first_response_missed else [],
)
def no_human_responded_in_time(case: Case, deadline: Deadline) -> Case:
    """Flag the case and tell the supervisor (R1.6)."""
    missed = emit(case, deadline.due_at, FirstResponseMissed(), "R1.6")
    return missed.but(first_response_missed=True)


@rules.duty(LimitName.REVIEW)
def the_agent_owes_a_review(case: Case) -> Iterator[Runs]:
    """Run from filing, and anew from each answer with material."""
    if case.phase is Phase.REVIEW and case.review and case.review.agent_since:
        yield Runs(case.review.agent_since)


def _supervised(case: Case) -> bool:
    return case.supervised


@rules.hears(Reviewed, "R2.1", by=(Role.AGENT,), during=(Phase.REVIEW,))
@rules.hears(Reviewed, "R2.1", by=(Role.SUPERVISOR,), during=(Phase.REVIEW,), when=_supervised)
def the_agent_reviews(case: Case, message: Reviewed, at: Instant) -> Case:
    """Go where the review points: to the seller, back to the buyer, or to an end."""
    severity = _severity(case, message)
    if severity is not Severity.GENERAL and case.grave_from is None:
        case = case.but(grave_from=case.steps)
    case = case.but(severity=severity)
    match message.decision:
        case "accept":
            if hidden_defect(case):
                case = emit(case, at, HiddenDefectFound(), "R1.7")
            return accept(case, at)
        case "need_material":
            return _ask_the_buyer(case, at)
        case "not_applicable":
            why = Because(cause=Cause.EXPLAINED, text=message.text) if message.text else None
            return close(courtesy_call(case, at), at, Outcome.NOT_APPLICABLE, "R2.1", why)
        case "unfounded":
            return _unfounded(case, message, at)


def _severity(case: Case, message: Reviewed) -> Severity:
    if message.severity in {Severity.BATCH, Severity.CLAIM} and message.severity is not case.severity:
        raise NotHeard(
            Code.INCONSISTENT,
            "R2.4",
            f"{message.severity} is found by rule (R8.1, R1.8); a review gives general or major",
        )
    # A claim stays a claim: its amount must always be countersigned (R1.8).
    return case.severity if case.severity is Severity.CLAIM else message.severity or case.severity


def accept(case: Case, at: Instant) -> Case:
    """Hand the complaint to the parties: the seller's window begins (R3.1)."""
    return enter(case, Phase.NEGOTIATION).but(negotiation=Negotiation(since=at), review=None)


def _ask_the_buyer(case: Case, at: Instant) -> Case:
    review = case.review or Review(agent_since=at)
    if review.material_requests >= case.policy.material_requests_at_most:
        raise NotHeard(Code.ALREADY_DONE, "R2.1", "material was asked for twice already; accept or turn down")
    asked = Review(agent_since=None, buyer_since=at, material_requests=review.material_requests + 1)
    return case.but(review=asked)


def _buyer_has_the_floor(case: Case) -> bool:
    return case.review is not None and case.review.buyer_since is not None


@rules.hears(MaterialSupplied, "R2.1", by=(Role.BUYER,), during=(Phase.REVIEW,), when=_buyer_has_the_floor)
def the_buyer_supplies_material(case: Case, message: MaterialSupplied, at: Instant) -> Case:
    """Keep the material; the agent has a new working day (R2.1)."""
    requests = case.review.material_requests if case.review else 0
    return exhibit(case, message.sender, message.evidence, at).but(
        review=Review(agent_since=at, material_requests=requests)
    )


@rules.window(
    LimitName.MATERIAL,
    lambda case: [Runs(case.review.buyer_since)] if case.review and case.review.buyer_since else [],
)
def the_buyer_supplies_nothing(case: Case, deadline: Deadline) -> Case:
    """Close as abandoned, not as unfounded (R2.1)."""
    return close(case, deadline.due_at, Outcome.ABANDONED, "R2.1", Because(cause=Cause.NO_MATERIAL))


def _unfounded(case: Case, message: Reviewed, at: Instant) -> Case:
    # Unfounded is ruling 1, sent to the buyer alone, who may appeal (R2.2).
    ruling = Ruling(
        number=len(case.rulings) + 1,
        state="pending",
        by=message.sender,
        liability=Liability.NOBODY,
        award=Award(remedy=Remedy.NONE),
        freight="platform",
        reason=RulingReason.UNFOUNDED,
        text=message.text,
        ruled_at=at,
        asked=(Role.BUYER,),
    )
    return send(case.but(review=None), ruling, at)
