"""What the web UI offers in its signal dialog: every message kind with its description.

All signals enter by one dynamic door, which Temporal lists as a single nameless entry; named doors beside it would
drop or block what they cannot decode. So the answer of the metadata query is completed here, outside the workflow.
"""

from typing import Any

from temporalio.api.sdk.v1 import WorkflowInteractionDefinition, WorkflowMetadata
from temporalio.worker import (
    HandleQueryInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from workflows import wire
from workflows.kinds import DESCRIPTIONS

_METADATA_QUERY = "__temporal_workflow_metadata"


class _KindsInbound(WorkflowInboundInterceptor):
    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: A002 - the name of the SDK's parameter
        answer = await super().handle_query(input)
        if isinstance(answer, WorkflowMetadata) and answer.definition.type == wire.COMPLAINT:
            return _with_kinds(answer)
        return answer


def _with_kinds(metadata: WorkflowMetadata) -> WorkflowMetadata:
    completed = WorkflowMetadata()
    completed.CopyFrom(metadata)
    del completed.definition.signal_definitions[:]
    completed.definition.signal_definitions.extend(
        WorkflowInteractionDefinition(name=kind, description=text) for kind, text in DESCRIPTIONS.items()
    )
    return completed


class KindsShown(Interceptor):
    """Completes the metadata of a complaint by the message kinds."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002
        """Name the interceptor of queries."""
        del input
        return _KindsInbound
