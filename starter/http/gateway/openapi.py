"""OpenAPI 3.1 of the gateway, generated from the operations and the models they decode and return."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from starter.client.error_mapping import PROBLEM_TYPES
from starter.http.gateway.calls import Operation
from starter.http.gateway.problems import MEDIA_TYPE, ProblemBody
from starter.http.gateway.resources.messages import MessageBody
from workflows.complaint.domain.messages import KINDS as MESSAGES
from workflows.complaint.views.partner_events import Event
from workflows.vocabulary import Role

EVENT_MODELS = (Event,)

_WEBHOOK_HEADERS = {
    "webhook-id": "id of the event: the same whenever it is sent again, so keep those you have seen",
    "webhook-timestamp": "when this try was signed, in seconds since 1970",
    "webhook-signature": "`v1,` and the base64 of the HMAC-SHA256 of `ID.TIMESTAMP.BODY`; one per secret, "
    "separated by spaces: one that fits is enough",
}

_EVENT_DESCRIPTION = """\
Sent to the `url` of a client's `events` in the clients file, for each step of a complaint that its party may see, and
signed after Standard Webhooks with the client's own secrets. The events of one complaint come one after the other, in
the order of their `sequence`, each at least once: again until an answer of 2xx within 8 s, for 24 hours. What is not
taken by then is a dead letter, and the next one is sent: a number that is missing tells of it. Read the timeline then;
an operator may also send the missing ones later, under their old ids. Redirects are not followed.
"""

WEBHOOKS: dict[str, Any] = {
    "complaint_event": {
        "post": {
            "operationId": "complaint_event",
            "summary": "Be told what happened to a complaint",
            "description": _EVENT_DESCRIPTION,
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": True,
                    "description": description,
                    "schema": {"type": "string"},
                }
                for name, description in _WEBHOOK_HEADERS.items()
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}},
            },
            "responses": {
                "2XX": {"description": "Taken: it is not sent again"},
                "410": {"description": "Not wanted, now or later: it becomes a dead letter"},
                "429": {"description": "Later; `Retry-After` is heeded up to an hour"},
                "default": {"description": "Not taken: it is sent again"},
            },
            "security": [],
        }
    }
}


_REF = "#/components/schemas/{model}"
_MESSAGE = {
    "anyOf": [{"$ref": _REF.format(model=model.__name__)} for model in MESSAGES.values()],
    "discriminator": {
        "propertyName": "kind",
        "mapping": {kind: _REF.format(model=model.__name__) for kind, model in MESSAGES.items()},
    },
}
_SECURITY = {
    name: {"type": "apiKey", "in": "header", "name": name}
    for name in ("redress-client", "webhook-id", "webhook-timestamp", "webhook-signature")
}
_PARTY = f"^({'|'.join(Role)}):[!-~]{{1,128}}$"
_PATTERNS = {
    "complaint": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    "id": r"^[A-Za-z0-9_:-]{1,128}$",
    "as": _PARTY,
    "unread": "^(true|false)$",
    "before": "^[0-9]{0,18}$",
}
_ALWAYS = ("our-fault", "not-now")
_OF_SIGNED = ("not-signed", "too-slow", "too-large", "too-many")
_SIGNING = """\
Every request is signed after Standard Webhooks: `webhook-id` (an id of your own, used once), `webhook-timestamp`
(seconds since 1970, at most five minutes from now), `webhook-signature` (`v1,` and the base64 of the HMAC-SHA256, under
the bytes that follow `whsec_` in base64, of `ID.TIMESTAMP.BODY`), and `redress-client`, your client id. A request
without a body signs method and target in its place: `GET /v1/complaints/C20261122-7K3M9Q0VWX?as=buyer:b-1`.
"""


def openapi_document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the OpenAPI document of these operations."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Redress", "version": _version(), "description": _SIGNING},
        "servers": [{"url": "/"}],
        "paths": paths,
        "webhooks": WEBHOOKS,
        "components": {"schemas": _schemas(operations), "securitySchemes": _SECURITY},
    }


def _version() -> str:
    try:
        return version("redress")
    except PackageNotFoundError:
        return "0"


def _operation(one: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": _id(one), "summary": one.summary, "responses": _responses(one)}
    if one.description:
        found["description"] = one.description
    if parameters := [*_in_path(one), *_in_query(one)]:
        found["parameters"] = parameters
    if one.body is not None:
        content: dict[str, Any] = {"schema": _schema(one.body)}
        if one.example is not None:
            content["example"] = one.example
        found["requestBody"] = {"required": True, "content": {one.media: content}}
    found["security"] = [{name: [] for name in _SECURITY}] if one.signed else []
    return found


def _id(one: Operation) -> str:
    words = [part.strip("{}") for part in one.path.split("/") if part and part != "v1"]
    return "_".join([one.method.lower(), *words]).replace(".", "_").replace("-", "_")


def _in_path(one: Operation) -> Iterator[dict[str, Any]]:
    for part in one.path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            schema = {"type": "string", "pattern": _PATTERNS.get(name, "^[a-z0-9_-]{1,64}$")}
            yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(one: Operation) -> Iterator[dict[str, Any]]:
    for name, description in {**one.query, **one.optional}.items():
        schema = {"type": "string"} | ({"pattern": _PATTERNS[name]} if name in _PATTERNS else {})
        yield {"name": name, "in": "query", "required": name in one.query, "description": description, "schema": schema}


def _responses(one: Operation) -> dict[str, Any]:
    answers = {str(status): _answer(status, model, one.answers_in) for status, model in one.answers.items()}
    names = (*one.problems, *(_OF_SIGNED if one.signed else ()), *_ALWAYS)
    problems = {str(PROBLEM_TYPES[name].status): _problem(name) for name in names}
    return dict(sorted((answers | problems).items()))


def _answer(status: int, model: type[BaseModel] | None, media: str) -> dict[str, Any]:
    description = {200: "Done, or known already", 202: "Accepted: it is kept and will be delivered"}.get(status, "Done")
    schema = _schema(model) if model else {"type": "object" if media == "application/json" else "string"}
    return {"description": description, "content": {media: {"schema": schema}}}


def _problem(name: str) -> dict[str, Any]:
    schema = _schema(ProblemBody)
    return {"description": PROBLEM_TYPES[name].title, "content": {MEDIA_TYPE: {"schema": schema}}}


def _schema(given: type[BaseModel] | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    return {"$ref": _REF.format(model=given.__name__)}


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    bodies = {one.body for one in operations if isinstance(one.body, type)}
    answers = {model for one in operations for model in one.answers.values() if model}
    read = sorted(bodies | set(MESSAGES.values()), key=lambda model: model.__name__)
    written = sorted(answers | {ProblemBody, *EVENT_MODELS}, key=lambda model: model.__name__)
    wanted = [*((one, "validation") for one in read), *((one, "serialization") for one in written if one not in read)]
    _, found = models_json_schema(wanted, by_alias=True, ref_template=_REF)  # type: ignore[arg-type]
    schemas: dict[str, Any] = found["$defs"]
    for model in MESSAGES.values():  # set by the edge, never by the sender
        del schemas[model.__name__]["properties"]["received_at"]
    schemas[MessageBody.__name__]["properties"]["message"] = _MESSAGE
    return dict(sorted(schemas.items()))
