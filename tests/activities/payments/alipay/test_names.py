"""Keys and amounts are written at Alipay one to one, and read back exactly."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.payments.alipay.codes import NotRepresentable, key_of, money, request_number, yuan
from starter.client.filing_input import number_of
from workflows.money.amount import Money
from workflows.vocabulary import Purpose

KEYS = st.builds(
    "{}:{}:{}".format,
    st.builds(
        number_of,
        st.text(max_size=20),
        st.integers(0, 30_000).map(lambda days: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=days)),
    ),
    st.sampled_from(Purpose),
    st.integers(1, 9999),
)


@given(KEYS)
def test_a_key_is_written_as_alipay_takes_it_and_read_back_as_it_was(key: str) -> None:
    number = request_number(key)
    assert re.fullmatch(r"[A-Za-z0-9_]{1,64}", number)
    assert key_of(number) == key


@given(KEYS, KEYS)
def test_two_keys_never_have_one_number(one: str, other: str) -> None:
    assert (request_number(one) == request_number(other)) == (one == other)


@pytest.mark.parametrize(
    "key", ["", "refund:1", "C20261122-TEST00000A:refund:0", "C20261122-TEST00000A:refund", "C20261122_TEST00000A:a:1",
            "C20261122-TEST00000A:Refund:1", "C20261122-TEST00000A:re__fund:1", "C20261122-TEST00000A:refund:1\n"],
)  # fmt: skip
def test_what_is_no_key_has_no_number(key: str) -> None:
    with pytest.raises(NotRepresentable, match="no request number"):
        request_number(key)


@pytest.mark.parametrize("number", ["", "HZ01RF001", "C20261122_TEST00000A_refund_0", "C20261122-TEST00000A:refund:1"])
def test_a_number_that_is_none_of_ours_has_no_key(number: str) -> None:
    assert key_of(number) is None


@given(st.integers(0, 10**14 - 1))
def test_yuan_are_fen_exactly(fen: int) -> None:
    written = yuan(Money(amount=fen))
    assert re.fullmatch(r"\d+\.\d\d", written)
    assert money(written) == Money(amount=fen)


def test_alipay_may_leave_trailing_zeros_out() -> None:
    assert money("88.8") == money("88.80") == Money(amount=8880)
    assert money("88") == Money(amount=8800)


@pytest.mark.parametrize("text", ["", "-1.00", "1.001", "1e3", "1,000.00", "٣", "NaN", "1." + "0" * 20, "9" * 13])
def test_what_is_no_amount_is_not_read_as_one(text: str) -> None:
    with pytest.raises(NotRepresentable, match="no amount"):
        money(text)
