"""What an operator says after `tell` becomes the message he means, or one sentence that says what is wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from starter.client.errors import WrongUse
from starter.client.message_input import decode_message, default_role, message_data, parse_party, senders, with_envelope
from workflows.complaint.domain.messages import (
    KINDS,
    EvidenceRequested,
    EvidenceSubmitted,
    Message,
    OfferMade,
    SurveyAnswered,
)
from workflows.parties import Party
from workflows.vocabulary import Role

BUYER, AGENT = Party(role=Role.BUYER, id="b-1"), Party(role=Role.AGENT, id="a-1")
EVIDENCE = '{"id": "e-1", "kind": "photo", "uri": "https://x/1", "sha256": "' + "a" * 64 + '"}'


def said(kind: str, *settings: str, data: str | None = None, sender: Party = BUYER) -> Message:
    return decode_message(with_envelope(kind, message_data(kind, settings, data), sender))


def test_yuan_become_money() -> None:
    message = said("offer_made", "remedy=refund", "amount=29.9")
    assert isinstance(message, OfferMade)
    assert message.amount is not None
    assert message.amount.amount == 2990


def test_the_parts_of_an_amount_may_be_set_one_by_one() -> None:
    parts = said("offer_made", "remedy=refund", "amount.amount=2990", "amount.currency=CNY", "message_id=m-1")
    assert parts == said("offer_made", "remedy=refund", "amount=29.90", "message_id=m-1")


def test_numbers_and_truth_values_become_what_the_message_wants() -> None:
    survey = said("survey_answered", "score=5", "comment=5")
    assert isinstance(survey, SurveyAnswered)
    assert (survey.score, survey.comment) == (5, "5")
    evidence = said("evidence_submitted", f"evidence={EVIDENCE}", "final=true")
    assert isinstance(evidence, EvidenceSubmitted)
    assert evidence.final
    assert [one.id for one in evidence.evidence] == ["e-1"]


def test_a_list_of_words_may_be_written_with_commas() -> None:
    message = said("evidence_requested", "from=buyer,seller", "to_prove=发货凭证", sender=AGENT)
    assert isinstance(message, EvidenceRequested)
    assert message.from_ == ("buyer", "seller")


def test_an_equals_sign_inside_a_value_is_kept() -> None:
    assert said("noted", "text=a=b", sender=AGENT).model_dump()["text"] == "a=b"


def test_settings_go_over_data_and_amounts_in_data_may_be_yuan() -> None:
    message = said("offer_made", "amount=10.00", data='{"remedy": "refund", "amount": "29.90", "text": "好"}')
    assert isinstance(message, OfferMade)
    assert message.amount is not None
    assert (message.amount.amount, message.text) == (1000, "好")


def test_the_message_id_is_made_unless_it_is_given() -> None:
    assert said("withdrawn", "message_id=m-1").message_id == "m-1"
    assert said("withdrawn").message_id != said("withdrawn").message_id


@pytest.mark.parametrize(
    ("kind", "settings", "data", "told"),
    [
        ("nosuch", [], None, "'nosuch' is no message kind; known are: advance_ordered"),
        ("withdrawn", ["reason"], None, "--set reason: write key=value"),
        ("withdrawn", ["=x"], None, "--set =x: write key=value"),
        ("offer_made", ["remedy=refund", "amount=lots"], None, "--set amount: 'lots' is not an amount in yuan"),
        ("evidence_submitted", ["evidence=photo"], None, "--set evidence: write JSON here"),
        ("withdrawn", ["reason=x", "reason.y=1"], None, "reason has a value already, which has no parts"),
        ("withdrawn", [], "[]", "--data: holds no JSON object"),
        ("withdrawn", [], "{", "--data: is not JSON"),
        ("withdrawn", [], '{"kind": "noted"}', "they must be equal"),
        ("survey_answered", ["score=9"], None, "score: Input should be less than or equal to 5"),
        ("survey_answered", [], None, "score: Field required"),
        ("withdrawn", ["colour=red"], None, "colour: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(kind: str, settings: list[str], data: str | None, told: str) -> None:
    with pytest.raises(WrongUse) as refused:
        said(kind, *settings, data=data)
    assert told in str(refused.value)


def test_what_a_kind_carries_is_told_when_it_does_not_fit() -> None:
    with pytest.raises(WrongUse, match=r"with score, comment\?"):
        said("survey_answered")


@given(some.sampled_from(sorted(KINDS)), some.lists(some.text(max_size=40), max_size=4), some.none() | some.text())
def test_nothing_that_is_typed_escapes_as_an_exception(kind: str, settings: list[str], data: str | None) -> None:
    with suppress(WrongUse):
        said(kind, *settings, data=data)


@pytest.mark.parametrize("text", ["", "buyer", "buyer:", ":b-1", "boss:b-1", "buyer:b 1", "buyer:买家"])
def test_a_sender_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(WrongUse, match=r"agent:a-1|is no id"):
        parse_party(text)


def test_a_sender_is_a_role_and_an_id_that_may_hold_colons() -> None:
    assert parse_party("carrier:sf:1") == Party(role=Role.CARRIER, id="sf:1")


def test_who_usually_sends_a_kind_is_known_where_there_is_no_doubt() -> None:
    assert default_role("withdrawn") is Role.BUYER
    assert default_role("seller_answered") is Role.SELLER
    assert default_role("ruled") is Role.AGENT
    assert default_role("noted") is Role.AGENT


@pytest.mark.parametrize("kind", ["offer_made", "ruling_confirmed", "payment_reported", "appeal_decided"])
def test_where_there_is_doubt_the_roles_are_named(kind: str) -> None:
    with pytest.raises(WrongUse) as refused:
        default_role(kind)
    assert f"say who sends {kind} with --as role:id" in str(refused.value)
    assert all(role in str(refused.value) for role in senders(kind))
