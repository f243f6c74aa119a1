"""What a sweep of the reconciler looks at, and the tasks it raises for money that nobody answers for (R6.10, R9.6)."""

from enum import StrEnum

from workflows.money.amount import Money
from workflows.values import Id, Instant, Text, Value
from workflows.vocabulary import Role


class TaskKind(StrEnum):
    """Why a task was raised."""

    OWNERLESS = "ownerless"
    """Its complaint no longer runs: terminated, cancelled, failed or deleted while it was open on record."""
    FORGOTTEN = "forgotten"
    """Its complaint runs but no longer knows it: it was reset to before the movement."""
    UNKNOWN_TO_US = "unknown_to_us"
    """The provider has an entry that no record of ours names."""
    UNKNOWN_TO_PROVIDER = "unknown_to_provider"
    """We asked for it, and the provider has never heard of the key."""
    CONTRADICTED = "contradicted"
    """The provider's book and ours say different things of one movement."""
    DEBT = "debt"
    """A debt that may be written off, which only an operations manager can do (R9.5)."""


class Task(Value):
    """Something a person has to see to; its key says what it is about, so that raising it again is raising it once."""

    key: Id
    kind: TaskKind
    complaint: Id | None = None
    movement: Id | None = None
    amount: Money | None = None
    owner: Role = Role.OPERATIONS_MANAGER
    text: Text


class Look(Value):
    """One page of one look of a sweep."""

    sweep_at: Instant
    after: str = ""
    """Where the page before ended; empty for the first."""


class Looked(Value):
    """What came of a page: how many tasks stand, and where the next page begins, None after the last."""

    tasks: int
    after: str | None = None
