"""What the client answers: how a filing was taken, how a case reads and where that was read."""

from typing import Literal, NamedTuple

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from workflows import wire
from workflows.answers import Refusal
from workflows.complaint.domain.events import FilingRefused
from workflows.complaint.domain.view import View
from workflows.complaint.views.timeline import StepView
from workflows.values import Value
from workflows.vocabulary import Outcome, Phase


class Opened(Value):
    """A filing was taken: `accepted` waits for a worker, `refused` carries the refusal, `not_applicable` the reason."""

    complaint: str
    state: Literal["registered", "accepted", "refused", "not_applicable"]
    known_before: bool = False
    text: str = ""
    refusal: Refusal | None = None


class Seen(NamedTuple):
    """A case as it reads; `why_record` says why the record was read and not the case itself, empty otherwise.

    `unread` is why a filing that nobody could understand was refused: there is no case then.
    """

    view: View
    why_record: str = ""
    unread: Refusal | None = None


def how_opened(view: View, steps: tuple[StepView, ...], *, known_before: bool) -> Opened:
    """Say how a filing was taken, from how its complaint reads."""
    if view.outcome is Outcome.REFUSED:
        refusal = _refusal(steps)
        return Opened(
            complaint=view.complaint, state="refused", known_before=known_before, text=refusal.text, refusal=refusal
        )
    if view.outcome is Outcome.NOT_APPLICABLE:
        closing = next((step for step in reversed(steps) if step.event == "closed"), None)
        text = (closing.reason if closing else None) or ""
        return Opened(complaint=view.complaint, state="not_applicable", known_before=known_before, text=text)
    return Opened(complaint=view.complaint, state="registered", known_before=known_before)


def _refusal(steps: tuple[StepView, ...]) -> Refusal:
    rule, facts = next((step.rule, step.facts) for step in steps if isinstance(step.facts, FilingRefused))
    return Refusal(code=facts.code, rule=rule, phase=Phase.CLOSED, text=facts.text)


def refusal_in(failure: BaseException | None) -> Refusal | None:
    """Return the refusal a failure carries (contract: type `Refused`), None if it is another failure."""
    if not isinstance(failure, ApplicationError) or failure.type != wire.REFUSED or not failure.details:
        return None
    try:
        return Refusal.model_validate(failure.details[0], strict=False)
    except ValidationError:
        return None
