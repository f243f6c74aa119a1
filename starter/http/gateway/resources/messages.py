"""Resource `messages`: a message is stored in the inbox before the response, and delivered in order."""

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from activities.store.inbox import InboxRow
from starter.http.gateway.calls import Call, Operation, require_access
from starter.http.gateway.problems import Problem, malformed, not_allowed, not_found
from starter.http.gateway.signed_requests import ID_FORM, as_raw, object_in
from workflows.answers import Code
from workflows.complaint.decoding import Unreadable, read_message, read_number
from workflows.complaint.domain.messages import Message
from workflows.inbox import Received


class AcceptedRequest(BaseModel):
    """An accepted request; `answer` is the path of its result."""

    complaint: str
    message_id: str
    state: Literal["accepted", "answered", "parked"]
    answer: str


class RequestStatus(BaseModel):
    """State of an accepted request; `result` is the receipt or refusal, once there is one."""

    id: str
    complaint: str
    kind: str
    state: Literal["accepted", "answered", "parked"] = Field(description="parked: it could not be delivered")
    received_at: str | None = Field(description="set by the edge; empty where time is skipped")
    result: dict[str, Any] | None


class MessageBody(BaseModel):
    """A message and its complaint."""

    model_config = ConfigDict(extra="forbid")

    complaint: str = Field(examples=["C20261122-7K3M9Q0VWX"])
    message: dict[str, Any]


async def submit(call: Call) -> Response:
    """Accept one message."""
    complaint, message = _read(call)
    if not call.client.may_say(message.kind):
        raise not_allowed(f"client {call.client.id} may not send {message.kind}", Code.WRONG_ROLE)
    call.may_speak_as(message.sender)
    call.count(complaint)
    await require_access(call.context, complaint, message.sender)
    received = Received(
        client=call.client.id,
        request=call.id,
        digest=hashlib.sha256(call.body).hexdigest(),
        complaint=complaint,
        kind=message.kind,
        message=message.model_dump(mode="json", by_alias=True, exclude_none=True),
        sender=message.sender,
    )
    return await accept(call, received, message.message_id)


async def accept(call: Call, received: Received, message_id: str, *, on_record: bool = False) -> Response:
    """Store a request in the inbox; responds 202, or 200 for a repeated one. Raises Problem 409."""
    kept = await call.context.inbox.keep(received, stamp=call.context.stamps, on_record=on_record)
    if kept.how == "taken":
        raise request_taken(message_id)
    if kept.how == "conflicting":
        raise Problem("id-used", f"webhook-id {call.id} was used before with another body: use a fresh one")
    body = AcceptedRequest(
        complaint=kept.row.complaint,
        message_id=message_id,
        state=kept.row.state,
        answer=f"/v1/messages/{call.id}",
    )
    return JSONResponse(body.model_dump(), 202 if kept.how == "accepted" else 200)


def request_taken(request_id: str) -> Problem:
    """Return a 409 problem: the request id belongs to another filer."""
    return Problem("id-used", f"request_id {request_id} was used by somebody else: file under a fresh one")


def _read(call: Call) -> tuple[str, Message]:
    given = object_in(call.body)
    if set(given) != {"complaint", "message"} or not isinstance(given["complaint"], str):
        raise malformed('write {"complaint": "C…", "message": {…}} and nothing else')
    complaint, content = read_number(given["complaint"]), given["message"]
    if isinstance(complaint, Unreadable):
        raise malformed(complaint.text, code=complaint.code)
    if isinstance(content, dict) and "received_at" in content:
        raise malformed("received_at: is set by the edge, never by the sender: leave it out")
    message = read_message(None, [as_raw(content)])
    if isinstance(message, Unreadable):
        raise malformed(message.text, code=message.code)
    return complaint, message


async def read_status(call: Call) -> Response:
    """Return the state of an accepted request."""
    known = ID_FORM.fullmatch(call.path["id"])
    row = await call.context.inbox.by_request(call.client.id, call.path["id"]) if known else None
    if row is None:
        raise not_found()
    await call.use_request_id()
    return JSONResponse(request_status(row).model_dump())


def request_status(row: InboxRow) -> RequestStatus:
    """Return the state of an inbox row."""
    return RequestStatus(
        id=row.request,
        complaint=row.complaint,
        kind=row.kind,
        state=row.state,
        received_at=row.received_at.isoformat() if row.received_at else None,
        result=row.answer,
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/messages",
        summary="Send a message to a complaint",
        description="Stored before the response, delivered in order of acceptance; the result is read at `answer`.",
        signed=submit,
        body=MessageBody,
        answers={202: AcceptedRequest, 200: AcceptedRequest},
        problems=("not-allowed", "not-found", "id-used", "refused"),
    ),
    Operation(
        method="GET",
        path="/v1/messages/{id}",
        summary="Read the answer to an accepted request, by the webhook-id it was sent with",
        signed=read_status,
        answers={200: RequestStatus},
        problems=("not-found", "id-used"),
    ),
)
