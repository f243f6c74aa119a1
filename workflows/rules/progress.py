"""How a complaint stands for its buyer or its seller: state, handler, expected time, what is theirs (R11.2)."""

from workflows.domain.progress import Advanced, Paid, Progress, Turn
from workflows.domain.view import MovementView, View, WaitingOn
from workflows.domain.vocabulary import PARTIES, Role

_NOT_THE_SELLERS = frozenset({"work_order_plan_decided"})
"""What the platform and the buyer have between them: work orders are nobody else's."""

_SENT = frozenset({"sent", "final"})
"""A ruling in another state may never have been sent: pending, or returned and replaced (R4.6)."""


def progress(view: View, role: Role) -> Progress:
    """Return what buyer or seller sees of a case; never a pending ruling, a work order, what others are paid.

    When the platform acts is told, what it has yet to do is not: it may be a ruling that nobody knows of.
    """
    return Progress(
        complaint=view.complaint,
        phase=view.phase,
        outcome=view.outcome,
        cycle=view.cycle,
        handler=view.handler,
        paused=view.clock.paused,
        expected_at=min((row.due_at for row in view.waiting_on if row.actor not in PARTIES), default=None),
        waiting_on=tuple(_turn(row) for row in view.waiting_on if _theirs_to_know(row, role)),
        offer=view.offer,
        ruling=view.ruling if view.ruling and view.ruling.state in _SENT else None,
        goods=view.goods,
        advance=Advanced(state=view.advance.state, amount=view.advance.amount) if view.advance else None,
        money=tuple(_paid(one) for one in view.money if role in (one.payer, one.payee)),
        steps=view.steps,
    )


def _theirs_to_know(row: WaitingOn, role: Role) -> bool:
    return row.actor in PARTIES and (role is Role.BUYER or row.action not in _NOT_THE_SELLERS)


def _turn(row: WaitingOn) -> Turn:
    return Turn.model_validate(row.model_dump())


def _paid(one: MovementView) -> Paid:
    return Paid(
        key=one.key,
        purpose=one.purpose,
        payer=one.payer,
        payee=one.payee,
        amount=one.amount,
        state=one.state,
        rule=one.rule,
    )
