"""What the web UI offers in its dialogs: every message kind with its description, and the one update by its name.

All signals and updates enter by two dynamic doors, which Temporal lists as nameless entries; named doors beside them
would drop or block what they cannot decode. So the answer of the metadata query is completed here.
"""

from typing import Any

from temporalio import workflow
from temporalio.api.sdk.v1 import WorkflowInteractionDefinition, WorkflowMetadata
from temporalio.worker import (
    HandleQueryInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from workflows import wire
from workflows.complaint.domain.case import Case
from workflows.complaint.views.catalogue import offered


class _KindsInbound(WorkflowInboundInterceptor):
    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: A002 - the name of the SDK's parameter
        answer = await super().handle_query(input)
        if isinstance(answer, WorkflowMetadata) and answer.definition.type == wire.COMPLAINT:
            complaint: Any = workflow.instance()
            return _completed(answer, complaint.opened)
        return answer


def _completed(metadata: WorkflowMetadata, case: Case | None) -> WorkflowMetadata:
    completed = WorkflowMetadata()
    completed.CopyFrom(metadata)
    doors = completed.definition
    del doors.signal_definitions[:]
    doors.signal_definitions.extend(
        WorkflowInteractionDefinition(name=kind, description=text) for kind, text in offered(case)
    )
    for update in doors.update_definitions:
        update.name = wire.SUBMIT
    return completed


class KindsShown(Interceptor):
    """Completes the metadata of a complaint by the message kinds."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002
        """Name the interceptor of queries."""
        del input
        return _KindsInbound
