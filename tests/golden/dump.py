"""What each story leads to, as plain JSON: all that anybody can see of it, and the names that others depend on."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from activities.notifications.texts import render
from starter.demo.stories import Story
from tests.stories import STORIES
from tests.workflows.complaint.playing import Play, scenes
from workflows import ports, wire
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.domain.records import Notice
from workflows.complaint.views.catalogue import DESCRIPTIONS
from workflows.complaint.views.details import current_details
from workflows.complaint.views.progress import progress
from workflows.complaint.views.record import unwritten
from workflows.complaint.views.search_attributes import attributes
from workflows.complaint.views.timeline import StepView, shown_to, step_view
from workflows.complaint.views.view import view_of
from workflows.complaint.views.why_due import explained

Json = Any


def stories() -> dict[str, Json]:
    """Return each story by its name: scene by scene, and what stands in the end."""
    return {story.name: _story(story) for story in STORIES}


def _story(story: Story) -> dict[str, Json]:
    seen = []
    for play in scenes(story):
        last = play
        seen.append(_scene(play))
    return {"scenes": seen, **_end(last)}


def _scene(play: Play) -> dict[str, Json]:
    return {
        "view": _json(view_of(play.case)),
        "details": current_details(play.case).splitlines(),
        "attributes": {name: _plain(value) for name, value in attributes(play.case).items()},
    }


def _end(play: Play) -> dict[str, Json]:
    case = play.case
    parties = [party for party in (case.buyer, case.seller) if party]
    record = unwritten(case, 0, 0)
    return {
        "timeline": [_step(step_view(step)) for step in case.timeline],
        "answers": [_json(answer) for answer in play.answers],
        "notices": [_notice(notice) for notice in play.notices],
        "why_due": [_json(one) for one in explained(case)],
        "progress": {party.role: _json(progress(view_of(case), party.role)) for party in parties},
        "shown": {
            party.role: [_step(shown) for step in case.timeline if (shown := shown_to(step, party))]
            for party in parties
        },
        "record": _json(record.model_copy(update={"steps": (), "view": None, "notices": ()})),
    }


def _step(step: StepView) -> Json:
    # A carrier's own clock is the clock on the wall, whatever time it is in the story.
    told = _json(step)
    return {**told, "said": {**told["said"], "at": None}} if step.event == "parcel_reported" and step.said else told


def _notice(notice: Notice) -> dict[str, Json]:
    return {**_json(notice.but(step=None)), **{locale: [*render(notice, locale)] for locale in ("en", "zh_CN")}}


def names() -> dict[str, Json]:
    """Return the names and shapes on the wire."""
    return {
        "messages": {kind: model.model_json_schema() for kind, model in sorted(KINDS.items())},
        "descriptions": DESCRIPTIONS,
        "ports": sorted(ports.PORTS),
        "search attributes": sorted(wire.SEARCH_ATTRIBUTES),
        "wire": {
            name: value for name, value in sorted(vars(wire).items()) if isinstance(value, str) and name.isupper()
        },
    }


def _json(value: BaseModel) -> Json:
    return value.model_dump(mode="json")


def _plain(value: Any) -> Json:
    return value.isoformat() if hasattr(value, "isoformat") else value


def flat(value: Json, at: str = "") -> Iterator[tuple[str, str, Json]]:
    """Yield every leaf with its place and its kind: the place without numbers and without the story."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, f"{at}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from flat(inner, f"{at}/{number}")
    else:
        yield at, "/".join(part for part in at.split("/")[3:] if not part.isdigit()), value
