"""What the stories show: which rules, which ends of which limits, which rows of which tables."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from starter.demo.stories import Story
from tests.stories import STORIES
from tests.workflows.complaint.playing import Play, scenes
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parts import Ended
from workflows.complaint.rules.deadlines import SUPERVISOR
from workflows.complaint.rules.tables import DUTIES
from workflows.policy.model import LimitName
from workflows.words.sentences import sentence

_RULE_ID = re.compile(r"\bR\d{1,2}\.\d{1,2}\b")


class Shown(NamedTuple):
    """A story played through: the case after each act, and who was told what."""

    story: Story
    cases: tuple[Case, ...]
    told: tuple[str, ...]

    @property
    def case(self) -> Case:
        """The case at the end."""
        return self.cases[-1]


@cache
def shown() -> tuple[Shown, ...]:
    """Play every story once."""
    return tuple(_shown(story) for story in STORIES)


def _shown(story: Story) -> Shown:
    cases: list[Case] = []
    play: Play
    for play in scenes(story):
        cases.append(play.case)
    return Shown(story, tuple(cases), tuple(play.told))


def by_rule() -> dict[str, list[str]]:
    """Return the stories that show each rule: a step of it is taken, or a step names it as its reason."""
    found: dict[str, list[str]] = {}
    for one in shown():
        for rule in sorted({*one.story.rules, *_taken(one.case)}):
            found.setdefault(rule, []).append(one.story.name)
    return found


def _taken(case: Case) -> Iterator[str]:
    for step in case.timeline:
        yield step.rule
        if step.message_id is None:  # a refusal may name the rule that would have allowed it: that shows nothing
            yield from _RULE_ID.findall(sentence(step) or "")


class Ends(NamedTuple):
    """The stories in which a limit was met by its act, and in which it was let pass."""

    met: list[str]
    passed: list[str]


def by_limit() -> dict[LimitName, Ends]:
    """Return for each limit who met it and who let it pass; a duty that passed has climbed to the supervisor."""
    found = {name: Ends([], []) for name in LimitName}
    for one in shown():
        _sort_in(found, one)
    return found


def _sort_in(found: dict[LimitName, Ends], one: Shown) -> None:
    climbed = {climb.name for case in one.cases for climb in case.climbs if climb.rung >= SUPERVISOR}
    told_at = {step.at for step in one.case.timeline if step.event == "escalated_to_supervisor"}
    climbed |= {ended.name for ended in one.case.ended if ended.name in DUTIES and ended.due_at in told_at}
    for name in {ended.name for ended in one.case.ended if ended.how == "met"}:
        found[name].met.append(one.story.name)
    for name in {ended.name for ended in one.case.ended if _passed(ended, climbed)} | climbed:
        found[name].passed.append(one.story.name)


def _passed(ended: Ended, climbed: set[LimitName]) -> bool:
    return ended.how == "expired" and (ended.name not in DUTIES or ended.name in climbed)
