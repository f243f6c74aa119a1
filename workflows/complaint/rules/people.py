"""Who may speak: the parties of this order, the staff within their role, known carriers (R1.3, section 0)."""

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import HandedOver, Noted
from workflows.complaint.rules.intervention import stepped_in
from workflows.complaint.rules.registry import Rules
from workflows.parties import Party
from workflows.values import Instant
from workflows.vocabulary import PARTIES, STAFF, Phase, Role

rules = Rules()

RUNNING = frozenset(Phase) - {Phase.CLOSED, Phase.REGISTRATION}
"""Every phase in which somebody can still say something that counts."""


def require_known(case: Case, sender: Party) -> None:
    """Refuse a sender who does not belong to this complaint."""
    if sender.role in PARTIES:
        _require_party(case, sender)
    elif sender.role is not Role.PAYMENT and not case.staff.knows(sender.role, sender.id):
        raise NotHeard(Code.WRONG_SENDER, "R1.3", f"nobody is known as {sender}; use an id of the staff table")


def _require_party(case: Case, sender: Party) -> None:
    party = case.buyer if sender.role is Role.BUYER else case.seller
    if party is None or party.id != sender.id:
        raise NotHeard(Code.WRONG_SENDER, "R1.3", f"{sender} is not the {sender.role} of this order")


@rules.hears(Noted, "R4.1", by=STAFF, during=RUNNING)
def a_note_is_kept(case: Case, message: Noted, at: Instant) -> Case:
    """Keep a note of any member of staff; in intervention it is a first move of the platform (R4.1)."""
    del message
    return stepped_in(case, at)


@rules.hears(HandedOver, "R2.5", by=(Role.AGENT, Role.SUPERVISOR), during=RUNNING)
def the_complaint_is_handed_over(case: Case, message: HandedOver, at: Instant) -> Case:
    """Give the complaint to another named handler; the step says from whom, to whom, with which open points."""
    del at
    if not (case.staff.knows(Role.AGENT, message.to) or case.staff.knows(Role.SUPERVISOR, message.to)):
        raise NotHeard(Code.UNKNOWN_REFERENCE, "R2.5", f"{message.to} is neither an agent nor a supervisor")
    if message.to == case.handler:
        raise NotHeard(Code.ALREADY_DONE, "R2.5", f"{message.to} handles this complaint already")
    return case.but(handler=message.to)
