"""Events of a complaint's course: filed, assigned, refused, followed up, closed (R1, R2, R10)."""

from typing import ClassVar, Literal

from workflows.answers import Code
from workflows.complaint.domain.catalogue import (
    BUYER_SEES,
    NOBODY,
    PARTIES_SEE,
    STAFF_SEE,
    Catalogue,
    Recipient,
    example,
    notify,
)
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events.base import Event
from workflows.values import Id
from workflows.vocabulary import Outcome, Problem, Remedy


class Filed(Event):
    """A complaint was filed (R1.2); what is asked for stands in the step's amount."""

    event: Literal["filed"] = "filed"
    problem: Problem
    remedy: Remedy
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("filed", Recipient.BUYER, Recipient.SELLER),),
        example(problem="not_as_described", remedy="refund"),
    )


class FilingRefused(Event):
    """The filing was refused by a rule (R1.2 to R1.4, R1.8); `other` is the complaint that stands against it."""

    event: Literal["filing_refused"] = "filing_refused"
    code: Code
    text: str
    other: Id | None = None
    catalogue: ClassVar = Catalogue(
        BUYER_SEES,
        (notify("filing_refused", Recipient.FILER),),
        example(code="order_unknown", text="order o-1 has no line 2"),
    )


class Assigned(Event):
    """One named handler got the complaint; None where nobody has the skill (R2.5)."""

    event: Literal["assigned"] = "assigned"
    handler: Id | None
    catalogue: ClassVar = Catalogue(PARTIES_SEE, (notify("assigned", Recipient.HANDLER),), example(handler="a-1"))


class HiddenDefectFound(Event):
    """Accepted after the time for plain defects: the defect was hidden (R1.7)."""

    event: Literal["hidden_defect_found"] = "hidden_defect_found"
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example())


class CourtesyCallGiven(Event):
    """The handler explains by phone why the complaint is not applicable (R1.7)."""

    event: Literal["courtesy_call_given"] = "courtesy_call_given"
    handler: Id | None
    catalogue: ClassVar = Catalogue(
        BUYER_SEES,
        (notify("not_applicable", Recipient.BUYER), notify("courtesy_call_given", Recipient.HANDLER)),
        example(handler="a-1"),
        whole=False,
    )


class BecameMajor(Event):
    """A general complaint became major (R2.4)."""

    event: Literal["became_major"] = "became_major"
    because: Because
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(because={"cause": "date_refused"}))


class FollowUpStarted(Event):
    """Fulfilment has ended: the buyer is asked whether the complaint is solved (R10.1)."""

    event: Literal["follow_up_started"] = "follow_up_started"
    cycle: int
    catalogue: ClassVar = Catalogue(BUYER_SEES, (notify("follow_up_started", Recipient.BUYER),), example(cycle=1))


class SurveyReminded(Event):
    """The buyer was reminded by short message (R10.1)."""

    event: Literal["survey_reminded"] = "survey_reminded"
    catalogue: ClassVar = Catalogue(BUYER_SEES, (notify("survey_reminded", Recipient.BUYER),), example(), whole=False)


class CallbackTaskGiven(Event):
    """The handler is to call the buyer, at those hours (R10.1)."""

    event: Literal["callback_task_given"] = "callback_task_given"
    hours: tuple[str, ...]
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, (notify("callback_task_given", Recipient.HANDLER),), example(hours=["10:00-12:00"])
    )


class SecondCycleStarted(Event):
    """The buyer is not content: a supervisor handles the second cycle (R10.2)."""

    event: Literal["second_cycle_started"] = "second_cycle_started"
    score: int
    handler: Id | None
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE, (notify("second_cycle_started", Recipient.HANDLER),), example(score=2, handler="s-1"), whole=False
    )


class Closes(Event):
    """How a complaint ends, or will end once its money has arrived, and why."""

    outcome: Outcome
    because: Because | None = None


class Closing(Closes):
    """It is decided how the complaint ends; only its money is waited for (R6.12, R9.7)."""

    event: Literal["closing"] = "closing"
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(outcome="lapsed"))


class Closed(Closes):
    """The complaint ended (R10.4)."""

    event: Literal["closed"] = "closed"
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("closed", Recipient.BUYER, Recipient.SELLER, Recipient.HANDLER, Recipient.DEPARTMENTS),),
        example(outcome="settled", because={"cause": Cause.SCORED, "score": 5}),
    )


class Turned(Event):
    """A message that was not heard: its kind, the code of the refusal, and what was answered.

    `stands` is the state that a report contradicts: `settled`, where the provider said that it failed (R6.10).
    """

    kind: str
    code: Code
    text: str
    stands: str | None = None


class Refused(Turned):
    """A message was refused; who sent it sees the step (R11.1)."""

    event: Literal["refused"] = "refused"
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (notify("message_overtaken", Recipient.SUPERVISORS, code=Code.OVERTAKEN),),
        example(kind="offer_confirmed", code="stale_number", text="offer 1 is not current; the live one is 2"),
    )


class LateMessage(Turned):
    """A message came after the end: kept as late, and answered so (R10.4)."""

    event: Literal["late_message"] = "late_message"
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, NOBODY, example(kind="noted", code="closed", text="nothing can be sent any more")
    )


CourseEvent = (
    Filed
    | FilingRefused
    | Assigned
    | HiddenDefectFound
    | CourtesyCallGiven
    | BecameMajor
    | FollowUpStarted
    | SurveyReminded
    | CallbackTaskGiven
    | SecondCycleStarted
    | Closing
    | Closed
    | Refused
    | LateMessage
)
