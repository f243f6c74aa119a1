"""The ways a case changes: it hears a message, time passes, an answer comes that it asked for (R7.4)."""

from workflows.answers import Answer, Code, NotHeard, Receipt, Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.events import CalendarApplied, CalendarUnknown, Heard, LateMessage, Refused
from workflows.complaint.domain.messages import Message
from workflows.complaint.domain.timeline import event_is_for
from workflows.complaint.rules.deadlines import climb, next_moment, turned
from workflows.complaint.rules.emit import emit
from workflows.complaint.rules.money.settlement import answered
from workflows.complaint.rules.people import require_known
from workflows.complaint.rules.registry import Hearing
from workflows.complaint.rules.reprojection import pinned
from workflows.complaint.rules.size import MOST, weight
from workflows.complaint.rules.tables import HEARINGS, WINDOWS
from workflows.money.amount import Money
from workflows.money.movement import PaymentAnswer
from workflows.parties import Party
from workflows.time.calendar import Calendar
from workflows.values import Instant
from workflows.vocabulary import PARTIES, Role

UNREAD = "R11.1"
"""What cannot be understood is kept all the same: the timeline is complete."""

_TEXT_KEPT = 500
"""Characters of a refusal's text that its step keeps: a flood of junk must not swell a case."""

_REMEMBERED_REFUSALS = 200
"""Answers to refused messages are forgotten in the order they came, so that a flood cannot swell a case."""

_OUTSIDERS = PARTIES | {Role.CARRIER, Role.PAYMENT}
"""Whoever may not know that a ruling waits for its countersign, or that a department has its turn."""


def hear(case: Case, message: Message, now: Instant, *, nothing_before: Instant | None = None) -> tuple[Case, Answer]:
    """Hear one message at the instant the edge received it; what was due before that passes first (R7.4).

    The same `message_id` of the same sender again changes nothing and gives the same answer; nobody can use up the ids
    of others. A refusal is an answer and a step. Before `nothing_before` the caller knows that nothing is due: a flood
    need not ask for the next deadline twice for each message.
    """
    known = f"{message.sender}:{message.message_id}"
    if known in case.heard:
        return case, case.heard[known]
    at = min(message.received_at or now, now)
    if nothing_before is None or nothing_before < at:
        case = expire(case, at, at_the_instant=False)
    try:
        case = _heard(case, message, max(at, case.now))
        answer: Answer = Receipt(message_id=message.message_id, phase=case.phase, steps=case.steps)
    except NotHeard as refused:
        if _overtaken(case, message, at):
            refused = NotHeard(
                Code.OVERTAKEN,
                "R7.4",
                f"silence was acted on before this was heard; {refused.text}",
                stands=refused.stands,
            )
        case, answer = _refuse(case, at, message.sender, message.kind, refused, message)
    return _remember(case, known, answer), answer


def _heard(case: Case, message: Message, at: Instant) -> Case:
    hearing = _hearing(case, message)
    heard = Heard(event=message.kind, handler=case.handler)
    said = emit(case, at, heard, hearing.rule, actor=message.sender, said=message, amount=_amount(message))
    after = hearing.act(_responded(said, message.sender, at), message, at)
    if weight(after) > MOST and weight(case) < weight(after):
        raise NotHeard(Code.ABOVE_LIMIT, "R4.4", "this complaint holds as much text as it can; say it shorter")
    return turned(case, after, kind=message.kind)


def _hearing(case: Case, message: Message) -> Hearing:
    if message.sender.role is Role.SYSTEM:
        raise NotHeard(Code.WRONG_SENDER, "R7.4", "role system is never accepted from outside")
    hearings = HEARINGS.get(message.kind, [])
    by_role = [one for one in hearings if message.sender.role in one.by]
    if hearings and not by_role:
        who = ", ".join(sorted({role for one in hearings for role in one.by}))
        raise NotHeard(Code.WRONG_ROLE, hearings[0].rule, f"{message.kind} comes from {who}, not {message.sender.role}")
    require_known(case, message.sender)
    for one in by_role:
        if one.applies(case):
            return one
    for one in by_role:
        if case.phase in one.during and one.when(case) and one.against and (refused := one.against(case)):
            raise refused
    code = Code.CLOSED if case.closed else Code.NOT_NOW
    rule = "R10.4" if case.closed else by_role[0].rule if by_role else "R7.1"
    raise NotHeard(code, rule, f"{message.kind} does not apply in phase {case.phase}{_instead(case, message.sender)}")


def _instead(case: Case, sender: Party) -> str:
    """Say where there is nothing to send; what can be sent instead is a list of its own in the refusal."""
    if _told_to(case, sender):
        return ""
    return f"; there is nothing for {sender.role} to send now" if allowed(case) else "; nothing can be sent any more"


