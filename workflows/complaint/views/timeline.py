"""The timeline as it is read: each step with its sentence, whole for staff, and for a party what it may see (R11.2)."""

from collections.abc import Sequence

from workflows.complaint.domain.catalogue import Audience
from workflows.complaint.domain.events import Facts
from workflows.complaint.domain.messages import Message
from workflows.complaint.domain.timeline import CATALOGUE, Step
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.values import Instant, Value
from workflows.vocabulary import Phase, Role
from workflows.words.sentences import sentence


class StepView(Value):
    """A step of the timeline (contract); `reason` is its sentence for people, rendered from the rest, never parsed.

    A party that sees only that something happened gets neither `reason` nor `said` nor `facts`.
    """

    number: int
    at: Instant
    actor: str
    role: Role
    event: str
    phase: Phase
    rule: str
    reason: str | None = None
    amount: Money | None = None
    message_id: str | None = None
    audience: Audience
    said: Message | None = None
    facts: Facts | None = None


def step_view(step: Step) -> StepView:
    """Return a step as staff see it."""
    return StepView(**dict(step), reason=sentence(step))


def latest(steps: Sequence[Step]) -> tuple[StepView, ...]:
    """Return the latest steps that an answer to a query can hold, in order."""
    shown: list[StepView] = []
    room = _MOST_CHARACTERS
    for step in reversed(steps[-_MOST_STEPS:]):
        one = step_view(step)
        room -= len(one.model_dump_json())
        if room < 0 and shown:
            break
        shown.append(one)
    return tuple(reversed(shown))


_MOST_STEPS, _MOST_CHARACTERS = 1000, 400_000
"""An answer stays below the payload limit of 2 MB, where a character takes at most four bytes."""


def shown_to(step: Step, party: Party) -> StepView | None:
    """Return a step as buyer or seller may see it, None where it is not for them; one's own doing always is."""
    if step.role is party.role and step.actor == party.id:
        return step_view(step)
    if party.role not in step.audience.roles:
        return None
    whole = CATALOGUE[step.event].whole
    return step_view(step) if whole else step_view(step).but(reason=None, said=None, facts=None)
