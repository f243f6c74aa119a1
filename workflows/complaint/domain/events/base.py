"""What every event has in common: it is one small frozen value, tagged by its name."""

from workflows.values import Id, Value


class Event(Value):
    """What happened, as data; `event` is its tag and the name of the step."""

    event: str


class Heard(Event):
    """A message was heard: what was said stands beside it in the step.

    `handler` is who handled the complaint then: staff other than the handler act for the handler.
    """

    handler: Id | None
