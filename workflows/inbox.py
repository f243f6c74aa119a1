"""What the platform's edge receives, and what the inbox hands on to a complaint that asks for it (R7.4)."""

from typing import Annotated, Any

from pydantic import Field

from workflows.parties import Party
from workflows.values import Id, Instant, Value

FILING = "filing"
"""What a row of the inbox that opens a complaint has in place of a message kind."""


class Received(Value):
    """What a client sent, verified and read: a message of the contract, or a filing; not accepted before it is kept."""

    client: Id
    request: Id
    """The client's own id of the request, unique for good."""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the raw body: the same id with another body is another request, and refused."""
    complaint: Id
    kind: Id
    """A message kind, or `filing`."""
    message: dict[str, Any]
    """What will be delivered, as JSON and without `received_at`, which is the edge's to set."""
    sender: Party


class Drain(Value):
    """Ask what the inbox holds for a complaint from up to an instant; `after` is the last one of the page before."""

    complaint: Id
    until: Instant
    after: int | None = None


class Held(Value):
    """One message that the inbox holds: as JSON text, stamped with when the edge received it."""

    number: int
    message: str
    received_at: Instant | None = None


class Drained(Value):
    """A page of such messages in the order of their acceptance; an empty one says that all of it was heard."""

    held: tuple[Held, ...] = ()
    more: bool = False
