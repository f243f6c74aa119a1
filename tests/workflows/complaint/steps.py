"""Steps made of the examples that the classes of events and messages carry."""

import json
from datetime import UTC, datetime
from typing import Any

from workflows.complaint.domain.events import EVENTS, Facts, Heard
from workflows.complaint.domain.messages import KINDS, Message
from workflows.complaint.domain.timeline import CATALOGUE, Step, audience_of
from workflows.vocabulary import Phase, Role

AT = datetime(2026, 11, 22, 2, tzinfo=UTC)


def message_of(kind: str, role: Role = Role.BUYER, sender: str = "x") -> Message:
    """Return the example of a message, from that sender."""
    common = {"kind": kind, "message_id": f"{kind}-1", "sender": {"role": role, "id": sender}}
    return KINDS[kind].model_validate_json(json.dumps(common | dict(KINDS[kind].catalogue.example)))


def facts_of(event: str, **changes: Any) -> Facts:
    """Return the example of an event with some fields changed; of a message, that it was heard."""
    if event not in EVENTS:
        return Heard(event=event, handler="a-1")
    return EVENTS[event].model_validate_json(json.dumps({**EVENTS[event].catalogue.example, **changes}))


def step_of(event: str, role: Role = Role.SYSTEM, actor: str = "x", **changes: Any) -> Step:
    """Return a step of that event, taken by that actor."""
    facts = facts_of(event, **changes)
    said = message_of(event, role, actor) if isinstance(facts, Heard) else None
    return Step(
        number=7, at=AT, actor=actor, role=role, event=event, phase=Phase.NEGOTIATION, rule="R1.2",
        audience=audience_of(facts, said), said=said, facts=facts,
    )  # fmt: skip


def step_that_gives(notice: str) -> Step | None:
    """Return a step that gives that notice, None where no event does."""
    events = (event for event, entry in CATALOGUE.items() if any(one.notice == notice for one in entry.notices))
    event = next(events, None)
    return step_of(event) if event else None
