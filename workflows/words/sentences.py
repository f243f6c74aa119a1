"""The sentence of a step: what happened, in words, from its facts and from what was said."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from workflows.complaint.domain import events
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.messages import HandedOver, Message
from workflows.complaint.domain.timeline import Step
from workflows.policy.loading import packaged
from workflows.policy.model import LimitName
from workflows.time.wording import instant_in_words
from workflows.values import BEIJING
from workflows.vocabulary import Role

_LONGEST = 500
"""Characters of a sentence; the whole of what was said stands in the step."""

_TELLING = ("decision", "answer", "result", "reason", "score", "offer", "ruling")
"""The fields of a message that say in one word what it comes to."""


def sentence(step: Step) -> str | None:
    """Return what a step says in one sentence, None where its event says all."""
    facts = step.facts
    if isinstance(facts, events.Heard):
        return _heard(step, facts, step.said) if step.said else None
    return _clipped(_of_event(facts))


def _heard(step: Step, facts: events.Heard, said: Message) -> str | None:
    parts = [*_told(facts, said)]
    if step.role is Role.AGENT and facts.handler and step.actor != facts.handler:
        parts.append(f"acting for {facts.handler}")
    return _clipped(" · ".join(parts))


def _told(facts: events.Heard, said: Message) -> Iterable[str]:
    if isinstance(said, HandedOver):  # from whom, to whom, with which open points (R2.5)
        return [f"from {facts.handler} to {said.to}", *([said.open_points] if said.open_points else [])]
    return [f"{value}" for name in _TELLING if (value := getattr(said, name, None)) is not None]


def _clipped(text: str) -> str | None:
    return text[:_LONGEST] or None


def _of_event(facts: events.SystemEvent) -> str:
    if isinstance(facts, events.CourseEvent):
        return _of_course(facts)
    if isinstance(facts, events.ClockEvent):
        return _of_clock(facts)
    if isinstance(facts, events.DecisionEvent):
        return _of_decision(facts)
    return _of_goods(facts) if isinstance(facts, events.GoodsEvent) else _of_money(facts)


def _of_course(facts: events.CourseEvent) -> str:  # noqa: C901, PLR0911, PLR0912 - one line for each event
    match facts:
        case events.Filed():
            return f"{facts.problem} · {facts.remedy}"
        case events.FilingRefused():
            return f"{facts.code}: {facts.text}"
        case events.Assigned():
            return facts.handler or ""
        case events.HiddenDefectFound():
            return "accepted after the time for plain defects"
        case events.CourtesyCallGiven():
            return f"{facts.handler} explains by phone"
        case events.BecameMajor():
            return because(facts.because)
        case events.FollowUpStarted():
            return f"cycle {facts.cycle}"
        case events.SurveyReminded():
            return "short message"
        case events.CallbackTaskGiven():
            return ", ".join(facts.hours)
        case events.SecondCycleStarted():
            return f"score {facts.score}; handler {facts.handler}"
        case events.Closing():
            return f"{facts.outcome}, once its money has arrived"
        case events.Closed():
            return because(facts.because) if facts.because else f"outcome {facts.outcome}"
        case events.Refused() | events.LateMessage():
            return f"{facts.kind}: {facts.code}: {facts.text}"
        case _:
            assert_never(facts)


def _of_clock(facts: events.ClockEvent) -> str:
    match facts:
        case events.FirstResponseMissed():
            return "the supervisor is told"
        case events.HoldEnded():
            return "its time is over"
        case events.CalendarApplied():
            return f"{facts.before} gives way to {facts.after}"
        case events.CalendarUnknown():
            return f"no calendar {facts.wanted} on record"
        case events.DutyWarned() | events.DutyMissed() | events.LimitMissed() | events.DutyReminded():
            return _limit(facts.limit)
        case events.EscalatedToSupervisor() | events.EscalatedToOperationsManager():
            return _limit(facts.limit)
        case _:
            assert_never(facts)


def _of_decision(facts: events.DecisionEvent) -> str:  # noqa: C901, PLR0911, PLR0912 - one line for each event
    match facts:
        case events.OfferLapsed():
            return f"offer {facts.offer}"
        case events.InterventionStarted():
            return because(facts.because)
        case events.EvidenceRequestedBySystem():
            return f"{', '.join(facts.parties)}: {facts.to_prove}"
        case events.EvidenceSilence() | events.ConsentBySilence():
            return f"{facts.party} silent"
        case events.EvidenceCounted():
            return f"staged by the {facts.party}"
        case events.CountersignAwaited() | events.RulingFinal():
            return f"ruling {facts.ruling}"
        case events.RulingSent():
            return f"ruling {facts.ruling}: {facts.award}"
        case events.RulingOverturned():
            return f"ruling {facts.ruling}, by {_overturning(facts)}"
        case events.WorkOrderOpenedBySystem():
            return f"{facts.department}: the buyer is not content"
        case events.WorkOrderSuperseded() | events.PlanPutToBuyer():
            return f"work order {facts.work_order}"
        case events.PlanPutToManager():
            return " · ".join(facts.history)
        case events.DateNamed():
            return instant_in_words(facts.expected_at)
        case _:
            assert_never(facts)


def _overturning(facts: events.RulingOverturned) -> str:
    return f"ruling {facts.by_ruling}" if facts.by_ruling else f"{facts.forum} {facts.reference}"


def _of_goods(facts: events.GoodsEvent) -> str:
    match facts:
        case events.ParcelLost():
            return "liability carrier; a claim on the carrier is noted"
        case events.CarrierInquiryGiven():
            return f"{facts.handler} asks the carrier"
        case events.IntactBySilence():
            return f"{facts.party} silent"
        case events.CountsAsNotSent() | events.BecameARefund():
            return because(facts.because)
        case events.ApologyByThePlatform():
            return "seller silent"
        case _:
            assert_never(facts)


def _of_money(facts: events.MoneyEvent) -> str:  # noqa: C901, PLR0911 - one line for each event
    match facts:
        case events.PaymentDecided() | events.PaymentRequested() | events.PaymentOverdue() | events.AdvanceCalledOff():
            return facts.movement
        case events.PaymentSettled():
            return facts.movement + (": settled after all, against the word before" if facts.corrected else "")
        case events.PaymentReversed():
            return facts.movement + (": failed after all, against the word before" if facts.corrected else "")
        case events.PaymentFailed():
            by = "reported as failed" if facts.reported else "refused by the provider"
            return f"{facts.movement}: {facts.said or by}"
        case events.AmountCut():
            return f"{facts.purpose} {facts.wanted} is cut to {facts.most}"
        case events.AdvanceWanted():
            return f"{facts.movement}: held money and deposit give {facts.available}"
        case events.ManualIntervention():
            return "an advance counts against the seller"
        case events.BuyerToBeAsked():
            return because(facts.because)
        case events.DebtRecorded():
            return "the seller owes the fund"
        case events.PointsOwed() | events.PointsReversed():
            return facts.kind
        case _:
            assert_never(facts)


def _limit(name: LimitName) -> str:
    limit = packaged().policy.limits[name]
    return f"{limit.act} ({limit.rule})"


def because(why: Because) -> str:
    """Return a cause in words."""
    given = {name: value.astimezone(BEIJING) if isinstance(value, datetime) else value for name, value in why}
    text = _CAUSES[why.cause].format(**given)
    if why.cause is Cause.SAYS_RETURNED and why.tracking:
        text += f", as told under {why.tracking}"
    return text


_CAUSES = {
    Cause.SELLER_SILENT: "seller silent",
    Cause.ASKED_BY_BUYER: "asked by the buyer",
    Cause.ASKED_BY_SUPERVISOR: "asked by a supervisor",
    Cause.NOT_CONTENT: "the buyer is not content",
    Cause.RETURN_REFUSED: "the seller refused the return",
    Cause.LEG_FOUND: "{leg} {found}",
    Cause.NOT_SHIPPED_IN_TIME: "the seller did not ship in time",
    Cause.PART_LOST: "the part was lost",
    Cause.OUT_OF_STOCK: "out_of_stock",
    Cause.CANNOT_REPAIR: "cannot_repair",
    Cause.SAYS_RETURNED: "the buyer says it was returned",
    Cause.NOT_SENT_BACK: "the goods were not sent back in time",
    Cause.CAME_BACK: "the parcel came back to the buyer",
    Cause.REPORTED_NOT_RECEIVED: "the seller reports it not received",
    Cause.NEVER_PICKED_UP: "never picked up",
    Cause.NO_REPLACEMENT_IN_TIME: "no replacement was sent in time",
    Cause.NO_REPAIR_IN_TIME: "the repaired item was not sent in time",
    Cause.DATE_REFUSED: "the buyer does not agree to the date",
    Cause.FAILED_AGAIN: "the repaired item failed again",
    Cause.TOO_LATE: "filed more than {days} days after delivery on {at:%Y-%m-%d}",
    Cause.TOO_EARLY: "promised by {at:%Y-%m-%d %H:%M}: please wait until then",
    Cause.NO_MATERIAL: "no material within the window",
    Cause.NOT_ASKED: "the buyer did not ask the platform to step in",
    Cause.NOT_REACHED: "the buyer was not reached",
    Cause.NOTHING_RETURNED: "the buyer confirms that nothing was returned",
    Cause.REFERRED: "{forum} {reference}",
    Cause.RULING_GIVES_NOTHING: "ruling {ruling} gives nothing",
    Cause.SCORED: "score {score}",
    Cause.CALLED_BACK: "called back, no score given",
    Cause.SILENCE_TO_THE_END: "silence to the end of the follow-up",
    Cause.LETTER: "letter of the operations manager",
    Cause.EXPLAINED: "{text}",
}
