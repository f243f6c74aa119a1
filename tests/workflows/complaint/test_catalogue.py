"""The class of an event or a message says all of it: an example that is one, notices and audience by its own fields."""

import pytest

from tests.workflows.complaint.steps import facts_of, message_of, step_of
from workflows.complaint.domain.catalogue import Audience
from workflows.complaint.domain.events import EVENTS, Heard
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.domain.timeline import CATALOGUE, Step, audience_of
from workflows.words.sentences import sentence

SPOKEN_BY_BOTH = sorted(set(KINDS) & set(EVENTS))


@pytest.mark.parametrize("event", sorted(CATALOGUE))
def test_an_example_is_one_and_can_be_told(event: str) -> None:
    step = step_of(event)
    told = sentence(step)
    assert told is None or (told and "None" not in told)


@pytest.mark.parametrize("event", sorted(CATALOGUE))
def test_a_step_is_the_same_once_it_was_written_and_read(event: str) -> None:
    step = step_of(event)
    assert Step.model_validate_json(step.model_dump_json()) == step


@pytest.mark.parametrize("event", SPOKEN_BY_BOTH)
def test_what_system_does_is_told_apart_from_the_same_message_of_a_person(event: str) -> None:
    heard = step_of(event).but(facts=Heard(event=event, handler=None), said=message_of(event))
    assert type(Step.model_validate_json(heard.model_dump_json()).facts) is Heard
    assert type(Step.model_validate_json(step_of(event).model_dump_json()).facts) is EVENTS[event]


@pytest.mark.parametrize("event", sorted(CATALOGUE))
def test_notices_and_audience_look_at_fields_of_the_class(event: str) -> None:
    fields = (KINDS[event] if event in KINDS else EVENTS[event]).model_fields
    looked_at = {name for one in CATALOGUE[event].notices for name in one.where} | set(CATALOGUE[event].only)
    assert looked_at - set(fields) == set()


def test_where_system_does_what_people_do_it_is_shown_alike() -> None:
    assert SPOKEN_BY_BOTH == ["evidence_requested", "work_order_opened"]
    for event in SPOKEN_BY_BOTH:
        said, done = KINDS[event].catalogue, EVENTS[event].catalogue
        assert (said.audience, said.notices, said.whole) == (done.audience, done.notices, done.whole)


def test_the_audience_is_narrowed_by_the_purpose_of_a_payment() -> None:
    assert audience_of(facts_of("payment_settled", purpose="refund"), None) is Audience.PARTIES
    assert audience_of(facts_of("payment_settled", purpose="recovery"), None) is Audience.SELLER
    assert audience_of(facts_of("payment_settled", purpose="write_off"), None) is Audience.STAFF
