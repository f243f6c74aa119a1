"""How workflow code is run: one sandbox configuration, for workers and for replay alike."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = (
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_extensions",
    "workflows.answers",
    "workflows.complaint.decoding",
    "workflows.complaint.domain",
    "workflows.complaint.rules",
    "workflows.complaint.snapshot",
    "workflows.complaint.views",
    "workflows.inbox",
    "workflows.money",
    "workflows.parties",
    "workflows.policy",
    "workflows.ports",
    "workflows.time",
    "workflows.upkeep.tasks",
    "workflows.values",
    "workflows.vocabulary",
    "workflows.wire",
)
"""Pure values and rules are imported once, not once for each complaint (CPU and memory). Only the workflow itself
stays inside the sandbox; what is passed through is kept deterministic by the lint rules for workflows/."""


def workflow_runner() -> SandboxedWorkflowRunner:
    """Return the runner every worker and every replay uses."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))
