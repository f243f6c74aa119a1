"""The one decoder behind every door: what comes in is a message, a filing or a typed refusal, never an exception."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from starter.demo.stories import Reports, Tell
from tests.stories import BY_NAME, STORIES
from tests.workflows.complaint.playing import MONDAY_MORNING, opened, scenes
from workflows.answers import Code, Refusal
from workflows.complaint.decoding import MOST_BYTES, Unreadable, read_filing, read_message, read_number
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.filing import Filing
from workflows.complaint.domain.messages import KINDS, BaseMessage
from workflows.complaint.rules.dispatch import allowed, hear
from workflows.complaint.rules.tables import HEARINGS
from workflows.complaint.views.catalogue import DESCRIPTIONS
from workflows.complaint.views.examples import example
from workflows.vocabulary import Phase, Role

_ENCODING = {"encoding": b"json/plain"}
GOOD: dict[str, Any] = {
    "kind": "offer_made",
    "message_id": "m-1",
    "sender": {"role": "seller", "id": "shop-qinghe"},
    "remedy": "refund",
    "amount": {"amount": 100, "currency": "CNY"},
    "text": "全退",
}


def raw(data: bytes | str, metadata: dict[str, bytes] | None = None) -> RawValue:
    data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    return RawValue(Payload(metadata=_ENCODING if metadata is None else metadata, data=data))


def read(given_value: Any) -> BaseMessage | Unreadable:
    return read_message(None, [raw(json.dumps(given_value, ensure_ascii=False))])


def test_a_good_message_is_understood_by_both_doors() -> None:
    assert isinstance(read(GOOD), BaseMessage)
    without_kind = {key: value for key, value in GOOD.items() if key != "kind"}
    assert read_message("offer_made", [raw(json.dumps(without_kind))]) == read(GOOD)


def offering(amount: object) -> str:
    return json.dumps({**GOOD, "amount": amount})


BAD_AMOUNTS = [0, -1, 10**15, 1.5, "100", True, None, [], {"fen": 1}, 10**400]
HOSTILE: dict[str, bytes | str] = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[1]",
    "a text": '"reviewed"',
    "null": "null",
    "not UTF-8": b'{"kind": "noted", "text": "\xff\xfe"}',
    "NUL": json.dumps({**GOOD, "text": "a\x00b"}),
    "half a surrogate pair": '{"kind":"noted","message_id":"m","sender":{"role":"agent","id":"a-1"},"text":"\\ud800"}',
    "a raw surrogate": json.dumps({**GOOD, "text": "\ud800"}, ensure_ascii=False),
    "NaN": json.dumps({**GOOD, "amount": {"amount": float("nan"), "currency": "CNY"}}),
    "infinity": json.dumps({**GOOD, "amount": {"amount": float("-inf"), "currency": "CNY"}}),
    "a key twice": '{"kind": "noted", "kind": "ruled"}',
    "a key twice, deep inside": json.dumps(GOOD).replace('"id"', '"id": "x", "id"'),
    "an unknown field": json.dumps({**GOOD, "please": True}),
    "a field missing": json.dumps({key: value for key, value in GOOD.items() if key != "message_id"}),
    "a foreign currency": json.dumps({**GOOD, "amount": {"amount": 100, "currency": "USD"}}),
    "a huge text": json.dumps({**GOOD, "text": "字" * 4001}),
    "too many bytes": json.dumps({**GOOD, "text": "x" * (MOST_BYTES + 1)}),
    "deep nesting": "[" * 100_000,
    "deep nesting in a field": '{"kind": "noted", "text": ' + '{"a":' * 50_000 + "1" + "}" * 50_001,
    "a number nobody can hold": '{"kind": "noted", "text": ' + "9" * 5_000 + "}",
    "an id with a space": json.dumps({**GOOD, "message_id": "m 1"}),
    "an id of another alphabet": json.dumps({**GOOD, "message_id": "消息"}),
    "an unknown role": json.dumps({**GOOD, "sender": {"role": "king", "id": "k-1"}}),
    "a naive time": json.dumps({**GOOD, "received_at": "2026-11-22T10:00:00"}),
    "a kind that is no text": json.dumps({**GOOD, "kind": ["offer_made"]}),
    **{f"amount {bad!r:.20}": offering({"amount": bad, "currency": "CNY"}) for bad in BAD_AMOUNTS},
    **{f"amount as {bad!r:.20}": offering(bad) for bad in BAD_AMOUNTS},
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_are_a_typed_refusal(payload: bytes | str) -> None:
    for refused in (read_message(None, [raw(payload)]), read_message("offer_made", [raw(payload)])):
        assert isinstance(refused, Unreadable)
        assert refused.code in {Code.MALFORMED, Code.UNKNOWN_KIND}
        assert 0 < len(refused.text) <= 2_000
        refused.text.encode("utf-8")
    assert isinstance(read_filing([raw(payload)]), Unreadable)


@pytest.mark.parametrize("name", ["", "no_such_kind", "Reviewed", "reviewed ", "__temporal_x", "\ud800", "x" * 10_000])
def test_an_unknown_name_is_refused_and_named_back_without_harm(name: str) -> None:
    refused = read_message(name, [raw(json.dumps(GOOD))])
    assert isinstance(refused, Unreadable)
    assert refused.code is Code.UNKNOWN_KIND
    refused.text.encode("utf-8")
    assert len(refused.text) < 2_000


def test_a_kind_that_contradicts_the_name_is_refused() -> None:
    refused = read_message("noted", [raw(json.dumps(GOOD))])
    assert isinstance(refused, Unreadable)
    assert "must be equal" in refused.text


@pytest.mark.parametrize("arguments", [[], [raw("{}"), raw("{}")]], ids=["none", "two"])
def test_a_message_is_one_argument(arguments: list[RawValue]) -> None:
    assert isinstance(read_message("noted", arguments), Unreadable)


@pytest.mark.parametrize("encoding", [b"binary/plain", b"binary/null", b"binary/encrypted", b"\xff", b""])
def test_what_is_not_json_is_refused(encoding: bytes) -> None:
    assert isinstance(read_message("noted", [raw(json.dumps(GOOD), {"encoding": encoding})]), Unreadable)
    assert isinstance(read_filing([raw("{}", {})]), Unreadable)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = sorted({field.alias or name for model in KINDS.values() for name, field in model.model_fields.items()})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*KINDS]), st.dictionaries(st.sampled_from(_FIELDS) | st.text(max_size=6), _JSON, max_size=8))
def test_any_json_is_read_or_refused(kind: str, fields: dict[str, Any]) -> None:
    told = raw(json.dumps({**GOOD, **fields}, ensure_ascii=True))
    for understood in (read_message(kind, [told]), read_message(None, [told])):
        assert isinstance(understood, BaseMessage | Unreadable)
    assert isinstance(read_filing([told]), Filing | Unreadable)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.text(st.characters(codec=None), max_size=20))
def test_any_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    assert isinstance(read_message(name, [raw(data)]), Unreadable)
    assert isinstance(read_filing([raw(data)]), Unreadable)


FILING = BY_NAME["the_seller_agrees_at_once"].filing().model_dump(mode="json")


def test_a_good_filing_is_understood() -> None:
    assert isinstance(read_filing([raw(json.dumps(FILING))]), Filing)


@pytest.mark.parametrize(
    "change",
    [
        {"line": 0},
        {"line": "1"},
        {"problem": "bad_mood"},
        {"channel": None},
        {"order_id": "o 1"},
        {"description": "x" * 4001},
        {"request": {"remedy": "refund"}},
        {"request": {"remedy": "exchange", "amount": {"amount": 1, "currency": "CNY"}}},
        {"request": {"remedy": "refund", "amount": {"amount": 0, "currency": "CNY"}}},
        {"evidence": [{"id": "e", "kind": "photo", "uri": "u", "sha256": "short"}]},
        {"evidence": FILING["evidence"] * 21},
        {"more": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_bad_filing_is_a_typed_refusal_that_names_the_field(change: dict[str, Any]) -> None:
    refused = read_filing([raw(json.dumps({**FILING, **change}))])
    assert isinstance(refused, Unreadable)
    assert next(iter(change)) in refused.text


@pytest.mark.parametrize("number", ["", "a b", "../x", "C1\n", "x" * 65, "ü", "C1:refund"])
def test_a_number_that_could_do_harm_in_a_key_is_refused(number: str) -> None:
    assert isinstance(read_number(number), Unreadable)
    assert read_number("C20261122-7K3M9Q0VWX") == "C20261122-7K3M9Q0VWX"


def _cases() -> list[Case]:
    """Every case that the stories come through."""
    return [scene.case for story in STORIES for scene in scenes(story)]


def test_every_example_is_understood_and_accepted_or_refused_by_a_rule() -> None:
    shown: set[tuple[str, Role]] = set()
    for case in _cases():
        for role in Role:
            for kind in allowed(case, role):
                shown.add((kind, role))
                payload = example(case, kind, role)
                understood = read_message(kind, [raw(json.dumps(payload))])
                assert isinstance(understood, BaseMessage), (kind, role, understood)
                _, answer = hear(case, understood.but(message_id="m-example"), case.now)
                assert not isinstance(answer, Refusal) or answer.code is not Code.MALFORMED
    heard = {(kind, role) for kind, hearings in HEARINGS.items() for one in hearings for role in one.by}
    assert heard - shown == set(), "no story offers these; tell one"


def test_what_stories_say_goes_over_the_wire_unchanged() -> None:
    for story in STORIES:
        for number, act in enumerate(story.acts):
            if isinstance(act, Tell | Reports):
                payload = story.payload(number, "C1")
                understood = read_message(None, [raw(json.dumps(payload))])
                assert isinstance(understood, BaseMessage)
                assert understood.kind == payload["kind"]


def test_every_kind_that_a_rule_hears_is_described() -> None:
    assert set(HEARINGS) <= set(DESCRIPTIONS) <= set(KINDS)
    assert all(text.strip() for text in DESCRIPTIONS.values())


def test_an_example_is_about_the_case_at_hand() -> None:
    case = opened(BY_NAME["the_seller_agrees_at_once"], MONDAY_MORNING).case
    assert case.phase is Phase.REVIEW
    assert example(case, "reviewed", Role.AGENT)["sender"]["id"] == case.handler
