"""Unmistakable words in every place where a person can write, and a search for them wherever they must not be."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistoryRequest,
    ListActivityExecutionsRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client

from tests.conftest import Running
from workflows.domain.filing import Filing
from workflows.domain.messages import KINDS

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


async def in_temporal(stack: Running) -> dict[str, int]:
    """Count the canaries in all that the server gives to somebody without the key ring."""
    client = await Client.connect(stack.ready.temporal)
    service, space = client.workflow_service, client.namespace
    listed = await service.list_workflow_executions(ListWorkflowExecutionsRequest(namespace=space, page_size=500))
    alone = await service.list_activity_executions(ListActivityExecutionsRequest(namespace=space, page_size=500))
    seen = {"the list of workflows": listed, "the list of activities": alone}
    for one in listed.executions:
        asked = DescribeWorkflowExecutionRequest(namespace=space, execution=one.execution)
        seen[f"{one.type.name} described"] = await service.describe_workflow_execution(asked)
        history = GetWorkflowExecutionHistoryRequest(namespace=space, execution=one.execution, maximum_page_size=10_000)
        seen[f"history of {one.type.name} {one.execution.run_id}"] = await service.get_workflow_execution_history(
            history
        )
    return {place: count for place, answer in seen.items() if (count := _in(answer))}


def _in(answer: Any) -> int:
    return int(answer.SerializeToString().count(MARK.encode()))
