"""What partners are told of their complaints, event by event, and what a delivery is about (R11.2)."""

from hashlib import sha256
from typing import Annotated

from pydantic import ConfigDict, Field

from workflows.complaint.views.timeline import StepView
from workflows.parties import Party
from workflows.values import Id, Instant, Value

VERSION = "v1"
"""Event and data may get a field more in the same version; what goes, or means something else, is the next one."""

_OPEN = ConfigDict(json_schema_extra={"additionalProperties": True})


class EventData(Value):
    """One step of a complaint as its party may see it."""

    model_config = _OPEN

    complaint: Annotated[str, Field(description="number of the complaint")]
    sequence: Annotated[
        int,
        Field(
            ge=1,
            description="number of the event among those of this complaint for this subscription, counted without a "
            "gap: one that is missing was given up, so read the timeline",
        ),
    ]
    party: Annotated[Party, Field(description="whose complaint it is: the one the client speaks for")]
    order_id: str
    line: int
    step: Annotated[StepView, Field(description="the step as that party may see it (R11.2)")]


class Event(Value):
    """The body of a webhook; the names on the outside are those of Standard Webhooks."""

    model_config = _OPEN

    type: Annotated[
        str, Field(pattern=r"^complaint\.[a-z_]+\.v1$", description="complaint, the event of the step, version")
    ]
    timestamp: Annotated[Instant, Field(description="when it happened, by the complaint's own clock")]
    data: EventData


class About(Value):
    """What every event of a complaint says beside its step."""

    complaint: str
    party: Party
    order_id: str
    line: int


class Stream(Value):
    """The events of one complaint for one subscription, in the delivery of that number."""

    subscription: Id
    complaint: Id
    run: int


def event_of(about: About, step: StepView, sequence: int) -> Event:
    """Return the event that tells of a step which its party may see."""
    return Event(
        type=f"complaint.{step.event}.{VERSION}",
        timestamp=step.at,
        data=EventData(
            complaint=about.complaint,
            sequence=sequence,
            party=about.party,
            order_id=about.order_id,
            line=about.line,
            step=step,
        ),
    )


def event_id(subscription: str, complaint: str, step: int) -> str:
    """Return the webhook id of an event: the same whenever it is sent, another one for every other receiver."""
    return f"evt_{sha256(f'{subscription} {complaint} {step}'.encode()).hexdigest()[:32]}"
