"""Every rule of the rulebook has a story, or a test that is named, and so has every row of its annex."""

from collections.abc import Iterator
from importlib import import_module

import pytest

from tests.workflows.complaint.rulebook.ids import BY_TEST, ELSEWHERE, LIMITS_ELSEWHERE, RULES
from tests.workflows.complaint.rulebook.implemented import implemented
from tests.workflows.complaint.rulebook.showing import Ends, by_limit, by_rule, shown
from workflows.complaint.rules.tables import DUTIES, WINDOWS
from workflows.policy.model import LimitName


def unshown(rules: dict[str, str], stories: dict[str, list[str]]) -> list[str]:
    return [rule for rule in rules if not stories.get(rule) and rule not in {*BY_TEST, *ELSEWHERE}]


def test_every_rule_has_a_story_or_a_test() -> None:
    assert unshown(RULES, by_rule()) == []


def test_a_rule_without_a_story_would_be_named() -> None:
    assert unshown({**RULES, "R99.1": "nobody tells it"}, by_rule()) == ["R99.1"]


def test_every_rule_that_the_code_cites_has_a_story_or_a_test() -> None:
    shown_by = {*by_rule(), *BY_TEST, *ELSEWHERE}
    assert [rule for rule in implemented() if rule in {*RULES, "R8.4"} and rule not in shown_by] == []


def test_every_rule_is_implemented_somewhere() -> None:
    assert [rule for rule in RULES if not implemented().get(rule)] == []


def test_what_a_story_claims_to_show_is_in_the_rulebook() -> None:
    known = {*RULES, "R8.4"}  # points are recorded as owed until section 8 is built
    claimed = {rule: one.story.name for one in shown() for rule in one.story.rules}
    assert {rule: story for rule, story in claimed.items() if rule not in known} == {}


@pytest.mark.parametrize("rule", BY_TEST)
def test_a_test_that_stands_for_a_rule_exists(rule: str) -> None:
    module, name = BY_TEST[rule]
    assert callable(getattr(import_module(module), name, None)), f"{module} has no {name}"
    assert name.startswith("test_")


def test_a_rule_that_is_built_elsewhere_is_not_here_yet() -> None:
    here = [rule for rule in ELSEWHERE if by_rule().get(rule)]
    assert here == [], "told by a story now: strike it from the list of what is built elsewhere"


def without(limits: dict[LimitName, Ends]) -> Iterator[str]:
    for name in (*WINDOWS, *DUTIES):
        if not limits[name].met:
            yield f"{name} is never met by its act"
        if not limits[name].passed:
            yield f"{name} is never {'missed, nor does it climb' if name in DUTIES else 'let pass'}"


def test_every_limit_is_met_in_a_story_and_let_pass_in_another() -> None:
    assert [*without(by_limit())] == []


def test_a_limit_that_no_story_lets_pass_would_be_named() -> None:
    told = by_limit()
    told[LimitName.LETTER] = told[LimitName.LETTER]._replace(passed=[])
    told[LimitName.OFFER] = Ends([], told[LimitName.OFFER].passed)
    assert set(without(told)) == {
        "offer is never met by its act",
        "letter is never missed, nor does it climb",
    }


def test_every_row_of_the_annex_runs_or_is_built_elsewhere() -> None:
    assert {name for name in LimitName if name not in {*WINDOWS, *DUTIES}} <= set(LIMITS_ELSEWHERE)
