"""The timeline: what happened, when, by whom, by which rule, and what was said (R11.1)."""

from workflows.complaint.domain.catalogue import Audience, Catalogue
from workflows.complaint.domain.events import EVENTS, Facts, Heard
from workflows.complaint.domain.messages import KINDS, Message
from workflows.money.amount import Money
from workflows.values import Instant, Value
from workflows.vocabulary import Phase, Role


class Step(Value):
    """One step: gapless number, the instant it counts from, its actor and the rule that explains it.

    `said` is the message as it was told, None for what SYSTEM did; `facts` is what happened, as data. Words for people
    are made of both at the edge (workflows/words).
    """

    number: int
    at: Instant
    actor: str
    role: Role
    event: str
    phase: Phase
    rule: str
    amount: Money | None = None
    message_id: str | None = None
    audience: Audience
    said: Message | None = None
    facts: Facts


def audience_of(facts: Facts, said: Message | None) -> Audience:
    """Return whom a step is for: by the class of the message that was heard, else of the event."""
    told = said if said is not None and isinstance(facts, Heard) else facts
    if isinstance(told, Heard):
        return Audience.STAFF  # heard without its message: nobody can say whom it concerns
    for field, by_value in told.catalogue.only.items():
        if (narrower := by_value.get(getattr(told, field))) is not None:
            return narrower
    return told.catalogue.audience


CATALOGUE: dict[str, Catalogue] = {
    **{event: model.catalogue for event, model in EVENTS.items()},
    **{kind: model.catalogue for kind, model in KINDS.items()},
}
"""Every event a step can have, with what its class says of it; where SYSTEM does what people do, it is shown alike."""


def event_is_for(event: str, role: Role) -> bool:
    """Say whether a party of that role is shown events of that name: what the other one does, or has to do."""
    found = CATALOGUE.get(event)
    return found is not None and role in found.audience.roles
