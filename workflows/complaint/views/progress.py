"""How a complaint stands for its buyer or its seller: state, handler, expected time, what is theirs (R11.2)."""

from workflows.complaint.domain.progress import Progress
from workflows.complaint.domain.timeline import event_is_for
from workflows.complaint.domain.view import Advanced, MovementView, Paid, RulingView, View, WaitingOn
from workflows.vocabulary import PARTIES, MoneyState, Phase, Purpose, Role

_SENT = frozenset({"sent", "final"})
"""A ruling in another state may never have been sent: pending, or returned and replaced (R4.6)."""

_HAPPENED = frozenset({MoneyState.SETTLED, MoneyState.REVERSED})
"""How a movement gets there is the platform's business; that it is awaited is told as the expected time."""


def progress(view: View, role: Role) -> Progress:
    """Return what buyer or seller sees of a case; never a pending ruling, a work order, what others are paid.

    When the platform acts is told, what it has yet to do is not: it may be a ruling that nobody knows of. So is when it
    acts on the silence of the other party, where what that one is asked for is not shown.
    """
    turns = tuple(row for row in view.waiting_on if _theirs_to_know(row, role))
    return Progress(
        complaint=view.complaint,
        phase=view.phase,
        outcome=view.outcome,
        cycle=view.cycle,
        handler=view.handler,
        paused=view.clock.paused,
        expected_at=min((row.due_at for row in view.waiting_on if row not in turns), default=None),
        waiting_on=turns,
        offer=view.offer,
        ruling=_ruling(view),
        goods=view.goods,
        advance=_advanced(view),
        money=tuple(_paid(one) for one in view.money if one.state in _HAPPENED and role in (one.payer, one.payee)),
        steps=view.steps,
    )


def _ruling(view: View) -> RulingView | None:
    """Tell of the ruling that was sent; where all is decided anew none is told: it would vanish with the next one."""
    if view.ruling is None or view.phase is Phase.INTERVENTION:
        return None
    return view.ruling if view.ruling.state in _SENT else None


def _theirs_to_know(row: WaitingOn, role: Role) -> bool:
    """Say whether a party is told of a turn: its own, and the other's where it will be shown what is done then."""
    return row.actor is role or (row.actor in PARTIES and event_is_for(row.action, role))


def _advanced(view: View) -> Advanced | None:
    """Tell of an advance once it is made: till then it may be called off, or fail, and the one before is the latest."""
    if view.advance and view.advance.state != "ordered":
        return Advanced(state=view.advance.state, amount=view.advance.amount)
    settled = [one for one in view.money if one.state is MoneyState.SETTLED]
    made = [number for number, one in enumerate(settled) if one.purpose == Purpose.ADVANCE]
    if not made:
        return None
    unfrozen = any(one.purpose == Purpose.UNFREEZE for one in settled[made[-1] :])
    return Advanced(state="unfrozen" if unfrozen else "clawed_back", amount=settled[made[-1]].amount)


def _paid(one: MovementView) -> Paid:
    return Paid(**{name: getattr(one, name) for name in Paid.model_fields})
