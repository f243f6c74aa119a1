"""What a rule is: which message it hears, which limit it runs, what silence leads to.

A module of rules has one `rules = Rules()` and enters its functions by the decorators; `tables.py` names the modules.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar, get_args

from workflows.answers import NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import Message
from workflows.complaint.domain.parts import Entry
from workflows.money.amount import Money
from workflows.policy.model import LimitName
from workflows.time.limits import Length, Stop
from workflows.values import Instant
from workflows.vocabulary import Phase, Purpose, Role

M = TypeVar("M", bound=Message)


Against = Callable[[Case], NotHeard | None]


class Hearing(NamedTuple):
    """One rule that hears a message kind: from whom, in which phases, under which condition."""

    kind: str
    rule: str
    by: frozenset[Role]
    during: frozenset[Phase]
    when: Callable[[Case], bool]
    act: Callable[[Case, Any, Instant], Case]
    against: Against | None = None
    """What stands against it now, in words of its own; where nothing does, it is heard."""

    def applies(self, case: Case) -> bool:
        """Tell whether the message is heard as the case stands."""
        return case.phase in self.during and self.when(case) and not (self.against and self.against(case))


class Runs(NamedTuple):
    """A limit that runs: from when, for whom (the limit's own actor unless said), about what."""

    start: Instant
    actor: Role | None = None
    subject: str = ""
    until: Instant | None = None
    """The due instant where somebody named it, instead of the length of the limit."""
    length: Length | None = None
    """The length where it is not that of the limit."""


class Deadline(NamedTuple):
    """A running limit with its due instant."""

    name: LimitName
    subject: str
    actor: Role
    start: Instant
    due_at: Instant
    until: Instant | None = None
    stops: tuple[Stop, ...] = ()
    length: Length | None = None
    calendar: str | None = None
    """The version of the calendar by which it is due (R7.6)."""

    @property
    def identity(self) -> tuple[LimitName, str, Instant]:
        """What makes it the same deadline before and after a change."""
        return (self.name, self.subject, self.start)


Since = Callable[[Case], Iterable[Runs]]
Lapse = Callable[[Case, Deadline], Case]


class Window(NamedTuple):
    """A limit with a default: when it runs and what its silent end leads to."""

    since: Since
    lapse: Lapse


Met = Callable[[Case, Deadline], bool]

Settles = Callable[[Case, Entry, Instant], Case]
Fails = Callable[[Case, Entry, Money | None, Instant], Case]


def _always(_: Case) -> bool:
    return True


class Rules:
    """The rules of one module: which messages they hear, which limits they run; `tables.py` puts all of them together.

    The decorators leave the functions as they are.
    """

    def __init__(self) -> None:
        self.hearings: list[Hearing] = []
        self.windows: dict[LimitName, Window] = {}
        self.duties: dict[LimitName, Since] = {}
        self.met_when: dict[LimitName, Met] = {}
        self.ladders: dict[LimitName, LimitName] = {}
        self.settles: dict[Purpose, Settles] = {}
        self.fails: dict[Purpose, Fails] = {}

    def hears(
        self,
        model: type[M],
        rule: str,
        *,
        by: Iterable[Role],
        during: Iterable[Phase],
        when: Callable[[Case], bool] = _always,
        against: Against | None = None,
    ) -> Callable[[Callable[[Case, M, Instant], Case]], Callable[[Case, M, Instant], Case]]:
        """Hear a message: the function returns the next case or raises `NotHeard`."""
        (kind,) = get_args(model.model_fields["kind"].annotation)

        def enter(act: Callable[[Case, M, Instant], Case]) -> Callable[[Case, M, Instant], Case]:
            found = Hearing(str(kind), rule, frozenset(by), frozenset(during), when, act, against)
            self.hearings.append(found)
            return act

        return enter

    def window(self, name: LimitName, since: Since) -> Callable[[Lapse], Lapse]:
        """Say what the silent end of a limit leads to."""

        def enter(lapse: Lapse) -> Lapse:
            self.windows[name] = Window(since, lapse)
            return lapse

        return enter

    def duty(self, name: LimitName, *, of: LimitName | None = None) -> Callable[[Since], Since]:
        """Run a duty of the platform, which climbs when it is missed (R7.2); or a further limit `of` another duty."""

        def enter(since: Since) -> Since:
            self.duties[name] = since
            if of is not None:
                self.ladders[name] = of
            return since

        return enter

    def met(self, name: LimitName) -> Callable[[Met], Met]:
        """Say when a message that can end a limit has really met it; without such a rule it always has."""

        def enter(has: Met) -> Met:
            self.met_when[name] = has
            return has

        return enter

    def when_settled(self, purpose: Purpose) -> Callable[[Settles], Settles]:
        """Say what follows when a movement of that purpose has settled."""

        def enter(act: Settles) -> Settles:
            self.settles[purpose] = act
            return act

        return enter

    def when_failed(self, purpose: Purpose) -> Callable[[Fails], Fails]:
        """Say what follows when one is proven to have failed, or came back, instead of an owner (R6.10).

        The amount is what the provider says could still be had, None where it says nothing of it.
        """

        def enter(act: Fails) -> Fails:
            self.fails[purpose] = act
            return act

        return enter
