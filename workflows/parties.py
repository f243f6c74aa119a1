"""Who takes part: a role and an opaque id (rulebook, section 0)."""

from workflows.values import Id, Value
from workflows.vocabulary import Role


class Party(Value):
    """Somebody who takes part: a role and an opaque id."""

    role: Role
    id: Id

    def __str__(self) -> str:
        return f"{self.role}:{self.id}"
