"""What buyer and seller see of a complaint (R11.2): tried on every scene of every story."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given

from starter.demo.stories import Story
from tests.stories import BY_NAME, STORIES
from tests.workflows.complaint.playing import Play, scenes
from tests.workflows.complaint.rules.test_dispatch import message
from tests.workflows.complaint.steps import step_of
from tests.workflows.complaint.test_laws import _PROFILE, walks
from tests.workflows.complaint.walking import Walk
from workflows.answers import Refusal
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.catalogue import Audience
from workflows.complaint.domain.events import Heard
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.domain.timeline import CATALOGUE, audience_of
from workflows.complaint.rules.dispatch import hear
from workflows.complaint.views.notices import notices_of
from workflows.complaint.views.progress import progress
from workflows.complaint.views.timeline import shown_to, step_view
from workflows.complaint.views.view import view_of
from workflows.money.amount import Money
from workflows.parties import Party
from workflows.vocabulary import PARTIES, Phase, Role

HIDDEN = ("noted", "work_order_opened", "work_order_answered", "ruled", "countersign_awaited", "ruling_countersigned")


def parties(case: Case) -> Iterator[Party]:
    yield case.buyer
    if case.seller:
        yield case.seller


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_nobody_sees_what_is_not_for_them_in_any_scene(story: Story) -> None:
    for scene in scenes(story):
        for party in parties(scene.case):
            shown = [one for step in scene.case.timeline if (one := shown_to(step, party))]
            assert not {one.event for one in shown} & set(HIDDEN)
            _shows_only_theirs(scene, party)


def _shows_only_theirs(scene: Play, party: Party) -> None:
    view = view_of(scene.case)
    seen = progress(view, party.role)
    if view.ruling and not scene.case.rulings[-1].sent_at:
        assert seen.ruling is None
        assert view.ruling.text not in seen.model_dump_json() or not view.ruling.text
    assert {row.actor for row in seen.waiting_on} <= PARTIES
    assert not [row for row in seen.waiting_on if "work_order" in row.action and party.role is Role.SELLER]
    assert all(party.role in (one.payer, one.payee) for one in seen.money)
    if view.phase is not Phase.CLOSED and view.waiting_on:
        assert seen.expected_at or seen.waiting_on, "somebody is always waited for"
    assert seen.handler == view.handler


def told_of(before: Case, after: Case, party: Party) -> Iterator[str]:
    """Yield what a party is told otherwise after a change; phase, handler, expected time it may see at any time."""
    then, now = view_of(before.but(now=after.now)), view_of(after)  # a pause ends by itself
    one, other = progress(then, party.role), progress(now, party.role)
    yield from (name for name in ("offer", "ruling", "goods", "advance", "money", "outcome", "cycle", "paused")
                if getattr(one, name) != getattr(other, name))  # fmt: skip
    passed = {row for row in one.waiting_on if row.due_at <= after.now}  # so was told, and by when
    if set(one.waiting_on) - passed != set(other.waiting_on) - passed:
        yield "waiting_on"


def secrets(cases: Sequence[Case]) -> Iterator[tuple[str, ...]]:
    """Yield what a party was told that came about by no step it is shown."""
    for before, after in pairwise(cases):
        new = [step for step in after.timeline if step.number > before.steps]
        for party in parties(after):
            if not any(shown_to(step, party) for step in new):
                yield from ((party.role, name, *(step.event for step in new)) for name in told_of(before, after, party))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_what_a_party_is_told_came_about_by_steps_it_is_shown(story: Story) -> None:
    assert [*secrets([scene.case for scene in scenes(story)])] == []


@_PROFILE
@given(walks)
def test_nor_is_a_party_told_a_secret_on_any_way(on_way: Walk) -> None:
    assert [*secrets(on_way.cases)] == []


def test_while_another_advance_is_ordered_the_one_before_is_told_or_its_silence_would_tell_of_the_order() -> None:
    ended = {"unfrozen": 0, "clawed_back": 0}
    for story in STORIES:
        view = view_of([*scenes(story)][-1].case)
        if view.advance and view.advance.state in ended:
            ended[view.advance.state] += 1
            another = view.but(advance=view.advance.but(state="ordered", amount=Money(amount=1)))
            for role in PARTIES:
                assert progress(another, role).advance == progress(view, role).advance is not None
    assert all(ended.values())


def test_where_all_is_decided_anew_no_ruling_is_told_or_it_would_fall_silent_with_one_that_is_pending() -> None:
    anew = [
        view
        for story in STORIES
        for scene in scenes(story)
        if (view := view_of(scene.case)).phase is Phase.INTERVENTION and view.ruling and view.ruling.state == "final"
    ]
    assert anew
    assert [progress(view, role).ruling for view in anew for role in PARTIES] == [None, None] * len(anew)


def test_who_is_refused_does_not_learn_from_it_that_a_ruling_waits_for_its_countersign() -> None:
    story = BY_NAME["a_ruling_above_the_limit_is_returned_and_then_approved"]
    case = next(scene.case for scene in scenes(story) if scene.case.ruling and scene.case.ruling.state == "pending")
    for role, sender in ((Role.BUYER, case.buyer.id), (Role.AGENT, "a-1")):
        _, refusal = hear(case, message("goods_received", role, sender, leg="return", condition="intact"), case.now)
        assert isinstance(refusal, Refusal)
        told = "ruling_countersigned" in refusal.allowed or "countersign" in refusal.text
        assert told == (role is Role.AGENT)


def test_what_a_party_was_notified_of_it_is_shown_but_for_news_of_when() -> None:
    told = {
        notice.event
        for story in STORIES
        for case in [scene.case for scene in scenes(story)][-1:]
        for step in case.timeline
        for notice in notices_of(case, [step])
        for party in parties(case)
        if notice.to.role is party.role and shown_to(step, party) is None
    }
    assert told == {"expected_time_told", "passed_up"}, "said without saying what for (R7.2, R11.2)"


def test_every_event_of_every_story_is_shown_or_hidden_on_purpose() -> None:
    happened = {step.event for story in STORIES for scene in scenes(story) for step in scene.case.timeline}
    assert happened - set(CATALOGUE) == set()
    assert set(KINDS) - set(CATALOGUE) == set()


def test_a_message_of_which_only_its_name_is_known_is_shown_to_nobody() -> None:
    step = step_of("noted", Role.AGENT).but(said=None, facts=Heard(event="brand_new", handler=None), event="brand_new")
    assert audience_of(step.facts, None) is Audience.STAFF
    assert shown_to(step.but(audience=audience_of(step.facts, None)), Party(role=Role.BUYER, id="b-1")) is None


def test_ones_own_words_are_shown_whatever_they_are_and_those_of_a_namesake_are_not() -> None:
    refused = step_of("refused", Role.BUYER)
    assert shown_to(refused, Party(role=Role.BUYER, id="x")) == step_view(refused)
    assert shown_to(refused, Party(role=Role.BUYER, id="b-2")) is None
    assert shown_to(refused, Party(role=Role.SELLER, id="x")) is None


@pytest.mark.parametrize(
    ("purpose", "seen_by"),
    [
        ("refund", {Role.BUYER, Role.SELLER}),
        ("advance", {Role.BUYER, Role.SELLER}),
        ("unfreeze", {Role.BUYER, Role.SELLER}),
        ("claw_back", {Role.BUYER, Role.SELLER}),
        ("recovery", {Role.SELLER}),
        ("payout", {Role.SELLER}),
        ("write_off", set()),
    ],
)
def test_a_payment_is_seen_by_those_whose_money_it_is(purpose: str, seen_by: set[Role]) -> None:
    step = step_of("payment_settled", purpose=purpose)
    assert {role for role in PARTIES if shown_to(step, Party(role=role, id="y"))} == seen_by
