"""A return that was not made or failed, while an advance is frozen: the handler asks the buyer (R9.4)."""

from collections.abc import Iterator

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events import EvidenceRequestedBySystem
from workflows.complaint.domain.messages import BuyerContacted
from workflows.complaint.domain.parts import EvidenceWindow
from workflows.complaint.rules.advances.course import asked_no_more, give_back, pay_out
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.goods.fulfilment import back_to_the_handler
from workflows.complaint.rules.money.movements import end
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import Outcome, Phase, Role

rules = Rules()

_TO_PROVE = "tracking number and proof of delivery of the return"


def _asking(case: Case) -> bool:
    return case.phase is Phase.FULFILMENT and case.advance is not None and case.advance.asked_since is not None


def _asking_runs(case: Case) -> Iterator[Runs]:
    if _asking(case) and case.advance and case.advance.asked_since:
        yield Runs(case.advance.asked_since)


@rules.window(LimitName.ADVANCE_CONTACT, _asking_runs)
def the_buyer_is_not_reached(case: Case, deadline: Deadline) -> Case:
    """Claw the advance back, and pay the seller what is held (R9.4)."""
    return _nothing_came_back(case, deadline.due_at, Cause.NOT_REACHED)


def _supervised_asking(case: Case) -> bool:
    return case.supervised and _asking(case)


@rules.hears(BuyerContacted, "R9.4", by=(Role.AGENT,), during=(Phase.FULFILMENT,), when=_asking)
@rules.hears(BuyerContacted, "R9.4", by=(Role.SUPERVISOR,), during=(Phase.FULFILMENT,), when=_supervised_asking)
def the_buyer_is_asked(case: Case, message: BuyerContacted, at: Instant) -> Case:
    """Take what the buyer says: nothing was returned, or it was; who is not reached has until the end (R9.4)."""
    match message.result:
        case "confirmed":
            return _nothing_came_back(case, at, Cause.NOTHING_RETURNED)
        case "disputed":
            return _disputed(case, message, at)
        case "reached" | "unreachable":
            return case


def _nothing_came_back(case: Case, at: Instant, why: Cause) -> Case:
    return end(pay_out(give_back(case, "R9.4", at), at), at, Outcome.LAPSED, "R9.4", Because(cause=why))


def _disputed(case: Case, message: BuyerContacted, at: Instant) -> Case:
    """Ask the buyer to prove the return; the handler rules (R9.4, R4.4)."""
    why = Because(cause=Cause.SAYS_RETURNED, tracking=message.tracking)
    case = back_to_the_handler(asked_no_more(case), at, why)
    case = emit(case, at, EvidenceRequestedBySystem(parties=(Role.BUYER,), to_prove=_TO_PROVE), "R9.4")
    asked = EvidenceWindow(role=Role.BUYER, since=at, to_prove=_TO_PROVE)
    return case.but(evidence_windows=(*case.evidence_windows, asked))