def allowed(case: Case, role: Role | None = None) -> tuple[str, ...]:
    """Return the kinds that can be sent now, by anybody or by one role."""
    return tuple(
        kind
        for kind, hearings in HEARINGS.items()
        if any((role is None or role in one.by) and one.applies(case) for one in hearings)
    )


def _told_to(case: Case, sender: Party) -> tuple[str, ...]:
    """Return what can be sent now, to outsiders without what they are not shown once it is sent (R11.2)."""
    kinds, role = allowed(case), sender.role
    if role not in _OUTSIDERS:
        return kinds
    own = allowed(case, role)
    return tuple(kind for kind in kinds if kind in own or event_is_for(kind, role))


def refuse_unread(
    case: Case, at: Instant, code: Code, text: str, *, nothing_before: Instant | None = None
) -> tuple[Case, Refusal]:
    """Keep what could not be understood; who sent it is not known, because nothing in it can be believed."""
    if nothing_before is None or nothing_before < at:
        case = expire(case, at, at_the_instant=False)
    return _refuse(case, at, Party(role=Role.SYSTEM, id="unknown-sender"), "unreadable", NotHeard(code, UNREAD, text))


def _refuse(
    case: Case, at: Instant, sender: Party, kind: str, refused: NotHeard, said: Message | None = None
) -> tuple[Case, Refusal]:
    """Keep what was refused in the timeline, with the reason; nothing is lost and nothing is hurt."""
    event = LateMessage if case.closed else Refused
    facts = event(kind=kind, code=refused.code, text=refused.text[:_TEXT_KEPT], stands=refused.stands)
    case = emit(case, at, facts, refused.rule, actor=sender, said=said)
    return case, Refusal(
        code=refused.code,
        rule=refused.rule,
        phase=case.phase,
        allowed=_told_to(case, sender),
        text=refused.text,
    )


def _remember(case: Case, message_id: str, answer: Answer) -> Case:
    heard = {**case.heard, message_id: answer}
    refused = [known for known, given in heard.items() if isinstance(given, Refusal)]
    for oldest in refused[: max(len(refused) - _REMEMBERED_REFUSALS, 0)]:
        del heard[oldest]
    return case.but(heard=heard)


def _overtaken(case: Case, message: Message, at: Instant) -> bool:
    """Return whether silence was already acted on although this message had been received in time."""
    return any(
        one.how == "expired" and message.kind in case.policy.limits[one.name].ended_by and at <= one.due_at
        for one in case.ended
    )


def _responded(case: Case, sender: Party, at: Instant) -> Case:
    # The first human response is the first message of any staff, whatever it says (R1.6).
    if case.first_response_at is None and case.staff.knows(sender.role, sender.id) and sender.role in _HUMAN:
        return case.but(first_response_at=at)
    return case


_HUMAN = frozenset({Role.AGENT, Role.SUPERVISOR, Role.OPERATIONS_MANAGER, Role.GENERAL_MANAGER})


def _amount(message: Message) -> Money | None:
    amount = getattr(message, "amount", None)
    return amount if isinstance(amount, Money) else None


def expire(case: Case, until: Instant, *, at_the_instant: bool = True) -> Case:
    """Let everything happen that was due by then, each dated by its own due instant.

    Received at the due instant is in time, so before a message is heard only what was due strictly earlier passes.
    """
    while (moment := next_moment(case)) and (moment.at <= until if at_the_instant else moment.at < until):
        if moment.rung:
            case = turned(case, climb(case, moment))
        else:
            lapse = WINDOWS[moment.deadline.name].lapse
            case = turned(case, lapse(case, moment.deadline), lapsed=moment.deadline)
    return case


def paid(case: Case, key: str, answer: PaymentAnswer, at: Instant) -> Case:
    """Take the provider's answer to a movement it was asked for (R6.10)."""
    after = answered(case, key, answer, at)
    return turned(case, after, kind="payment_reported" if answer.result == "settled" else None)


def reprojected(case: Case, calendar: Calendar | None, at: Instant) -> Case:
    """Count every running limit by the new calendar from here on; an unknown version changes nothing (R7.6).

    What was due before by the old one passes first; a complaint that has closed meanwhile stays as it is (R10.4).
    """
    case = expire(case, at, at_the_instant=False)
    wanted = case.calendar_wanted
    case = case.but(calendar_wanted=None)
    if case.closed:
        return case
    if calendar is None:
        return emit(case, at, CalendarUnknown(wanted=wanted), "R7.6")
    case = emit(case, at, CalendarApplied(before=case.calendar.version, after=calendar.version), "R7.6")
    before = (*(one for one in case.calendars_before if one.version != case.calendar.version), case.calendar)
    return case.but(calendar=pinned(calendar, case.filed_at), calendars_before=before)
