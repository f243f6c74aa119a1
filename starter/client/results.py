"""Results of the client: how a filing was registered or refused, a case as it reads, refusals found in failures."""

from typing import Literal, NamedTuple

from pydantic import ValidationError
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from starter.client.temporal_calls import QUERY_TIMEOUT, mapped_errors
from workflows import wire
from workflows.answers import Code, Refusal
from workflows.complaint.domain.events import FilingRefused
from workflows.complaint.domain.view import View
from workflows.complaint.views.timeline import StepView
from workflows.values import Value
from workflows.vocabulary import Outcome, Phase


class FilingResult(Value):
    """Result of filing: `accepted` waits for a worker; `refused` has the refusal, `not_applicable` the reason."""

    complaint: str
    state: Literal["registered", "accepted", "refused", "not_applicable"]
    known_before: bool = False
    text: str = ""
    refusal: Refusal | None = None


class CaseReading(NamedTuple):
    """A view; `fallback_reason`: why it was read from the record, empty if from the workflow.

    `refusal`: why a filing could not be decoded; then there is no case.
    """

    view: View
    fallback_reason: str = ""
    refusal: Refusal | None = None


def filing_result(view: View, steps: tuple[StepView, ...], *, known_before: bool) -> FilingResult:
    """Derive the result of a filing from view and timeline."""
    if view.outcome is Outcome.REFUSED:
        refusal = _refusal(steps)
        return FilingResult(
            complaint=view.complaint, state="refused", known_before=known_before, text=refusal.text, refusal=refusal
        )
    if view.outcome is Outcome.NOT_APPLICABLE:
        closing = next((step for step in reversed(steps) if step.event == "closed"), None)
        text = (closing.reason if closing else None) or ""
        return FilingResult(complaint=view.complaint, state="not_applicable", known_before=known_before, text=text)
    return FilingResult(complaint=view.complaint, state="registered", known_before=known_before)


def _refusal(steps: tuple[StepView, ...]) -> Refusal:
    rule, facts = next((step.rule, step.facts) for step in steps if isinstance(step.facts, FilingRefused))
    return Refusal(code=facts.code, rule=rule, phase=Phase.CLOSED, text=facts.text)


def refusal_in(failure: BaseException | None) -> Refusal | None:
    """Return the refusal in a failure of type `Refused` (contract), None for any other failure."""
    if not isinstance(failure, ApplicationError) or failure.type != wire.REFUSED or not failure.details:
        return None
    try:
        return Refusal.model_validate(failure.details[0], strict=False)
    except ValidationError:
        return None


async def decoding_refusal(client: Client, complaint: str) -> Refusal | None:
    """Return why a filing could not be decoded, None if it was. Raises WorkflowNotFound, NoWorker or Unreachable.

    Such a workflow failed before its registration: the filing came from a client of another kind, or was encrypted with
    a key that workers do not hold. Only Temporal knows of it.
    """
    async with mapped_errors(complaint):
        handle = client.get_workflow_handle(complaint)
        if (await handle.describe(rpc_timeout=QUERY_TIMEOUT)).status is not WorkflowExecutionStatus.FAILED:
            return None
        try:
            await handle.result(rpc_timeout=QUERY_TIMEOUT)
        except WorkflowFailureError as failed:
            return refusal_in(failed.cause) or _sealed_failure(failed)
    return None


def _sealed_failure(failed: WorkflowFailureError) -> Refusal:
    """Return the refusal for a failure whose text is encrypted with a key we do not hold."""
    text = f"why cannot be read here ({failed.cause or failed}): use the key ring of the workers"
    return Refusal(code=Code.MALFORMED, rule="R1.2", phase=Phase.REGISTRATION, text=text)
