"""The door for filings: a complaint has its number before anybody works on it."""

import hashlib
from datetime import UTC, datetime

from starlette.responses import Response

from activities.store.signed_requests import belonging
from starter.client.number import number_of
from starter.http.gateway.bodies import as_raw, object_in
from starter.http.gateway.calls import Call, Operation
from starter.http.gateway.problems import not_allowed, unread
from starter.http.gateway.resources.messages import Kept, keep, somebody_elses
from workflows.answers import Code
from workflows.complaint.decoding import NotUnderstood, understand_filing
from workflows.complaint.domain.filing import Filing
from workflows.inbox import FILING, Received


async def file(call: Call) -> Response:
    """Take in one filing."""
    filing = understand_filing([as_raw(object_in(call.body))])
    if isinstance(filing, NotUnderstood):
        raise unread(filing.text, code=filing.code, rule="R1.2")
    if not call.client.may_file:
        text = f"client {call.client.id} may not file: buyers do, or staff on their behalf (R1.3)"
        raise not_allowed(text, Code.WRONG_ROLE)
    call.may_speak_as(filing.filed_by)
    known = await _known(call, filing)  # one that waits in the inbox keeps its own number: the inbox sees to that
    number = known or number_of(filing.request_id, datetime.fromtimestamp(call.house.clock(), UTC))
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
    return await keep(call, received, filing.request_id, on_record=known is not None)


async def _known(call: Call, filing: Filing) -> str | None:
    """Return the number under which a request is on record; raises Problem 409 for somebody else's request."""
    number = await call.house.cases.by_request(filing.request_id)
    known = await belonging(call.house.pool, number) if number else None
    if known is not None and known.filed_by != filing.filed_by:
        raise somebody_elses(filing.request_id)
    return number


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/complaints",
        summary="File a complaint",
        told="Once per `request_id`: the same one gives the same number. How it was taken is read at `answer`.",
        signed=file,
        body=Filing,
        answers={202: Kept, 200: Kept},
        problems=("not-allowed", "id-used", "refused"),
    ),
)
