"""Rulings: made by the handler, countersigned above the limit, sent, confirmed or left standing (R4.6, R5)."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.award import Award
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events import ConsentBySilence, CountersignAwaited, RulingFinal, RulingSent
from workflows.complaint.domain.messages import Ruled, RulingConfirmed, RulingCountersigned
from workflows.complaint.domain.parts import PLATFORM, Decision, Ended, Position, Ruling, Stance
from workflows.complaint.rules.advances.course import give_back
from workflows.complaint.rules.emit import emit, enter
from workflows.complaint.rules.evidence import evidence_silence, require_windows_over
from workflows.complaint.rules.goods.fulfilment import decide
from workflows.complaint.rules.intervention import moved
from workflows.complaint.rules.money.movements import end
from workflows.complaint.rules.money.orders import require_within_ceiling
from workflows.complaint.rules.money.overturned import taken_off_the_seller
from workflows.complaint.rules.offers import end_live_offer
from workflows.complaint.rules.points import owe_points, reverse_points
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import PARTIES, Liability, Outcome, Phase, Remedy, Role, RulingReason, Severity

rules = Rules()

_SILENCE = {
    RulingReason.SELLER_SILENT: Role.SELLER,
    RulingReason.EVIDENCE_MISSING_SELLER: Role.SELLER,
    RulingReason.BUYER_SILENT: Role.BUYER,
    RulingReason.EVIDENCE_MISSING_BUYER: Role.BUYER,
}


def _may_rule(case: Case) -> bool:
    if case.phase is Phase.APPEAL:
        return case.appeal is not None and case.appeal.sent_back_at is not None
    return case.ruling is None or case.ruling.state != "pending"


def _supervisor_may_rule(case: Case) -> bool:
    return case.supervised and _may_rule(case)


def the_handler_rules(case: Case, message: Ruled, at: Instant) -> Case:
    """Number the ruling and send it, or keep it until a supervisor approves (R4.6)."""
    require_windows_over(case)
    award = Award(remedy=message.remedy, amount=message.amount)
    require_consistent(case, message.liability, message.reason, award)
    ruling = Ruling(
        number=len(case.rulings) + 1,
        state="pending",
        by=message.sender,
        liability=message.liability,
        seller_share=message.seller_share,
        award=award,
        freight=message.freight,
        reason=message.reason,
        text=message.text,
        ruled_at=at,
    )
    case = moved(case, at)
    if _needs_countersign(case, ruling):
        return _keep_pending(case, ruling, at)
    return send(case, ruling, at)


rules.hears(Ruled, "R4.6", by=(Role.AGENT,), during=(Phase.INTERVENTION, Phase.APPEAL), when=_may_rule)(
    the_handler_rules
)
rules.hears(Ruled, "R4.6", by=(Role.SUPERVISOR,), during=(Phase.INTERVENTION, Phase.APPEAL), when=_supervisor_may_rule)(
    the_handler_rules
)


def require_consistent(case: Case, liability: Liability, reason: RulingReason, award: Award) -> None:
    """Refuse a ruling that gives too much, gives what its liability cannot, or rests on a silence that was none."""
    require_within_ceiling(case, award)
    if liability is Liability.BUYER and award.remedy is not Remedy.NONE:
        raise NotHeard(Code.INCONSISTENT, "R6.11", "liability buyer gives nothing: use remedy none")
    silent = _SILENCE.get(reason)
    if silent and silent not in _silent_parties(case, reason):
        raise NotHeard(Code.INCONSISTENT, "R4.5", f"{reason} is not true: the {silent} was not silent")


def _silent_parties(case: Case, reason: RulingReason) -> frozenset[Role]:
    """Return who let a window pass without a word: what a code of silence may rest on (R4.5)."""
    silent = evidence_silence(case)
    if reason is RulingReason.SELLER_SILENT and any(_let_the_answer_pass(one) for one in case.ended):
        return silent | {Role.SELLER}
    return silent


def _let_the_answer_pass(ended: Ended) -> bool:
    return ended.name is LimitName.SELLER_ANSWER and ended.how == "expired"


def _needs_countersign(case: Case, ruling: Ruling) -> bool:
    amount = ruling.award.amount
    if amount is None:
        return False
    # More than the line can give is a claim, and a claim is always countersigned (R1.8).
    claim = case.severity is Severity.CLAIM or (case.order is not None and case.order.ceiling < amount)
    return claim or case.policy.countersign_above < amount


def _keep_pending(case: Case, ruling: Ruling, at: Instant) -> Case:
    case = emit(case, at, CountersignAwaited(ruling=ruling.number), "R4.6", amount=ruling.award.amount)
    return case.but(rulings=(*case.rulings, ruling))


@rules.duty(LimitName.COUNTERSIGN)
def a_supervisor_owes_a_countersign(case: Case) -> Iterator[Runs]:
    """Run while a ruling above the limit waits (R4.6)."""
    if case.ruling and case.ruling.state == "pending":
        yield Runs(case.ruling.ruled_at, subject=f"{case.ruling.number}")


def _pending(case: Case) -> bool:
    return case.ruling is not None and case.ruling.state == "pending"


@rules.hears(
    RulingCountersigned, "R4.6", by=(Role.SUPERVISOR,), during=(Phase.INTERVENTION, Phase.APPEAL), when=_pending
)
def a_supervisor_countersigns(case: Case, message: RulingCountersigned, at: Instant) -> Case:
    """Approve: the ruling is sent; return: the handler rules anew (R4.6)."""
    ruling = _numbered(case, message.ruling)
    if ruling.by.id == message.sender.id:
        raise NotHeard(Code.WRONG_SENDER, "R4.6", "a ruling is countersigned by somebody else than who made it")
    if message.decision == "approve":
        return send(case, ruling.but(countersigned_by=message.sender), at)
    return case.but(rulings=(*case.rulings[:-1], ruling.but(state="replaced")))


def _numbered(case: Case, number: int) -> Ruling:
    ruling = case.ruling
    if ruling is None or ruling.number != number:
        current = ruling.number if ruling else "none"
        raise NotHeard(Code.STALE_NUMBER, "R5.1", f"ruling {number} is not current; the current one is {current}")
    return ruling


def send(case: Case, ruling: Ruling, at: Instant) -> Case:
    """Send a ruling to the parties: older ones are replaced, an open offer lapses, windows begin (R3.2, R4.2, R5.1)."""
    case = end_live_offer(case, "lapsed", at)
    told = RulingSent(ruling=ruling.number, award=ruling.award)
    case = emit(case, at, told, "R4.6", amount=ruling.award.amount)
    older = tuple(one.but(state="replaced") for one in case.rulings if one.number != ruling.number)
    intervention = case.intervention
    if intervention and not intervention.resolved_at:
        intervention = intervention.but(resolved_at=at)
    sent = ruling.but(state="sent", sent_at=at)
    return enter(case, Phase.CONFIRMATION).but(rulings=(*older, sent), intervention=intervention, appeal=None)


@rules.hears(RulingConfirmed, "R5.1", by=PARTIES, during=(Phase.CONFIRMATION,))
def a_party_confirms(case: Case, message: RulingConfirmed, at: Instant) -> Case:
    """Take a party's yes; with the last one the ruling is final (R5.3)."""
    ruling = _numbered(case, message.ruling)
    require_asked(ruling, message.sender.role)
    return take_position(case, message.sender.role, "confirmed", at)


