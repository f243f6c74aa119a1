"""Filings, messages and names that no honest client sends."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from temporalio.common import RawValue

from tests.engine.attacker import as_raw, filing, message, raw

DEEP = "[" * 60_000 + "]" * 60_000
HUGE = "长" * 80_000
DIGITS = "9" * 5_000

BYTES: dict[str, RawValue] = {
    "nothing": raw(b""),
    "not JSON": raw("{"),
    "not UTF-8": raw(b'{"kind": "\xff\xfe"}'),
    "UTF-16": raw('{"kind": "noted"}'.encode("utf-16")),
    "a byte order mark": raw(b"\xef\xbb\xbf{}"),
    "null": raw("null"),
    "a number": raw("1"),
    "a text": raw('"noted"'),
    "a list": raw("[]"),
    "NaN": raw("NaN"),
    "an empty object": raw("{}"),
    "deep nesting": raw(DEEP),
    "deep nesting in an object": raw('{"kind": ' + DEEP + "}"),
    "5,000 digits": raw('{"line": ' + DIGITS + "}"),
    "binary": raw(bytes(range(256)), "binary/plain"),
    "binary null": raw(b"", "binary/null"),
    "protobuf": raw(b"\x0a\x01x", "binary/protobuf"),
    "encrypted": raw(b"\x00\x01", "binary/encrypted"),
    "an unknown encoding": raw("{}", "json/\u2028\x00"),
    "no encoding": raw("{}", None),
    "400 kB": raw(json.dumps({"description": "x" * 400_000})),
}
"""What is no message and no filing to begin with, whatever door it comes to."""


def _at(value: dict[str, Any], path: str, new: object) -> dict[str, Any]:
    """Return the value with what lies at `a.b` replaced."""
    first, _, rest = path.partition(".")
    return {**value, first: _at(value[first], rest, new) if rest else new}


_WRONG: dict[str, tuple[object, ...]] = {
    "request_id": (None, 1, "", " ", "a b", "x" * 129, "中文", "r\n1", "r\x001"),
    "channel": (None, "fax", ["hotline"], ""),
    "filed_by": (None, "buyer:b-1", {}, {"role": "buyer"}, {"role": "buyer", "id": "b-1", "name": "x"}),
    "filed_by.role": ("admin", "", None, 7, "BUYER"),
    "line": (0, -1, 1.0, "1", True, None, 10_001, 10**30),
    "problem": ("", "bad", None),
    "description": (None, 5, "nul \x00", "lone \ud800", "\udfff", HUGE, ["x"]),
    "request": (None, [], {}, {"remedy": "refund"}, {"remedy": "exchange", "amount": {"amount": 1, "currency": "CNY"}}),
    "request.remedy": ("money", None),
    "request.amount": (29900, "299.00", {}, {"amount": 1}, None),
    "request.amount.amount": (0, -1, 299.0, 1e3, "29900", True, None, 10**15, 10**30, float("nan"), float("inf")),
    "request.amount.currency": ("USD", "cny", None, ""),
    "contact": ("phone 1", {"phone": 138}, {"name": "\x00"}, {"name": "x" * 201}),
    "evidence": ({}, "e-1", [{}], [None], [{"id": "e"}] * 2, [{"id": "e", "kind": "photo", "uri": "u", "sha256": "0"}]),
}
_CURRENCY_IS_OPTIONAL = ("request.amount", {"amount": 1})


def filings() -> Iterator[tuple[str, RawValue]]:
    """Give filings that cannot be read, each with what is wrong with it."""
    good = filing("o-1")
    for path, values in _WRONG.items():
        for value in values:
            if (path, value) != _CURRENCY_IS_OPTIONAL:
                yield f"{path}: {value!r:.40}", as_raw(_at(good, path, value))
    for field in good:
        yield f"no {field}", as_raw({name: value for name, value in good.items() if name != field})
    yield "an unknown field", as_raw({**good, "vip": True})
    yield "an empty key", as_raw({**good, "": 1})
    yield "a key of dunders", as_raw({**good, "__class__": "Filing"})
    text = json.dumps(good)
    yield "a key twice", raw(text[:-1] + ', "line": 2}')
    yield "a key twice inside", raw(text.replace('"currency": "CNY"', '"currency": "CNY", "amount": 1'))
    yield "two objects", raw(text + text)
    yield "a comment", raw(text + "// x")
    yield from BYTES.items()


def messages() -> Iterator[tuple[str, RawValue]]:
    """Give messages that cannot be read at the update door, each with what is wrong with it."""
    good = message("noted", ("agent", "a-1"), text="好")
    for field in good:
        yield f"no {field}", as_raw({name: value for name, value in good.items() if name != field})
    wrong: dict[str, tuple[object, ...]] = {
        "kind": (None, 1, [], {}, "", "Noted", "filed", "submit", "__init__", "\ud800", "x" * 5000),
        "message_id": (None, "", 1, "a b", "\x00", "x" * 129),
        "sender": (None, "agent:a-1", [], {"role": "agent"}),
        "sender.role": ("root", None, "Agent"),
        "sender.id": ("", None, "a\n1", 5),
        "text": (None, 1, "\x00", "\udc00", HUGE),
        "received_at": (
            "yesterday",
            0,
            "2026-11-22T08:00:00",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
        ),
    }
    for path, values in wrong.items():
        for value in values:
            yield f"{path}: {value!r:.40}", as_raw(_at(good, path, value))
    yield "an unknown field", as_raw({**good, "priority": 1})
    yield "a key twice", raw(json.dumps(good)[:-1] + ', "text": "other"}')
    yield (
        "amount of another remedy",
        as_raw(message("offer_made", ("seller", "s-9"), remedy="apology", amount={"amount": 1})),
    )
    yield "amount 0", as_raw(message("offer_made", ("seller", "s-9"), remedy="refund", amount={"amount": 0}))
    yield "amount as a float", as_raw(message("offer_made", ("seller", "s-9"), remedy="refund", amount={"amount": 9.0}))
    yield (
        "foreign money",
        as_raw(message("offer_made", ("seller", "s-9"), remedy="refund", amount={"amount": 900, "currency": "EUR"})),
    )
    yield "a score of 6", as_raw(message("survey_answered", ("buyer", "b-1"), score=6))
    yield from BYTES.items()


NAMES = (
    *(
        "submit",
        "view",
        "timeline",
        "why_due",
        "run",
        "hears",
        "__init__",
        "__temporal_x",
        "__temporal_workflow_metadata",
    ),
    *(
        "__stack_trace",
        "__enhanced_stack_trace",
        "Noted",
        "noted ",
        " ",
        "中文",
        "\u202e",
        "a\nb",
        "'; DROP TABLE steps;--",
    ),
    *("x" * 999, "filed", "closed", "None", "*", "{kind}", "%s"),
)
"""Names of signals that are no message kind, some of which mean something to the engine."""


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800") | st.just(HUGE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutilated(draw: st.DrawFn, good: dict[str, Any]) -> RawValue:
    """Give something near a good one: fields replaced, dropped, added, repeated; bytes cut, flipped, inserted."""
    value = dict(good)
    for field in draw(st.lists(st.sampled_from(sorted(good)), max_size=3, unique=True)):
        if draw(st.booleans()):
            value[field] = draw(_JUNK)
        else:
            del value[field]
    if draw(st.booleans()):
        value |= draw(st.dictionaries(st.text(max_size=8), _JUNK, max_size=2))
    data = json.dumps(value).encode()
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 3)) :]
    return raw(data, draw(st.sampled_from(["json/plain"] * 6 + ["json/protobuf", "binary/plain", "binary/null", ""])))


BATCH = settings(
    max_examples=3,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
"""Each example is a batch of 20, thrown at once: shrinking one would cost minutes, and its bytes are in the message."""
