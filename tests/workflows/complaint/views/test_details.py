"""What the web UI is given of a case: short, plain, true to the case, and nothing of it made of what people wrote."""

import json
import re
from collections.abc import Iterator
from itertools import islice

import pytest

from starter.demo.stories import Story
from tests.stories import BY_NAME, STORIES
from tests.workflows.complaint.playing import Play, say, scenes
from workflows.answers import Receipt
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.rules.dispatch import allowed
from workflows.complaint.views.catalogue import offered, senders
from workflows.complaint.views.details import current_details
from workflows.vocabulary import Role

_HTML = re.compile(r"<(?!br>)")


def every_case(story: Story) -> Iterator[Case]:
    return (scene.case for scene in scenes(story))


def after(name: str, acts: int) -> Play:
    """Play the first acts of a story."""
    return next(islice(scenes(BY_NAME[name]), acts, None))


def code_lines(told: str) -> list[str]:
    return [line for block in re.findall(r"```json\n(.*?)```", told, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_details_are_short_plain_and_the_same_each_time(story: Story) -> None:
    for case in every_case(story):
        told = current_details(case)
        assert told == current_details(case)
        assert all(len(line) < 70 for line in code_lines(told)), told
        assert not _HTML.search(told), told
        assert "|" not in told.replace("\\|", ""), "no tables: the web UI draws them without borders"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_example_can_be_sent_as_it_stands(story: Story) -> None:
    for number in range(len(story.acts)):
        scene = after(story.name, number)
        if payload := "\n".join(code_lines(current_details(scene.case))):
            message = json.loads(payload)
            answer = say(scene, KINDS[message["kind"]].model_validate(message, strict=False))
            assert isinstance(answer, Receipt), f"{message}: {answer}"


def test_each_party_is_called_by_its_role() -> None:
    told = current_details(after("contested_and_ruled_for_the_buyer", 5).case)
    assert "**buyer confirms or appeals**" in told
    assert "**seller confirms or appeals**" in told
    assert "party" not in told


def test_an_overdue_duty_says_since_when_and_what_comes_next() -> None:
    told = current_details(after("an_overdue_review_climbs_to_the_operations_manager", 1).case)
    assert "**OVERDUE**, with the operations manager" in told
    assert re.search(
        r"\*\*agent reviews\*\* was due .* \(R2\.1\)<br>next, .*: the operations manager is reminded", told
    )


HOSTILE = (
    "![x](http://evil.example/x.png) <img src=x onerror=alert(1)>\n# Closed\n`a` [pay](http://evil.example) | a | b |"
)


def test_what_people_write_stays_text() -> None:
    case = after("the_seller_agrees_at_once", 0).case
    assert case.order is not None
    filing = case.filing.but(description=HOSTILE)
    order = case.order.but(title=HOSTILE[:200], buyer_id="b`<img/src=x>")
    told = current_details(case.but(filing=filing, order=order))
    outside_code = re.sub(r"`[^`\n]*`", "", re.sub(r"\\.", "", told))
    assert "evil" in told
    for forbidden in ("<img", "![", "](", "http://", "\n# ", "| a"):
        assert forbidden not in outside_code


def test_kinds_that_can_be_sent_now_are_offered_first() -> None:
    case = after("the_seller_agrees_at_once", 1).case
    now = senders(case)
    listed = list(offered(case))
    assert {kind for kind, _ in listed[: len(now)]} == set(now) == set(allowed(case))
    assert all(text.startswith("NOW: ") == (kind in now) for kind, text in listed)
    assert not any(text.startswith("NOW: ") for _, text in offered(None))
    assert all(now_by == {role for role in Role if kind in allowed(case, role)} for kind, now_by in now.items())