def require_asked(ruling: Ruling, role: Role) -> None:
    """Refuse a party that was not asked, or has spoken already (R5.1)."""
    if role not in ruling.asked:
        raise NotHeard(Code.WRONG_SENDER, "R2.2", f"this ruling was sent to the {' and '.join(ruling.asked)} alone")
    if ruling.stance(role):
        raise NotHeard(
            Code.ALREADY_DONE, "R5.1", f"the {role} has {ruling.stance(role)} ruling {ruling.number} already"
        )


def take_position(case: Case, role: Role, stance: Stance, at: Instant) -> Case:
    """Write down how a party stands; the ruling is final when each confirmed or was silent (R5.3)."""
    ruling = case.rulings[-1]
    ruling = ruling.but(positions=(*ruling.positions, Position(role=role, stance=stance, at=at)))
    case = case.but(rulings=(*case.rulings[:-1], ruling))
    if all(ruling.stance(asked) in {"confirmed", "silent"} for asked in ruling.asked):
        return make_final(case, at)
    return case


@rules.window(LimitName.CONFIRMATION, lambda case: _parties_asked(case, (Role.BUYER, Role.SELLER)))
def silence_is_consent(case: Case, deadline: Deadline) -> Case:
    """Record consent by silence, as such (R5.2)."""
    case = emit(case, deadline.due_at, ConsentBySilence(party=deadline.actor), "R5.2")
    return take_position(case, deadline.actor, "silent", deadline.due_at)


@rules.window(LimitName.UNFOUNDED_APPEAL, lambda case: _parties_asked(case, (Role.BUYER,)))
def the_buyer_leaves_it_unfounded(case: Case, deadline: Deadline) -> Case:
    """Close as unfounded when the buyer does not appeal (R2.2)."""
    case = emit(case, deadline.due_at, ConsentBySilence(party=Role.BUYER), "R2.2")
    return take_position(case, Role.BUYER, "silent", deadline.due_at)


def _parties_asked(case: Case, asked: tuple[Role, ...]) -> Iterator[Runs]:
    ruling = case.ruling
    if case.phase is not Phase.CONFIRMATION or ruling is None or ruling.sent_at is None or ruling.asked != asked:
        return
    for role in asked:
        if ruling.stance(role) is None:
            yield Runs(ruling.sent_at, role, f"{ruling.number}:{role}")


def make_final(case: Case, at: Instant) -> Case:
    """Make the ruling final (R5.3): what it gives is fulfilled; what gives nothing closes as unfounded (R6.11)."""
    ruling = case.rulings[-1].but(state="final", final_at=at)
    case = case.but(rulings=(*case.rulings[:-1], ruling), appeal=None)
    case = emit(case, at, RulingFinal(ruling=ruling.number), "R5.3")
    case = taken_off_the_seller(case, at, ruling)
    if ruling.liability is Liability.SELLER and not ruling.overturned:
        case = owe_points(case, at, ruling.reason)
    else:
        case = reverse_points(case, at, "advance")
    if ruling.award.remedy is Remedy.NONE and ruling.liability in {Liability.BUYER, Liability.NOBODY}:
        rule = "R2.2" if ruling.reason is RulingReason.UNFOUNDED else "R6.11"
        case = give_back(case, "R5.6", at)
        why = Because(cause=Cause.RULING_GIVES_NOTHING, ruling=ruling.number)
        return end(case, at, Outcome.UNFOUNDED, rule, why)
    return decide(case, _decision(case, ruling, at))


def _decision(case: Case, ruling: Ruling, at: Instant) -> Decision:
    by_platform = ruling.liability in {Liability.CARRIER, Liability.PLATFORM}
    return Decision(
        award=ruling.award,
        basis="ruling",
        payer=PLATFORM if by_platform or case.seller is None else case.seller,
        liability=ruling.liability,
        freight=ruling.freight,
        seller_share=ruling.seller_share,
        ordered_by=ruling.by,
        rule="R5.3",
        at=at,
    )
