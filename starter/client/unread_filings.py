"""Filings that could not be understood: they ended before they were registered, so only Temporal knows of them."""

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from starter.client.results import refusal_in
from starter.client.temporal_calls import ASK_WITHIN, worded
from workflows.answers import Code, Refusal
from workflows.vocabulary import Phase


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
