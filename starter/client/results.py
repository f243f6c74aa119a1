"""Results of the client: how a filing was registered or refused, a case as it reads, refusals found in failures."""

from typing import Literal, NamedTuple

from pydantic import ValidationError
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from starter.client.temporal_calls import ASK_WITHIN, worded
from workflows import wire
from workflows.answers import Code, Refusal
from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import View
from workflows.values import Value
from workflows.vocabulary import Outcome, Phase

_REFUSED_STEP = "filing_refused"


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


def how_opened(view: View, steps: tuple[Step, ...], *, known_before: bool) -> Opened:
    """Say how a filing was taken, from how its complaint reads."""
    closing = next((step for step in reversed(steps) if step.event == "closed"), None)
    text = (closing.reason if closing else None) or ""
    if view.outcome is Outcome.REFUSED:
        return Opened(
            complaint=view.complaint,
            state="refused",
            known_before=known_before,
            text=text,
            refusal=_refusal(steps, text),
        )
    if view.outcome is Outcome.NOT_APPLICABLE:
        return Opened(complaint=view.complaint, state="not_applicable", known_before=known_before, text=text)
    return Opened(complaint=view.complaint, state="registered", known_before=known_before)


def _refusal(steps: tuple[Step, ...], text: str) -> Refusal:
    step = next(step for step in steps if step.event == _REFUSED_STEP)
    code = (step.reason or "").partition(":")[0]
    return Refusal(code=Code(code), rule=step.rule, phase=Phase.CLOSED, text=text)


def refusal_in(failure: BaseException | None) -> Refusal | None:
    """Return the refusal a failure carries (contract: type `Refused`), None if it is another failure."""
    if not isinstance(failure, ApplicationError) or failure.type != wire.REFUSED or not failure.details:
        return None
    try:
        return Refusal.model_validate(failure.details[0], strict=False)
    except ValidationError:
        return None


async def why_unread(client: Client, complaint: str) -> Refusal | None:
    """Return why a filing ended before it was registered, in the complaint's own words; None if it did not.

    It happens to filings that were not made by a door of ours, or sealed by a key that the workers do not hold.
    Raises Gone, NoWorker or Unreachable.
    """
    async with worded(complaint):
        handle = client.get_workflow_handle(complaint)
        if (await handle.describe(rpc_timeout=ASK_WITHIN)).status is not WorkflowExecutionStatus.FAILED:
            return None
        try:
            await handle.result(rpc_timeout=ASK_WITHIN)
        except WorkflowFailureError as failed:
            return refusal_in(failed.cause) or _untold(failed)
    return None


def _untold(failed: WorkflowFailureError) -> Refusal:
    """Word a failure whose own words cannot be read here: they are sealed as well."""
    text = f"why cannot be read here ({failed.cause or failed}): use the key ring of the workers"
    return Refusal(code=Code.MALFORMED, rule="R1.2", phase=Phase.REGISTRATION, text=text)
