"""The door for messages: one is kept before it is answered, and delivered as soon as its complaint can hear it."""

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from activities.store.inbox import InboxRow
from starter.http.gateway.calls import Call, Operation, require_access
from starter.http.gateway.problems import Problem, not_allowed, not_found, unread
from starter.http.gateway.signed_requests import ID_FORM, as_raw, object_in
from workflows.answers import Code
from workflows.complaint.decoding import NotUnderstood, understand, understand_number
from workflows.complaint.domain.messages import Message
from workflows.inbox import Received


class Kept(BaseModel):
    """What was accepted and how it stands; `answer` is where its answer will be."""

    complaint: str
    message_id: str
    state: Literal["accepted", "answered", "parked"]
    answer: str


class Standing(BaseModel):
    """How an accepted request stands; `result` is the receipt, or the refusal, once there is one."""

    id: str
    complaint: str
    kind: str
    state: Literal["accepted", "answered", "parked"] = Field(description="parked: it could not be delivered")
    received_at: str | None = Field(description="set by the edge; empty where time is skipped")
    result: dict[str, Any] | None


class Said(BaseModel):
    """A message, and the complaint it is for."""

    model_config = ConfigDict(extra="forbid")

    complaint: str = Field(examples=["C20261122-7K3M9Q0VWX"])
    message: dict[str, Any]


async def say(call: Call) -> Response:
    """Take in one message."""
    complaint, message = _read(call)
    if not call.client.may_say(message.kind):
        raise not_allowed(f"client {call.client.id} may not send {message.kind}", Code.WRONG_ROLE)
    call.may_speak_as(message.sender)
    call.count(complaint)
    await require_access(call.house, complaint, message.sender)
    received = Received(
        client=call.client.id,
        request=call.id,
        digest=hashlib.sha256(call.body).hexdigest(),
        complaint=complaint,
        kind=message.kind,
        message=message.model_dump(mode="json", by_alias=True, exclude_none=True),
        sender=message.sender,
    )
    return await keep(call, received, message.message_id)


async def keep(call: Call, received: Received, message_id: str, *, on_record: bool = False) -> Response:
    """Keep what was received and answer: 202, or 200 for what was kept before; raises Problem 409."""
    kept = await call.house.inbox.keep(received, stamp=call.house.stamps, on_record=on_record)
    if kept.how == "taken":
        raise somebody_elses(message_id)
    if kept.how == "conflicting":
        raise Problem("id-used", f"webhook-id {call.id} was used before with another body: use a fresh one")
    body = Kept(
        complaint=kept.row.complaint,
        message_id=message_id,
        state=kept.row.state,
        answer=f"/v1/messages/{call.id}",
    )
    return JSONResponse(body.model_dump(), 202 if kept.how == "accepted" else 200)


def somebody_elses(request_id: str) -> Problem:
    """Answer for a filing under a request of somebody else's."""
    return Problem("id-used", f"request_id {request_id} was used by somebody else: file under a fresh one")


def _read(call: Call) -> tuple[str, Message]:
    given = object_in(call.body)
    if set(given) != {"complaint", "message"} or not isinstance(given["complaint"], str):
        raise unread('write {"complaint": "C…", "message": {…}} and nothing else')
    complaint, said = understand_number(given["complaint"]), given["message"]
    if isinstance(complaint, NotUnderstood):
        raise unread(complaint.text, code=complaint.code)
    if isinstance(said, dict) and "received_at" in said:
        raise unread("received_at: is set by the edge, never by the sender: leave it out")
    message = understand(None, [as_raw(said)])
    if isinstance(message, NotUnderstood):
        raise unread(message.text, code=message.code)
    return complaint, message


async def look(call: Call) -> Response:
    """Say how an accepted request stands."""
    known = ID_FORM.fullmatch(call.path["id"])
    row = await call.house.inbox.by_request(call.client.id, call.path["id"]) if known else None
    if row is None:
        raise not_found()
    await call.once()
    return JSONResponse(standing(row).model_dump())


def standing(row: InboxRow) -> Standing:
    """Return how a request stands."""
    return Standing(
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
        told="Kept before this answers, delivered at once, in the order of acceptance; its answer is read at `answer`.",
        signed=say,
        body=Said,
        answers={202: Kept, 200: Kept},
        problems=("not-allowed", "not-found", "id-used", "refused"),
    ),
    Operation(
        method="GET",
        path="/v1/messages/{id}",
        summary="Read the answer to an accepted request, by the webhook-id it was sent with",
        signed=look,
        answers={200: Standing},
        problems=("not-found", "id-used"),
    ),
)
