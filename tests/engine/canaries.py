"""Unmistakable words in every place where a person can write, and a search for them wherever they must not be."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.api.workflowservice.v1 import (
    DescribeActivityExecutionRequest,
    DescribeScheduleRequest,
    DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistoryRequest,
    ListActivityExecutionsRequest,
    ListSchedulesRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client

from tests.conftest import Running
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import KINDS

MARK = f"CANARY{uuid4().hex[:8]}"


def filled(model: type[Any], **fixed: Any) -> dict[str, Any]:
    """Return a JSON object of that model with a canary in every text that a person is free to word."""
    schema = model.model_json_schema()
    made = _made(schema, schema.get("$defs", {}), model.__name__)
    assert isinstance(made, dict)
    return made | fixed


def _made(schema: Mapping[str, Any], named: Mapping[str, Any], path: str) -> Any:
    if "$ref" in schema:
        return _made(named[schema["$ref"].rpartition("/")[2]], named, path)
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return _made(choice, named, path)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object":
        return {name: _made(one, named, f"{path}-{name}") for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [_made(schema.get("items", schema.get("prefixItems", [{}])), named, path)]
    return _text(schema, path) if kind == "string" else 1


def _text(schema: Mapping[str, Any], path: str) -> str:
    if schema.get("format") == "date-time":
        return datetime.now(UTC).isoformat()
    if "pattern" in schema:
        return "0" * 64 if "64" in schema["pattern"] else "id-1"
    return f"{MARK}-{path}"


def every_kind() -> dict[str, dict[str, Any]]:
    """Return a message of each kind, a canary in each of its texts, whether or not a rule would hear it."""
    sender = {"role": "carrier", "id": "sf"}
    return {
        kind: filled(model, sender=sender, message_id=f"all-{kind}", received_at=None) for kind, model in KINDS.items()
    }


def texts_of_a_filing() -> dict[str, Any]:
    """Return what a complainant is free to word."""
    made = filled(Filing)
    return {name: made[name] for name in ("description", "contact", "evidence")}


def in_files(*files: Path) -> dict[str, int]:
    """Count the canaries in files by their name, as bytes."""
    return {file.name: count for file in files if (count := file.read_bytes().count(MARK.encode()))}


async def seen_in_temporal(stack: Running) -> dict[str, Any]:
    """Return all that the server gives to somebody without the key ring, by what it is and which one."""
    client = await Client.connect(stack.ready.temporal)
    service, space = client.workflow_service, client.namespace
    runs = await service.list_workflow_executions(ListWorkflowExecutionsRequest(namespace=space, page_size=500))
    alone = await service.list_activity_executions(ListActivityExecutionsRequest(namespace=space, page_size=500))
    plans = await service.list_schedules(ListSchedulesRequest(namespace=space, maximum_page_size=500))
    seen: dict[str, Any] = {"list of workflows": runs, "list of activities": alone, "list of schedules": plans}
    for run in runs.executions:
        asked = DescribeWorkflowExecutionRequest(namespace=space, execution=run.execution)
        seen[f"workflow {run.type.name} {run.execution.run_id}"] = await service.describe_workflow_execution(asked)
        history = GetWorkflowExecutionHistoryRequest(namespace=space, execution=run.execution, maximum_page_size=10_000)
        events = await service.get_workflow_execution_history(history)
        seen[f"history of {run.type.name} {run.execution.run_id}"] = events
    for one in alone.executions:
        of = DescribeActivityExecutionRequest(
            namespace=space, activity_id=one.activity_id, run_id=one.run_id,
            include_input=True, include_outcome=True, include_last_failure=True, include_heartbeat_details=True,
        )  # fmt: skip
        seen[f"activity {one.activity_type.name} {one.run_id}"] = await service.describe_activity_execution(of)
    for plan in plans.schedules:
        described = DescribeScheduleRequest(namespace=space, schedule_id=plan.schedule_id)
        seen[f"schedule {plan.schedule_id} itself"] = await service.describe_schedule(described)
    return seen


def counted(seen: Mapping[str, Any]) -> dict[str, int]:
    """Count the canaries in each of these answers that has any."""
    found = {place: int(answer.SerializeToString().count(MARK.encode())) for place, answer in seen.items()}
    return {place: count for place, count in found.items() if count}
