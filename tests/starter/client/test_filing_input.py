"""What operators write in files is read with care, and every fault is named with its place before anything is sent."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from starter.client.errors import WrongUse
from starter.client.filing_input import read_filing, read_text
from tests.starter.cli.running import filing


def faults(given: Any) -> str:
    with pytest.raises(WrongUse) as refused:
        read_filing(given if isinstance(given, str) else json.dumps(given), "f.json")
    return str(refused.value)


def test_an_amount_may_be_written_in_yuan() -> None:
    read = read_filing(json.dumps(filing("app-1", "o-1")), "f.json")
    assert read.request.amount is not None
    assert read.request.amount.amount == 29900


def test_an_amount_may_be_written_as_the_wire_has_it() -> None:
    wire = {"remedy": "refund", "amount": {"amount": 29900, "currency": "CNY"}}
    assert read_filing(json.dumps(filing("app-1", "o-1", request=wire)), "f.json").request.amount is not None


def test_every_fault_is_named_with_its_place() -> None:
    told = faults(filing("app 1", "o-1", channel="fax", line=0, extra=1))
    for place in ("request_id:", "channel:", "line:", "extra:"):
        assert place in told


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "299.001", "1e5", "lots", 299, 2.5, None])
def test_an_amount_that_is_none_is_refused_with_its_place(amount: Any) -> None:
    assert "request" in faults(filing("app-1", "o-1", request={"remedy": "refund", "amount": amount}))


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "[" * 100_000, '{"line": NaN}', '{"line": 1, "line": 2}'])
def test_what_is_no_filing_at_all_is_refused_in_a_sentence(text: str) -> None:
    assert faults(text).startswith("f.json")


@given(some.recursive(some.none() | some.booleans() | some.text() | some.integers(), some.lists))
def test_no_value_in_any_place_escapes_as_an_exception(value: Any) -> None:
    for place in filing("app-1", "o-1"):
        with suppress(WrongUse):
            read_filing(json.dumps(filing("app-1", "o-1") | {place: value}), "f.json")


def test_nothing_of_what_was_given_is_echoed() -> None:
    assert "13800138000" not in faults(filing("app-1", "o-1", contact={"phone": 13800138000}))


def test_a_file_that_is_not_there_or_not_utf8_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"no\.json: cannot be read \(No such file"):
        read_text(str(tmp_path / "no.json"))
    (tmp_path / "gbk.json").write_bytes("描述".encode("gbk"))
    with pytest.raises(WrongUse, match="is not UTF-8"):
        read_text(str(tmp_path / "gbk.json"))


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(json.dumps(filing("app-1", "o-1")), encoding="utf-8-sig")
    assert read_filing(read_text(str(tmp_path / "f.json")), "f.json").request_id == "app-1"
