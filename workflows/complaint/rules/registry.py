"""Where rules announce themselves: which message a rule hears, which limit it runs, what silence leads to.

Every table shown to people (what can be sent now, messages x phases, deadlines) is read from here.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

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

    @property
    def duty(self) -> tuple[LimitName, str, Instant]:
        """What it is one of several limits of, or the only one (R4.3)."""
        return (LADDERS.get(self.name, self.name), self.subject, self.start)


Since = Callable[[Case], Iterable[Runs]]
Lapse = Callable[[Case, Deadline], Case]


class Window(NamedTuple):
    """A limit with a default: when it runs and what its silent end leads to."""

    since: Since
    lapse: Lapse


Met = Callable[[Case, Deadline], bool]

HEARINGS: dict[str, list[Hearing]] = {}
WINDOWS: dict[LimitName, Window] = {}
DUTIES: dict[LimitName, Since] = {}
MET: dict[LimitName, Met] = {}
LADDERS: dict[LimitName, LimitName] = {}
"""Limit to the duty it is one of several limits of: the duty has one ladder (R4.3)."""


def _always(_: Case) -> bool:
    return True


def hears(
    model: type[M],
    rule: str,
    *,
    by: Iterable[Role],
    during: Iterable[Phase],
    when: Callable[[Case], bool] = _always,
    against: Against | None = None,
) -> Callable[[Callable[[Case, M, Instant], Case]], Callable[[Case, M, Instant], Case]]:
    """Announce a rule that hears a message; it returns the next case or raises `NotHeard`."""
    kind = model.model_fields["kind"].annotation.__args__[0]  # type: ignore[union-attr]  # a Literal of one kind

    def announce(act: Callable[[Case, M, Instant], Case]) -> Callable[[Case, M, Instant], Case]:
        HEARINGS.setdefault(kind, []).append(Hearing(kind, rule, frozenset(by), frozenset(during), when, act, against))
        return act

    return announce


def window(name: LimitName, since: Since) -> Callable[[Lapse], Lapse]:
    """Announce what the silent end of a limit leads to."""

    def announce(lapse: Lapse) -> Lapse:
        WINDOWS[name] = Window(since, lapse)
        return lapse

    return announce


def duty(name: LimitName, *, of: LimitName | None = None) -> Callable[[Since], Since]:
    """Announce a duty of the platform: when it is missed it climbs (R7.2); or a further limit `of` another duty."""

    def announce(since: Since) -> Since:
        DUTIES[name] = since
        if of is not None:
            LADDERS[name] = of
        return since

    return announce


def met(name: LimitName) -> Callable[[Met], Met]:
    """Announce when a message that can end a limit has really met it; without such a rule it always has."""

    def announce(has: Met) -> Met:
        MET[name] = has
        return has

    return announce


Settles = Callable[[Case, Entry, Instant], Case]
Fails = Callable[[Case, Entry, Money | None, Instant], Case]

SETTLES: dict[Purpose, Settles] = {}
FAILS: dict[Purpose, Fails] = {}


def settles(purpose: Purpose) -> Callable[[Settles], Settles]:
    """Announce what follows when a movement of that purpose has settled."""

    def announce(act: Settles) -> Settles:
        SETTLES[purpose] = act
        return act

    return announce


def fails(purpose: Purpose) -> Callable[[Fails], Fails]:
    """Announce what follows when one is proven to have failed, or came back, instead of an owner (R6.10).

    The amount is what the provider says could still be had, None where it says nothing of it.
    """

    def announce(act: Fails) -> Fails:
        FAILS[purpose] = act
        return act

    return announce
