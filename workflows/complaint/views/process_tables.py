"""The process as tables for people, read from where the rules announce themselves: never out of date."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from workflows.complaint.domain.catalogue import Notify
from workflows.complaint.domain.timeline import CATALOGUE
from workflows.complaint.rules.registry import Hearing
from workflows.complaint.rules.tables import DUTIES, HEARINGS, WINDOWS
from workflows.complaint.views.notices import OF_A_GRAVE_COMPLAINT
from workflows.policy.model import LimitName, Policy
from workflows.vocabulary import Phase

_PHASES = tuple(phase for phase in Phase if phase not in {Phase.REGISTRATION, Phase.CLOSED})


def process_tables(policy: Policy) -> str:
    """Return every table as one Markdown document; lengths are those of the policy given."""
    parts = (
        _HEAD,
        "## Who may say what in which phase\n",
        _table(("message", *(str(phase) for phase in _PHASES)), _matrix()),
        "Besides, a message can depend on how the complaint stands; what it then does:\n",
        _table(("message", "from", "if", "what it does", "rule"), _effects()),
        "## Windows: silence has an answer\n",
        _table(("who", "what", "from", "within", "otherwise", "rules"), _windows(policy)),
        "## Duties of the platform: missed, they climb (R7.2)\n",
        _table(("who", "what", "from", "within", "ended by", "rule"), _duties(policy)),
        "## Who is told what\n",
        _table(("when", "notice", "to"), _notices()),
    )
    return "\n".join(parts)


_HEAD = """# The process in tables

Generated from the rules and the packaged policy by `make docs`; a test compares. Rule ids are those of the rulebook.
"""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _matrix() -> Iterator[tuple[str, ...]]:
    for kind, hearings in sorted(HEARINGS.items()):
        yield (f"`{kind}`", *(_who(hearings, phase) for phase in _PHASES))


def _who(hearings: list[Hearing], phase: Phase) -> str:
    roles = {role for one in hearings if phase in one.during for role in one.by}
    return ", ".join(sorted(role.replace("_", " ") for role in roles))


def _effects() -> Iterator[tuple[str, ...]]:
    for kind, hearings in sorted(HEARINGS.items()):
        for one in hearings:
            roles = ", ".join(sorted(role.replace("_", " ") for role in one.by))
            yield f"`{kind}`", roles, _condition(one), _first_line(one.act), one.rule


def _condition(one: Hearing) -> str:
    name = getattr(one.when, "__name__", "").strip("_").replace("_", " ")
    return "" if name == "always" else name


def _first_line(rule: Callable[..., Any]) -> str:
    told = rule.func.__doc__ if isinstance(rule, partial) else rule.__doc__
    return (told or "").strip().splitlines()[0].replace("|", "/")


def _windows(policy: Policy) -> Iterator[tuple[str, ...]]:
    for name in LimitName:
        if name in WINDOWS:
            limit = policy.limits[name]
            rules = limit.rule if limit.rule == limit.default_rule else f"{limit.rule}, {limit.default_rule}"
            yield str(limit.actor), limit.act, limit.start, f"{limit.length}", limit.otherwise, rules


def _duties(policy: Policy) -> Iterator[tuple[str, ...]]:
    for name in LimitName:
        if name in DUTIES:
            limit = policy.limits[name]
            ended_by = ", ".join(f"`{kind}`" for kind in limit.ended_by)
            who = limit.actor.replace("_", " ")
            yield who, limit.act, limit.start, f"{limit.length}", ended_by, limit.rule


def _notices() -> Iterator[tuple[str, ...]]:
    for event, entry in sorted(CATALOGUE.items()):
        yield from (_notice(event, told) for told in entry.notices)
    yield _notice("of a grave complaint", OF_A_GRAVE_COMPLAINT)


def _notice(event: str, told: Notify) -> tuple[str, ...]:
    where = "".join(f", {name} {' or '.join(sorted(values))}" for name, values in told.where.items())
    return f"{event}{where}", told.notice, ", ".join(one.replace("_", " ") for one in told.recipients)
