"""Resource `complaints`: file one; read its progress and timeline as buyer or seller (R11.2)."""

import hashlib
from datetime import UTC, datetime

from pydantic import RootModel
from starlette.responses import Response

from activities.store.signed_requests import ownership
from starter.client.filing_input import number_of
from starter.http.gateway.calls import AS, Call, Operation, json_response, require_access
from starter.http.gateway.problems import malformed, not_allowed
from starter.http.gateway.resources.messages import AcceptedRequest, accept, request_taken
from starter.http.gateway.signed_requests import as_raw, object_in
from workflows.answers import Code
from workflows.complaint.decoding import Unreadable, read_filing, read_number
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.progress import Progress
from workflows.complaint.views.progress import progress
from workflows.complaint.views.timeline import StepView, shown_to
from workflows.complaint.views.view import registering
from workflows.inbox import FILING, Received
from workflows.parties import Party
from workflows.vocabulary import PARTIES


async def file(call: Call) -> Response:
    """Accept one filing."""
    filing = read_filing([as_raw(object_in(call.body))])
    if isinstance(filing, Unreadable):
        raise malformed(filing.text, code=filing.code, rule="R1.2")
    if not call.client.may_file:
        text = f"client {call.client.id} may not file: buyers do, or staff on their behalf (R1.3)"
        raise not_allowed(text, Code.WRONG_ROLE)
    call.may_speak_as(filing.filed_by)
    known = await _known(call, filing)  # the inbox itself keeps the number of a pending filing
    number = known or number_of(filing.request_id, datetime.fromtimestamp(call.context.clock(), UTC))
    call.count(number)
    received = Received(
        client=call.client.id,
        request=call.id,
        digest=hashlib.sha256(call.body).hexdigest(),
        complaint=number,
        kind=FILING,
        message=filing.model_dump(mode="json", exclude_none=True),
        sender=filing.filed_by,
    )
    return await accept(call, received, filing.request_id, on_record=known is not None)


async def _known(call: Call, filing: Filing) -> str | None:
    """Return the number of a request on record; raises Problem 409 if it belongs to another filer."""
    number = await call.context.cases.by_request(filing.request_id)
    known = await ownership(call.context.pool, number) if number else None
    if known is not None and known.filed_by != filing.filed_by:
        raise request_taken(filing.request_id)
    return number


_FILING: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path="/v1/complaints",
        summary="File a complaint",
        description="Once per `request_id`: the same one gives the same number. The result is read at `answer`.",
        signed=file,
        body=Filing,
        answers={202: AcceptedRequest, 200: AcceptedRequest},
        problems=("not-allowed", "id-used", "refused"),
    ),
)


class Timeline(RootModel[tuple[StepView, ...]]):
    """The steps visible to this party, in order."""


async def read_progress(call: Call) -> Response:
    """Return the progress of a complaint for a party."""
    complaint, reader = await _reader(call)
    view = await call.context.cases.view(complaint) or registering(complaint)
    return json_response(progress(view, reader.role))


async def read_timeline(call: Call) -> Response:
    """Return the steps of a complaint that are visible to a party."""
    complaint, reader = await _reader(call)
    steps = await call.context.cases.timeline(complaint)
    shown = (shown_to(step, reader) for step in steps)
    return json_response(Timeline(tuple(step for step in shown if step is not None)))


async def _reader(call: Call) -> tuple[str, Party]:
    """Return complaint and reading party, authorised; raises Problem 403, 404, 409, 422, 429."""
    complaint, reader = read_number(call.path["complaint"]), call.reader
    if reader.role not in PARTIES:
        text = "buyer and seller read here (R11.2); staff use `redress show` and the web UI"
        raise not_allowed(text, Code.WRONG_ROLE)
    if isinstance(complaint, Unreadable):
        raise malformed(complaint.text, code=complaint.code)
    call.count(complaint)
    await require_access(call.context, complaint, reader)
    await call.use_request_id()
    return complaint, reader


_PROBLEMS = ("not-allowed", "not-found", "id-used", "refused")

_READING: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path="/v1/complaints/{complaint}",
        summary="Read how a complaint stands, as its buyer or its seller",
        description="State, handler, expected time, offer, ruling once it is sent, goods, that party's money (R11.2).",
        signed=read_progress,
        query=AS,
        answers={200: Progress},
        problems=_PROBLEMS,
    ),
    Operation(
        method="GET",
        path="/v1/complaints/{complaint}/timeline",
        summary="Read what happened to a complaint, as its buyer or its seller",
        description="Never notes, work orders, or a ruling that is not sent yet; so numbers are left out (R11.2).",
        signed=read_timeline,
        query=AS,
        answers={200: Timeline},
        problems=_PROBLEMS,
    ),
)

OPERATIONS = (*_FILING, *_READING)
