"""Every event of the process has its words in every language, and a missing word never costs a notice."""

import re
from typing import get_args

import pytest
from jinja2 import meta, nodes

from activities.notifications.texts import GENERAL, TEMPLATES, Locale, environment, render, words
from activities.store.parcels import DOUBTFUL
from tests.activities.world import World, accepted
from tests.stories import STORIES
from tests.workflows.complaint.playing import opened, play
from tests.workflows.complaint.steps import step_of, step_that_gives
from workflows.answers import Code
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.domain.records import Notice
from workflows.complaint.domain.timeline import CATALOGUE
from workflows.complaint.views.notices import OF_A_GRAVE_COMPLAINT, notices_of
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.time.limits import Length
from workflows.vocabulary import Outcome, Problem, Role

LOCALES: tuple[Locale, ...] = get_args(Locale)
_OF_STEPS = {one.notice for entry in CATALOGUE.values() for one in entry.notices}
EVENTS = sorted({DOUBTFUL, OF_A_GRAVE_COMPLAINT.notice, *_OF_STEPS})
LENGTHS = {"debt_tried_every_length": "7d"} | {
    f"{name}_length": "48h"
    for name in (
        *("first_response", "seller_answer", "offer", "confirmation"),
        *("step_in", "resolve", "evidence", "appeal_decision", "payment"),
    )
}
REGISTRATION = {Code.ALREADY_FILED, Code.ORDER_UNKNOWN, Code.NOT_THE_BUYER, Code.ALREADY_OPEN, Code.ABOVE_LIMIT}


def blocks(locale: Locale) -> dict[str, set[str]]:
    """Return the variables that each block of a locale uses."""
    source = (TEMPLATES / f"{locale}.j2").read_text(encoding="utf-8")
    used = {}
    for block in environment(locale).parse(source).find_all(nodes.Block):
        alone = nodes.Template(block.body)
        alone.set_environment(environment(locale))
        used[block.name] = meta.find_undeclared_variables(alone)
    return used


def a_notice(event: str, role: Role = Role.BUYER, **data: str) -> Notice:
    given = {
        "order": "o-1", "item": "青瓷茶具", "problem": "quality", "phase": "review", "outcome": "settled",
        "amount": "299.00", "step": "reviewed", "rule": "R1.2", "tracking": "sf SF1",
        "expected": "2026-11-23T16:00:00+00:00", **LENGTHS,
    }  # fmt: skip
    to, step = Party(role=role, id="x-1"), step_that_gives(event) or step_of("seller_answered", Role.SELLER)
    return Notice(key="n-1", complaint="C20261118-7K3M9Q0VWX", to=to, event=event, data=given | data, step=step)


def test_every_locale_has_a_text_for_every_event_of_the_process_and_no_other() -> None:
    for locale in LOCALES:
        assert sorted(blocks(locale)) == sorted([*EVENTS, GENERAL])


def test_the_locales_use_the_same_variables_in_every_text() -> None:
    first, *others = (blocks(locale) for locale in LOCALES)
    assert all(other == first for other in others)


def test_every_word_of_the_closed_lists_is_translated() -> None:
    for locale in LOCALES:
        assert set(words(locale)) == {"problems", "outcomes", "refusals", "answers", "steps"}
        assert set(words(locale)["problems"]) == set(Problem)
        assert set(words(locale)["outcomes"]) == set(Outcome)
        assert set(words(locale)["refusals"]) == REGISTRATION


def test_every_event_that_a_complaint_can_have_is_named_in_every_language() -> None:
    """The general manager is told each step of a grave complaint (R2.4), whatever it is."""
    happened = {step.event for story in STORIES for step in play(story).case.timeline}
    named = [set(words(locale)["steps"]) for locale in LOCALES]
    assert all(each == named[0] for each in named)
    assert happened | set(KINDS) <= named[0]
    for event in named[0]:
        notice = a_notice("grave_step", Role.GENERAL_MANAGER, step=event)
        for step in (step_of(event), None):
            for locale in LOCALES:
                text = render(notice.but(step=step), locale)[1]
                assert words(locale)["steps"][event] in text
                assert not re.search(r"  |：（|，（|: \(|, \(", text)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("event", EVENTS)
