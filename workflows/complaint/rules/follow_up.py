"""Follow-up: the callback, and a second cycle for who is not content (R10.1, R10.2)."""

from collections.abc import Iterator

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events import (
    CallbackTaskGiven,
    EscalatedToSupervisor,
    FollowUpStarted,
    SecondCycleStarted,
    SurveyReminded,
)
from workflows.complaint.domain.messages import CallbackMade, LetterSent, SurveyAnswered
from workflows.complaint.domain.parts import FollowUp
from workflows.complaint.rules.emit import emit, enter
from workflows.complaint.rules.intervention import ask_the_platform
from workflows.complaint.rules.money.movements import end
from workflows.complaint.rules.registry import Deadline, Rules, Runs
from workflows.complaint.rules.work_orders import open_for_the_cycle
from workflows.policy.model import LimitName
from workflows.values import Instant
from workflows.vocabulary import Outcome, Phase, Role

rules = Rules()


def begin_follow_up(case: Case, at: Instant) -> Case:
    """Fulfilment has ended: the buyer is asked whether the complaint is solved (R10.1)."""
    case = emit(case, at, FollowUpStarted(cycle=case.cycle), "R10.1")
    return enter(case, Phase.FOLLOW_UP).but(follow_up=FollowUp(since=at))


def _outcome(case: Case) -> Outcome:
    agreed = case.decision is not None and case.decision.basis == "agreed"
    return Outcome.SETTLED if agreed else Outcome.FULFILLED


def _end(case: Case, at: Instant, cause: Cause, score: int | None = None) -> Case:
    return end(case, at, _outcome(case), "R10.2", Because(cause=cause, score=score))


def _callback_runs(case: Case) -> bool:
    return case.phase is Phase.FOLLOW_UP and case.follow_up is not None and case.follow_up.letter_since is None


@rules.hears(SurveyAnswered, "R10.1", by=(Role.BUYER,), during=(Phase.FOLLOW_UP,), when=_callback_runs)
def the_buyer_answers_the_survey(case: Case, message: SurveyAnswered, at: Instant) -> Case:
    """Close when the buyer is content; else a second cycle, or the letter (R10.2)."""
    return _scored(case, message.score, at)


def _supervisor_calls_back(case: Case) -> bool:
    return case.supervised and _callback_runs(case)


@rules.hears(CallbackMade, "R10.1", by=(Role.AGENT,), during=(Phase.FOLLOW_UP,), when=_callback_runs)
@rules.hears(CallbackMade, "R10.1", by=(Role.SUPERVISOR,), during=(Phase.FOLLOW_UP,), when=_supervisor_calls_back)
def the_agent_calls_back(case: Case, message: CallbackMade, at: Instant) -> Case:
    """Take what the buyer said on the phone; who cannot be reached has until the end (R10.1)."""
    if message.score is not None:
        return _scored(case, message.score, at)
    if message.result == "reached":
        return _end(case, at, Cause.CALLED_BACK)
    return case.but(follow_up=case.follow_up.but(called_at=at) if case.follow_up else None)


def _scored(case: Case, score: int, at: Instant) -> Case:
    follow_up = (case.follow_up or FollowUp(since=at)).but(score=score)
    case = case.but(follow_up=follow_up)
    if score >= case.policy.satisfied_from:
        return _end(case, at, Cause.SCORED, score)
    if case.cycle < case.policy.cycles_at_most:
        return _second_cycle(case, at, score)
    return case.but(follow_up=follow_up.but(letter_since=at))


def _second_cycle(case: Case, at: Instant, score: int) -> Case:
    supervisors = case.staff.of(Role.SUPERVISOR)
    handler = next((one for one in supervisors if one != case.handler), case.handler)
    case = emit(case, at, SecondCycleStarted(score=score, handler=handler), "R10.2")
    fresh = case.but(cycle=case.cycle + 1, handler=handler, follow_up=None, decision=None)
    asked = ask_the_platform(fresh, at, Because(cause=Cause.NOT_CONTENT), rule="R10.2")
    return open_for_the_cycle(asked, at, score)


@rules.window(LimitName.CALLBACK_SHORT_MESSAGE, lambda case: _reminder(case, "short_message_at"))
def a_short_message_is_sent(case: Case, deadline: Deadline) -> Case:
    """Remind a silent buyer by short message (R10.1)."""
    case = emit(case, deadline.due_at, SurveyReminded(), "R10.1")
    return case.but(follow_up=case.follow_up.but(short_message_at=deadline.due_at) if case.follow_up else None)


@rules.window(LimitName.CALLBACK_PHONE, lambda case: _reminder(case, "phone_task_at"))
def a_phone_task_is_given(case: Case, deadline: Deadline) -> Case:
    """Give the handler a phone task when the silence lasts (R10.1)."""
    hours = tuple(f"{one.opens:%H:%M}-{one.closes:%H:%M}" for one in case.policy.callback_hours)
    case = emit(case, deadline.due_at, CallbackTaskGiven(hours=hours), "R10.1")
    return case.but(follow_up=case.follow_up.but(phone_task_at=deadline.due_at) if case.follow_up else None)


def _reminder(case: Case, done: str) -> Iterator[Runs]:
    if case.follow_up and _callback_runs(case) and getattr(case.follow_up, done) is None:
        yield Runs(case.follow_up.since)


def _survey_runs(case: Case) -> Iterator[Runs]:
    if case.follow_up and _callback_runs(case):
        yield Runs(case.follow_up.since)


@rules.window(LimitName.SURVEY, _survey_runs)
def the_follow_up_ends(case: Case, deadline: Deadline) -> Case:
    """Close on silence to the end (R10.2); a call that nobody made has been missed by then (R7.2)."""
    if any(True for _ in the_agent_owes_a_call(case)):
        case = emit(case, deadline.due_at, EscalatedToSupervisor(limit=LimitName.CALLBACK), "R7.2")
    return _end(case, deadline.due_at, Cause.SILENCE_TO_THE_END)


@rules.duty(LimitName.CALLBACK)
def the_agent_owes_a_call(case: Case) -> Iterator[Runs]:
    """Run once the phone task is given, until the call is made (R10.1)."""
    if case.follow_up and _callback_runs(case) and case.follow_up.phone_task_at and not case.follow_up.called_at:
        yield Runs(case.follow_up.since)


@rules.duty(LimitName.LETTER)
def the_operations_manager_owes_a_letter(case: Case) -> Iterator[Runs]:
    """Run from a bad score in the second cycle (R10.2)."""
    if case.follow_up and case.follow_up.letter_since and case.phase is Phase.FOLLOW_UP:
        yield Runs(case.follow_up.letter_since)


def _letter_owed(case: Case) -> bool:
    return case.follow_up is not None and case.follow_up.letter_since is not None


@rules.hears(LetterSent, "R10.2", by=(Role.OPERATIONS_MANAGER,), during=(Phase.FOLLOW_UP,), when=_letter_owed)
def the_letter_is_sent(case: Case, message: LetterSent, at: Instant) -> Case:
    """Close after the letter, outcome unchanged (R10.2)."""
    del message
    return _end(case, at, Cause.LETTER)
