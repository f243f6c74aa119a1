"""Appeal against a ruling: once per party, decided by another supervisor (R5.4)."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.award import Award
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.messages import AppealDecided, ExternalRecourseNoted, RulingAppealed
from workflows.complaint.domain.parts import Appeal, Position, Ruling
from workflows.complaint.rules.advances.course import without_a_failed_one
from workflows.complaint.rules.emit import enter
from workflows.complaint.rules.evidence import exhibit
from workflows.complaint.rules.money.movements import end
from workflows.complaint.rules.money.overturned import overturned_by_a_court
from workflows.complaint.rules.people import RUNNING
from workflows.complaint.rules.registry import Rules, Runs
from workflows.complaint.rules.review import accept
from workflows.complaint.rules.rulings import make_final, require_asked, require_consistent, send
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import PARTIES, Outcome, Phase, Role, RulingReason

rules = Rules()


def _appeal_open(case: Case) -> bool:
    return case.phase is Phase.CONFIRMATION or (case.appeal is not None and case.appeal.sent_back_at is None)


@rules.hears(RulingAppealed, "R5.4", by=PARTIES, during=(Phase.CONFIRMATION, Phase.APPEAL), when=_appeal_open)
def a_party_appeals(case: Case, message: RulingAppealed, at: Instant) -> Case:
    """Open phase appeal, or join the other party's appeal (R5.4)."""
    role = message.sender.role
    ruling = case.rulings[-1]
    if ruling.number != message.ruling:
        raise NotHeard(
            Code.STALE_NUMBER, "R5.4", f"ruling {message.ruling} is not current; the current one is {ruling.number}"
        )
    if role in case.appealed_by:
        raise NotHeard(Code.ALREADY_DONE, "R5.4", f"the {role} has used its one appeal; it can only confirm")
    require_asked(ruling, role)
    ruling = ruling.but(positions=(*ruling.positions, Position(role=role, stance="appealed", at=at)))
    case = exhibit(case, message.sender, message.evidence, at)
    appeal = case.appeal or Appeal(ruling=ruling.number, by=(), since=at)
    return enter(case, Phase.APPEAL).but(
        rulings=(*case.rulings[:-1], ruling),
        appeal=appeal.but(by=(*appeal.by, role)),
        appealed_by=(*case.appealed_by, role),
    )


@rules.duty(LimitName.APPEAL_DECISION)
def a_supervisor_owes_a_decision(case: Case) -> Iterator[Runs]:
    """Run from the first appeal; where every supervisor took part, for the operations manager (R5.4)."""
    if case.phase is Phase.APPEAL and case.appeal and not case.appeal.sent_back_at:
        yield Runs(case.appeal.since, None if _uninvolved(case) else Role.OPERATIONS_MANAGER)


@rules.duty(LimitName.SEND_BACK_RULING)
def the_handler_owes_a_new_ruling(case: Case) -> Iterator[Runs]:
    """Run from the send back until the next ruling is sent; a countersign is inside it, as in R4.2 (R5.4)."""
    if case.phase is Phase.APPEAL and case.appeal and case.appeal.sent_back_at:
        yield Runs(case.appeal.sent_back_at)


@rules.hears(
    AppealDecided,
    "R5.4",
    by=(Role.SUPERVISOR, Role.OPERATIONS_MANAGER),
    during=(Phase.APPEAL,),
    when=_appeal_open,
)
def the_appeal_is_decided(case: Case, message: AppealDecided, at: Instant) -> Case:
    """Uphold or change makes it final at once; send back asks the handler to rule again (R5.3, R5.4)."""
    _require_uninvolved(case, message.sender)
    match message.decision:
        case "uphold":
            return make_final(case, at)
        case "change":
            return _change(case, _changed(case, message, at), at)
        case "send_back":
            return _send_back(case, at)


def _change(case: Case, ruling: Ruling, at: Instant) -> Case:
    # A seller who was never asked cannot be bound at once: the changed review is a ruling like any other (R2.2).
    heard_both = Role.SELLER in case.rulings[-1].asked
    if heard_both:
        return make_final(case.but(rulings=(*_replaced(case), ruling)), at)
    return send(case.but(rulings=_replaced(case)), ruling, at)


def _require_uninvolved(case: Case, sender: Party) -> None:
    free = _uninvolved(case)
    if sender.id in _involved(case):
        raise NotHeard(Code.WRONG_SENDER, "R5.4", f"{sender.id} has ruled or countersigned; another supervisor decides")
    if sender.role is Role.OPERATIONS_MANAGER and free:
        raise NotHeard(Code.WRONG_SENDER, "R5.4", f"a supervisor decides while one is free: {', '.join(free)}")


def _involved(case: Case) -> frozenset[str]:
    made = {one.by.id for one in case.rulings}
    return frozenset(made | {one.countersigned_by.id for one in case.rulings if one.countersigned_by})


def _uninvolved(case: Case) -> list[str]:
    return [one for one in case.staff.of(Role.SUPERVISOR) if one not in _involved(case)]


def _replaced(case: Case) -> tuple[Ruling, ...]:
    return tuple(one.but(state="replaced") for one in case.rulings)


def _changed(case: Case, message: AppealDecided, at: Instant) -> Ruling:
    if message.liability is None or message.remedy is None or message.freight is None or message.reason is None:
        raise NotHeard(Code.MALFORMED, "R5.4", "decision change needs liability, remedy, freight and reason")
    award = Award(remedy=message.remedy, amount=message.amount)
    require_consistent(case, message.liability, message.reason, award)
    return Ruling(
        number=len(case.rulings) + 1,
        state="sent",
        by=message.sender,
        liability=message.liability,
        seller_share=message.seller_share,
        award=award,
        freight=message.freight,
        reason=message.reason,
        text=message.text,
        ruled_at=at,
        sent_at=at,
    )


def _send_back(case: Case, at: Instant) -> Case:
    if case.rulings[-1].reason is RulingReason.UNFOUNDED and case.negotiation is None:
        # An unfounded review sent back counts as accepted (R2.2).
        return accept(case.but(rulings=_replaced(case), appeal=None), at)
    case = without_a_failed_one(case)
    return case.but(appeal=case.appeal.but(sent_back_at=at) if case.appeal else None, rulings=_replaced(case))


@rules.hears(ExternalRecourseNoted, "R5.5", by=(Role.AGENT,), during=RUNNING)
def external_recourse_is_noted(case: Case, message: ExternalRecourseNoted, at: Instant) -> Case:
    """Before any ruling the complaint is referred out; later the platform's ruling is fulfilled all the same (R5.5)."""
    if message.result == "overturned":
        case = overturned_by_a_court(case, at, message.forum, message.reference, message.sender)
    if case.rulings or case.decision:
        return case
    why = Because(cause=Cause.REFERRED, forum=message.forum, reference=message.reference)
    return end(case, at, Outcome.REFERRED_OUT, "R5.5", why)
