"""Negotiation between buyer and seller (R3): answers, offers, the platform's help, withdrawal."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.award import Award
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.messages import InterventionRequested, SellerAnswered, Withdrawn
from workflows.complaint.rules.advances.balance import OF_ADVANCES
from workflows.complaint.rules.advances.course import give_back
from workflows.complaint.rules.emit import close
from workflows.complaint.rules.evidence import exhibit
from workflows.complaint.rules.intervention import ask_the_platform
from workflows.complaint.rules.money.movements import end
from workflows.complaint.rules.offers import agreed, answered, propose
from workflows.complaint.rules.points import owe_points
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import Outcome, Phase, Role, Severity

rules = Rules()

BEFORE_FULFILMENT = frozenset({Phase.REVIEW, Phase.NEGOTIATION, Phase.INTERVENTION, Phase.CONFIRMATION, Phase.APPEAL})
_UNTIL_FINAL = frozenset({Phase.INTERVENTION, Phase.CONFIRMATION, Phase.APPEAL})


def _unanswered(case: Case) -> bool:
    return case.negotiation is not None and case.negotiation.answered_at is None


@rules.hears(SellerAnswered, "R3.1", by=(Role.SELLER,), during=(Phase.NEGOTIATION,))
def the_seller_answers(case: Case, message: SellerAnswered, at: Instant) -> Case:
    """Agree ends the dispute; counter is an offer; refuse opens the buyer's way to the platform."""
    case = exhibit(case, message.sender, message.evidence, at)
    if message.answer == "agree":
        return _agree_to_the_request(case, message.sender, at)
    if not _unanswered(case):
        raise NotHeard(Code.ALREADY_DONE, "R3.1", "the seller has answered already; agree, or make an offer")
    case = answered(case, message.answer, at)
    if message.remedy is not None:
        return propose(case, message.sender, Award(remedy=message.remedy, amount=message.amount), "", at)
    return case


@rules.hears(SellerAnswered, "R3.5", by=(Role.SELLER,), during=_UNTIL_FINAL)
def the_seller_gives_in(case: Case, message: SellerAnswered, at: Instant) -> Case:
    """Hear only *agree* once the platform has stepped in; until a ruling is final it replaces it (R3.4, R3.5)."""
    if message.answer != "agree":
        raise NotHeard(
            Code.NOT_NOW, "R3.4", "the platform has stepped in: agree, or use offer_made or evidence_submitted"
        )
    return _agree_to_the_request(case, message.sender, at)


def _agree_to_the_request(case: Case, seller: Party, at: Instant) -> Case:
    request = case.filing.request
    award = Award(remedy=request.remedy, amount=request.amount)
    return agreed(answered(case, "agree", at), award, seller, seller, at)


def _seller_owes_an_answer(case: Case) -> Iterator[Runs]:
    if case.phase is Phase.NEGOTIATION and case.negotiation and _unanswered(case):
        yield Runs(case.negotiation.since)


@rules.window(LimitName.SELLER_ANSWER, _seller_owes_an_answer)
def the_seller_stays_silent(case: Case, deadline: Deadline) -> Case:
    """The platform steps in by itself, with reason "seller silent" (R3.3)."""
    case = owe_points(case, deadline.due_at, "seller_silent")
    return ask_the_platform(case, deadline.due_at, Because(cause=Cause.SELLER_SILENT), rule="R3.3")


def _buyer_may_ask(case: Case) -> bool:
    return case.negotiation is not None and case.negotiation.answered_at is not None


@rules.hears(InterventionRequested, "R3.4", by=(Role.BUYER,), during=(Phase.NEGOTIATION,), when=_buyer_may_ask)
def the_buyer_asks_the_platform(case: Case, message: InterventionRequested, at: Instant) -> Case:
    """Step in at the buyer's request, also while an offer is live (R3.4)."""
    del message
    return ask_the_platform(case, at, Because(cause=Cause.ASKED_BY_BUYER), rule="R3.4")


def _grave(case: Case) -> bool:
    return case.severity is not Severity.GENERAL


@rules.hears(InterventionRequested, "R3.4", by=(Role.SUPERVISOR,), during=(Phase.NEGOTIATION,), when=_grave)
def a_supervisor_steps_in(case: Case, message: InterventionRequested, at: Instant) -> Case:
    """A supervisor may step in at any time when the complaint is major, batch or claim (R3.4)."""
    del message
    return ask_the_platform(case, at, Because(cause=Cause.ASKED_BY_SUPERVISOR), rule="R3.4")


def _buyer_may_still_ask(case: Case) -> Iterator[Runs]:
    if case.phase is not Phase.NEGOTIATION or not case.negotiation or not case.negotiation.answered_at:
        return
    if case.live_offer is None:
        ends = [offer.ended_at for offer in case.offers if offer.ended_at]
        yield Runs(max([case.negotiation.answered_at, *ends]))


@rules.window(LimitName.ASK_PLATFORM, _buyer_may_still_ask)
def nobody_asks_the_platform(case: Case, deadline: Deadline) -> Case:
    """The complaint lapses when the buyer lets the answer stand (R3.4)."""
    return close(case, deadline.due_at, Outcome.LAPSED, "R3.4", Because(cause=Cause.NOT_ASKED))


def _nothing_done_yet(case: Case) -> bool:
    # Back from fulfilment, or in a second cycle, fulfilment has started: money or goods may be on their way.
    frozen = all(one.movement.purpose in OF_ADVANCES for one in case.money)
    return case.cycle == 1 and frozen and not case.goods


@rules.hears(Withdrawn, "R3.5", by=(Role.BUYER,), during=BEFORE_FULFILMENT, when=_nothing_done_yet)
def the_buyer_withdraws(case: Case, message: Withdrawn, at: Instant) -> Case:
    """End the complaint at the buyer's wish, until fulfilment starts; an advance goes back first (R3.5, R9.7)."""
    del message
    return end(give_back(case, "R9.7", at), at, Outcome.WITHDRAWN, "R3.5")
