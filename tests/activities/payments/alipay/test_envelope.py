"""What the gateway answers is cut open without touching what was signed, whatever it is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.payments.alipay.gateway import EnvelopeInvalid, parse_envelope

METHOD = "alipay.trade.refund"
NAME = "alipay_trade_refund_response"

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    node=st.dictionaries(st.text(), VALUES, max_size=5),
    others=st.dictionaries(st.text().filter(lambda name: name not in {NAME, "error_response", "sign"}), VALUES),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 2]),
    slashes=st.booleans(),
    where=st.integers(0, 3),
)
def test_the_node_is_what_was_written_to_the_byte(
    node: dict[str, object], others: dict[str, object], ascii_only: bool, indent: int | None, slashes: bool, where: int
) -> None:
    def written(value: object) -> str:
        text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
        return text.replace("/", "\\/") if slashes else text

    members = [f"{written(name)} : {written(value)}" for name, value in others.items()]
    members.insert(where, f'"{NAME}":{written(node)}')
    members.append('"sign":"c2ln"')
    envelope = parse_envelope(f" {{ {' , '.join(members)} }}\r\n".encode(), METHOD)
    assert (envelope.node, envelope.signature) == (written(node).encode(), "c2ln")


def test_the_gateways_own_error_is_a_node_too_and_may_be_unsigned() -> None:
    envelope = parse_envelope(b'{"error_response":{"code":"40002"}}', METHOD)
    assert (envelope.node, envelope.signature, envelope.certificate) == (b'{"code":"40002"}', "", "")
    assert parse_envelope(b'{"error_response":{},"sign":7}', METHOD).signature == ""


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"null", b"{", b'{"', b"{1:2}", b"\xff\xfe", b"<html>", b'{"a"}', b'{"a":}', b'{"a":1,}',
        b'{"sign":"x"}', b'{"alipay_trade_query_response":{},"sign":"x"}', b'{"alipay_trade_refund_response":[]}',
        b'{"alipay_trade_refund_response":{}} trailing', b'{"alipay_trade_refund_response":{},',
        b'{"alipay_trade_refund_response":{"a":1},"alipay_trade_refund_response":{"a":2},"sign":"x"}',
        b'{"alipay_trade_refund_response":{},"sign":"x","sign":"y"}',
        b'{"alipay_trade_refund_response":' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        parse_envelope(body, METHOD)


@given(st.binary())
def test_no_body_brings_any_other_error(body: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        parse_envelope(body, METHOD)