def test_every_text_reads_well_with_all_data_and_with_none(locale: Locale, event: str) -> None:
    sparse = dict.fromkeys(("item", "amount", "expected"), "")
    for role in Role:
        for data in ({}, sparse):
            subject, text = render(a_notice(event, role, **data), locale)
            general, _ = render(a_notice(GENERAL, role), locale)
            assert subject != general, "the event has words of its own"
            assert "C20261118-7K3M9Q0VWX" in subject
            assert len(text) > 10
            assert not re.search(r"  |\n|\{|\}|None|（）|\(\)|，。|: \.", text)
            assert locale == "en" or not re.search(r"Monday|not_as_described|settled", text)


async def test_the_texts_fit_what_the_process_really_tells(world: World) -> None:
    case = await world.opened()
    for notice in notices_of(case, case.timeline):
        for locale in LOCALES:
            subject, _ = render(notice, locale)
            assert subject != render(notice.but(event=GENERAL), locale)[0]


def test_a_refused_filing_names_the_open_complaint_in_every_language() -> None:
    open_one = step_of("filing_refused", code="already_open", other="C20261101-AAAAAAAAAA")
    notice = a_notice("filing_refused").but(step=open_one)
    for locale in LOCALES:
        assert "C20261101-AAAAAAAAAA" in render(notice, locale)[1]


def test_an_event_without_a_text_is_told_in_general_words() -> None:
    for locale in LOCALES:
        subject, text = render(a_notice("parcel_lost"), locale)
        assert "C20261118-7K3M9Q0VWX" in subject
        assert "parcel_lost" in text


def test_data_that_do_not_fit_never_cost_a_notice() -> None:
    bare = Notice(key="n-1", complaint="C1", to=Party(role=Role.BUYER, id="b-1"), event="filed", data={})
    assert render(bare, "zh_CN") == ("C1: filed", "C1: filed")
    assert "C20261118-7K3M9Q0VWX" in render(a_notice("filed", problem="unheard_of"), "zh_CN")[0]


def test_texts_stay_within_what_channels_take() -> None:
    told = step_of("plan_put_to_manager", history=["长" * 9000])
    subject, text = render(a_notice("plan_put_to_manager", item="长" * 9000).but(step=told), "zh_CN")
    assert len(subject) <= 200
    assert len(text) <= 4000


def test_a_reason_is_never_read_as_a_template() -> None:
    told = step_of("plan_put_to_manager", history=["{{ 7 * 7 }}{% raise %}"])
    _, text = render(a_notice("plan_put_to_manager").but(step=told), "en")
    assert "{{ 7 * 7 }}{% raise %}" in text


def test_days_and_money_read_as_in_the_language_of_the_reader() -> None:
    notice = a_notice("ruling_final", expected="2026-11-23T16:00:00+00:00")
    assert "2026年11月23日（周一）24:00" in render(notice, "zh_CN")[1]
    assert "Monday 23 November 2026, 24:00" in render(notice, "en")[1]
    paid = a_notice("payment_settled", amount="1234567.80")
    assert "1,234,567.80 元" in render(paid, "zh_CN")[1]
    assert "1,234,567.80 yuan" in render(paid, "en")[1]


@pytest.mark.parametrize(("locale", "told"), [("en", "72 hours"), ("zh_CN", "72 小时")])
def test_a_notice_says_the_length_that_the_policy_of_the_complaint_has(locale: Locale, told: str) -> None:
    case = opened(STORIES[0]).case
    limits = case.policy.limits
    longer = limits[LimitName.SELLER_ANSWER].but(length=Length.parse("72h"))
    case = case.but(policy=case.policy.but(limits={**limits, LimitName.SELLER_ANSWER: longer}))
    after = accepted(case)
    texts = [" ".join(render(one, locale)) for one in notices_of(after, after.timeline[case.steps :])]
    assert texts
    assert all(told in text for text in texts)
    assert not [text for text in texts if re.search(r"48 ?(hours|小时)", text)]
