"""How a case reads: the view, its search attributes, its deadlines explained (R7.1, R7.5, R11.2)."""

from workflows.complaint.domain.advance import Advance
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parts import Entry, Offer, Ruling, called
from workflows.complaint.domain.view import (
    AdvanceState,
    AdvanceView,
    ClockView,
    GoodsView,
    LegView,
    MovementView,
    OfferView,
    RecoveryState,
    RulingView,
    View,
    WaitingOn,
)
from workflows.complaint.rules.advances.balance import (
    Standing,
    course,
    owing,
    recovered,
    recovering,
    standing,
    state,
    written_off,
)
from workflows.complaint.rules.deadlines import deadlines, level, overdue, tightest
from workflows.complaint.rules.money.movements import FAILED, known
from workflows.complaint.rules.registry import Deadline
from workflows.complaint.rules.tables import HEARINGS
from workflows.policy.model import Limit, LimitName
from workflows.vocabulary import Phase, Role, Severity


def view_of(case: Case) -> View:
    """Return the case as everybody reads it."""
    return View(
        complaint=case.complaint,
        phase=case.phase,
        outcome=case.outcome,
        cycle=case.cycle,
        severity=case.severity,
        handler=case.handler,
        level=level(case),
        overdue=overdue(case),
        waiting_on=waiting_on(case),
        offer=_offer(case, case.offer) if case.offer else None,
        ruling=_ruling(case.ruling) if case.ruling else None,
        goods=_goods(case),
        advance=_advance(case),
        money=tuple(_movement(entry) for entry in case.money),
        clock=ClockView(
            paused=_paused(case), calendar_version=case.calendar.version, policy_version=case.policy.version
        ),
        steps=case.steps,
    )


def _paused(case: Case) -> bool:
    """Say whether the clock of a limit that runs stands now (R7.3, R7.7)."""
    stops = (stop for deadline in deadlines(case) for stop in deadline.stops)
    return any(stop.since <= case.now and (stop.until is None or case.now < stop.until) for stop in stops)


def registering(complaint: str) -> View:
    """Return what can be said while the complaint is being registered: its number."""
    return View(
        complaint=complaint,
        phase=Phase.REGISTRATION,
        outcome=None,
        cycle=1,
        severity=Severity.GENERAL,
        handler=None,
        level=0,
        overdue=False,
        waiting_on=(),
        offer=None,
        ruling=None,
        goods=None,
        advance=None,
        money=(),
        clock=ClockView(paused=False, calendar_version="", policy_version=""),
        steps=0,
    )


def waiting_on(case: Case) -> tuple[WaitingOn, ...]:
    """Say who must do what by when, and what happens otherwise, the earliest first, the tightest of several (R7.1)."""
    rows = [_waiting(deadline, case.policy.limits[deadline.name]) for deadline in tightest(case)]
    return tuple(sorted(rows, key=lambda row: row.due_at))


def _action(deadline: Deadline, limit: Limit) -> str:
    """Name the message that the one who is waited for can send."""
    theirs = (kind for kind in limit.ended_by if any(deadline.actor in one.by for one in HEARINGS.get(kind, [])))
    return next(theirs, limit.ended_by[0] if limit.ended_by else limit.act)


def _waiting(deadline: Deadline, limit: Limit) -> WaitingOn:
    return WaitingOn(
        actor=deadline.actor,
        action=_action(deadline, limit),
        due_at=deadline.due_at,
        # A duty must be done; in a window silence is an answer, with the default written beside it.
        mandatory=limit.duty or deadline.actor is Role.SELLER,
        otherwise=limit.otherwise,
        rule=limit.rule,
    )


def _offer(case: Case, offer: Offer) -> OfferView:
    lapses = [deadline.due_at for deadline in deadlines(case) if deadline.name is LimitName.OFFER]
    return OfferView(
        number=offer.number,
        by=offer.by.role,
        remedy=offer.award.remedy,
        amount=offer.award.amount,
        lapses_at=min(lapses, default=None),
        confirmed_by=offer.confirmed_by,
    )


def _ruling(ruling: Ruling) -> RulingView:
    return RulingView(
        number=ruling.number,
        state=ruling.state,
        liability=ruling.liability,
        seller_share=ruling.seller_share,
        remedy=ruling.award.remedy,
        amount=ruling.award.amount,
        freight=ruling.freight,
        reason=ruling.reason,
        text=ruling.text,
    )


def _goods(case: Case) -> GoodsView | None:
    if not case.goods:
        return None
    legs = tuple(
        LegView(
            leg=leg.leg,
            carrier=leg.carrier,
            tracking=leg.tracking,
            state=leg.state,
            condition=leg.condition,
            quantity=leg.quantity,
        )
        for leg in case.goods
    )
    return GoodsView(legs=legs)


def _advance(case: Case) -> AdvanceView | None:
    """Show the latest advance; one that failed or was called off is shown only while somebody has to see to it."""
    shown = [one for one in case.advances if state(case, one) not in FAILED or known(case, one.key).owned_since]
    if not shown:
        return None
    stands = standing(case, shown[-1])
    return AdvanceView(
        state=_advance_state(stands),
        amount=known(case, shown[-1].key).movement.amount,
        frozen=stands.frozen,
        unfrozen=stands.unfrozen,
        clawed_back=stands.clawed_back,
        recovery=_recovery(case, shown[-1]),
    )


def _advance_state(stands: Standing) -> AdvanceState:
    if not stands.advanced:
        return "ordered"
    if stands.frozen:
        return "frozen"
    return "unfrozen" if stands.unfrozen else "clawed_back"


def _recovery(case: Case, advance: Advance) -> RecoveryState:
    if written_off(course(case.money, advance.key)):
        return "written_off"
    if recovering(case, advance):
        return "due"
    if owing(case, advance):
        return "debt"
    return "recovered" if recovered(course(case.money, advance.key)) else "none"


def _movement(entry: Entry) -> MovementView:
    movement = entry.movement
    return MovementView(
        key=movement.key,
        purpose=movement.purpose,
        payer=called(movement.payer),
        payee=called(movement.payee),
        amount=movement.amount,
        state=movement.state,
        rule=movement.rule,
        ordered_by=f"{movement.ordered_by.role}:{movement.ordered_by.id}",
        remark=movement.remark,
        provider_reference=movement.provider_reference,
    )
