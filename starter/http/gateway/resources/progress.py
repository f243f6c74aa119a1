"""The reading doors: how a complaint stands for one of its parties, and what happened to it (R11.2)."""

from pydantic import RootModel
from starlette.responses import Response

from starter.http.gateway.authorization import require_theirs
from starter.http.gateway.calls import AS, Call, Operation, as_read
from starter.http.gateway.problems import not_allowed, unread
from workflows.answers import Code
from workflows.complaint.decoding import NotUnderstood, understand_number
from workflows.complaint.domain.progress import Progress
from workflows.complaint.views.progress import progress
from workflows.complaint.views.timeline import StepView, shown_to
from workflows.complaint.views.view import registering
from workflows.parties import Party
from workflows.vocabulary import PARTIES


class Timeline(RootModel[tuple[StepView, ...]]):
    """The steps that are for this party, the first one first."""


async def stands(call: Call) -> Response:
    """Answer how a complaint stands for a party."""
    complaint, reader = await _reader(call)
    view = await call.house.cases.view(complaint) or registering(complaint)
    return as_read(progress(view, reader.role))


async def happened(call: Call) -> Response:
    """Answer what happened to a complaint, as far as it is for a party."""
    complaint, reader = await _reader(call)
    steps = await call.house.cases.timeline(complaint)
    shown = (shown_to(step, reader) for step in steps)
    return as_read(Timeline(tuple(step for step in shown if step is not None)))


async def _reader(call: Call) -> tuple[str, Party]:
    """Return which complaint is read by whom; raises Problem 403, 404, 409, 422, 429."""
    complaint, reader = understand_number(call.path["complaint"]), call.reader
    if reader.role not in PARTIES:
        text = "buyer and seller read here (R11.2); staff use `redress show` and the web UI"
        raise not_allowed(text, Code.WRONG_ROLE)
    if isinstance(complaint, NotUnderstood):
        raise unread(complaint.text, code=complaint.code)
    call.count(complaint)
    await require_theirs(call.house, complaint, reader)
    await call.once()
    return complaint, reader


_PROBLEMS = ("not-allowed", "not-found", "id-used", "refused")

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/complaints/{complaint}",
        summary="Read how a complaint stands, as its buyer or its seller",
        told="State, handler, expected time, offer, ruling once it is sent, goods, the money of that party (R11.2).",
        signed=stands,
        query=AS,
        answers={200: Progress},
        problems=_PROBLEMS,
    ),
    Operation(
        method="GET",
        path="/v1/complaints/{complaint}/timeline",
        summary="Read what happened to a complaint, as its buyer or its seller",
        told="Never notes, work orders, or a ruling that is not sent yet; so numbers are left out (R11.2).",
        signed=happened,
        query=AS,
        answers={200: Timeline},
        problems=_PROBLEMS,
    ),
)
