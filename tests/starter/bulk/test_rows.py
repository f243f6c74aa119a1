"""A file of filings is read line by line, each one a filing or every fault it has; nothing of it needs a stack."""

import csv
import json
import os
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from starter.bulk.rows import COLUMNS, LONGEST, Row, rows
from starter.cli import main
from starter.client.errors import Exit, WrongUse
from starter.client.filing_input import filing_of
from tests import ROOT
from tests.starter.cli.running import filing
from workflows.money.amount import Money

EXAMPLE = ROOT / "deploy" / "docs" / "doors" / "complaints.csv"
HEADER = ",".join(COLUMNS)
CELLS = {
    "request_id": "r-1", "channel": "hotline", "filed_by.role": "buyer", "filed_by.id": "b-1", "order_id": "o-1",
    "line": "1", "problem": "quality", "description": "开线", "request.remedy": "refund", "request.amount": "299.00",
}  # fmt: skip


def line(**changed: str) -> str:
    cells = CELLS | {name.replace("__", "."): text for name, text in changed.items()}
    return ",".join(cells.get(column, "") for column in COLUMNS)


def read(folder: Path, content: str | bytes, name: str = "f.csv") -> list[Row]:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(rows(folder / name))


def faults(found: Iterable[Row]) -> list[str]:
    return [str(fault) for row in found for fault in row.faults]


def refused(folder: Path, content: str | bytes, name: str = "f.csv") -> str:
    with pytest.raises(WrongUse) as wrong:
        read(folder, content, name)
    return str(wrong.value)


# -- what is read -----------------------------------------------------------------------------------------------------


def test_the_example_of_the_documentation_is_three_filings() -> None:
    found = list(rows(EXAMPLE))
    assert faults(found) == []
    assert [row.line for row in found] == [2, 4, 5]  # the first one goes over two lines
    first, second, third = (row.filing for row in found if row.filing)
    assert first.description == "颜色与页面不符，\n吊牌上写的是另一款"
    assert first.evidence[0].id == "e-1"
    assert (second.description, second.request.amount) == ('物流显示"已签收"，本人未收到', Money(amount=5950))
    assert (third.request.remedy, third.request.amount, third.line) == ("exchange", None, 2)


def test_every_column_is_documented_and_every_part_of_a_filing_has_one() -> None:
    page = (EXAMPLE.parent / "import.md").read_text()
    assert [column for column in COLUMNS if f"`{column}`" not in page] == []
    with EXAMPLE.open(newline="") as opened:
        assert tuple(next(csv.reader(opened))) == tuple(COLUMNS)
    assert {column.partition(".")[0] for column in COLUMNS} == set(filing_of(filing("r", "o")).model_dump())


def test_json_lines_and_csv_say_the_same(tmp_path: Path) -> None:
    said = filing("r-1", "o-1", evidence=[{"id": "e", "kind": "photo", "uri": "u", "sha256": "0" * 64}])
    with (tmp_path / "f.csv").open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        writer.writerow([_cell(said, column) for column in COLUMNS])
    (by_csv,) = rows(tmp_path / "f.csv")
    (by_json,) = read(tmp_path, f"\n{json.dumps(said)}\n\n", "f.jsonl")
    assert by_csv.filing == by_json.filing == filing_of(said)
    assert (by_csv.line, by_json.line) == (2, 2)


def _cell(said: dict[str, Any], column: str) -> str:
    value: Any = said
    for part in column.split("."):
        value = value.get(part, {})
    return json.dumps(value) if isinstance(value, list) else str(value or "")


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_spreadsheets_of_all_kinds_are_read(tmp_path: Path, mark: str, end: str) -> None:
    content = mark + end.join((HEADER, line(), line(request_id="r-2", description='"一\n二"'), ""))
    found = read(tmp_path, content)
    assert (faults(found), [row.line for row in found]) == ([], [2, 3])


@settings(deadline=None, max_examples=50)
@given(texts=some.lists(some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)))
def test_whatever_people_wrote_is_read_as_they_wrote_it(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("written") / "f.csv"
    with path.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        for number, text in enumerate(texts):
            cells = CELLS | {"request_id": f"r-{number}", "description": text}
            writer.writerow([cells.get(column, "") for column in COLUMNS])
    assert [row.filing.description for row in rows(path) if row.filing] == texts


# -- faults -----------------------------------------------------------------------------------------------------------


def test_every_fault_of_every_line_is_told_with_line_and_column(tmp_path: Path) -> None:
    content = "\n".join(
        (HEADER, line(channel="fax", line="0"), line(request_id="r-2"), line(request_id="r-2"),
         line(request_id="r-3", request__amount="1,5", description='"一\n二"'), line(request_id="r-4", evidence="e-1"),
         "r-5,hotline", line(request_id="r-6", request__amount=""), line(request_id="", order_id="")),
    )  # fmt: skip
    found = read(tmp_path, content)
    told = faults(found)
    assert [fault.partition(": ")[0] for fault in told] == [
        "line 2, channel", "line 2, line", "line 4, request_id", "line 5, the whole",
        "line 7, evidence", "line 8, the whole", "line 9, request", "line 10, request_id", "line 10, order_id",
    ]  # fmt: skip
    assert "stands in line 3 already" in told[2]
    assert [row.line for row in found if row.filing] == [3]


def test_an_amount_that_is_none_is_told_once_and_in_yuan(tmp_path: Path) -> None:
    assert faults(read(tmp_path, f"{HEADER}\n{line(request__amount='12.345')}")) == [
        "line 2, request.amount: '12.345' is not an amount in yuan such as 299.00"
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"request_id": "r"', "line 1, character 19: is not JSON: Expecting ',' delimiter"),
        ("[1]", "line 1, the whole: is no JSON object such as {…}"),
        ('{"request_id": "r", "request_id": "s"}', "line 1, the whole: a key occurs twice in one object"),
        ("[" * 100_000, "line 1, the whole: is nested too deeply"),
        (json.dumps(filing("r", "o", received_at="2026-01-01T00:00:00Z")), "line 1, received_at: "),
        (json.dumps(filing("r\ud800", "o")), "line 1, the whole: "),
        (json.dumps(filing("r", "o", description="a\x00b")), "line 1, description: contains a NUL character"),
    ],
)
def test_a_line_of_json_with_a_fault_says_where(tmp_path: Path, text: str, fault: str) -> None:
    (told,) = faults(read(tmp_path, text, "f.jsonl"))
    assert told.startswith(fault)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty; its first line names the columns"),
        ("a;b;c\n", "'a;b;c' is no column"),
        (HEADER.replace("line,", "") + "\n", "line is missing"),
        (HEADER + ",line\n", "line is there twice"),
        (f"{HEADER}\n{line()}\n".encode("gbk"), "line 2, byte 37: is not UTF-8 but reads as GBK"),
        (f"{HEADER}\n{line()}\n".encode("utf-16"), "is UTF-16, not UTF-8"),
        (HEADER.encode() + b"\n\xff\xff\xff\n", "line 2, byte 1: is not UTF-8; save"),
        (f'{HEADER}\n{line()}\n"r-2,hotline\n{line()}\n', "the line that begins at 3 cannot be read"),
        (f'{HEADER}\n{line()}\n"r-2,hot\n' + "x\n" * 200_000, "the line that begins at 3 cannot be read"),
        (HEADER + "\n" + "x" * (LONGEST + 1), "line 2 is longer than 1 MB"),
    ],
    ids=["empty", "semicolons", "missing", "twice", "gbk", "utf-16", "binary", "open quote", "endless quote", "long"],
)
def test_a_file_that_cannot_be_told_apart_is_refused_as_a_whole(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    assert message in refused(tmp_path, content)


def test_a_file_of_an_unknown_kind_is_refused_by_its_name(tmp_path: Path) -> None:
    assert "name it .csv or .jsonl" in refused(tmp_path, "x", "f.xlsx")
    with pytest.raises(WrongUse, match="cannot be read"):
        list(rows(tmp_path / "nosuch.csv"))
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(WrongUse, match="is no regular file"):
        list(rows(tmp_path / "pipe.csv"))


def test_a_long_file_is_never_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    with path.open("w") as opened:
        opened.writelines(json.dumps(filing(f"r-{n}", "o", description="长" * 2000)) + "\n" for n in range(2000))
    next(rows(path))
    tracemalloc.start()
    lines = sum(1 for _ in rows(path))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (lines, most < path.stat().st_size / 8) == (2000, True), most


# -- the dry run ------------------------------------------------------------------------------------------------------


def test_a_dry_run_needs_no_stack_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "nowhere"))
    (tmp_path / "f.csv").write_text(f"{HEADER}\n{line()}\n")
    assert main.run(["import", str(tmp_path / "f.csv"), "--dry-run"]) == Exit.DONE
    assert capsys.readouterr().out == (
        "lines: 1, without a fault: all can be read; what a rule refuses is known when it is filed\n"
    )
    assert [one.name for one in tmp_path.iterdir()] == ["f.csv"]


def test_a_dry_run_with_faults_is_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.csv").write_text(f"{HEADER}\n{line()}\n{line(channel='fax', request_id='r-2')}\n")
    assert main.run(["import", str(tmp_path / "f.csv"), "--dry-run"]) == Exit.WRONG_USE
    assert "line 3, channel: " in capsys.readouterr().out
    assert main.run(["import", str(tmp_path / "f.csv"), "--dry-run", "--json"]) == Exit.WRONG_USE
    told = json.loads(capsys.readouterr().out)
    assert (told["lines"], told["faulty"], told["faults"][0]["column"]) == (2, 1, "channel")


@pytest.mark.parametrize(("name", "content"), [("f.jsonl", ""), ("f.jsonl", "\n\n"), ("f.csv", HEADER + "\n")])
@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--dry-run", "--json")])
def test_a_file_without_complaints_is_said_to_hold_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, more: tuple[str, ...]
) -> None:
    (tmp_path / name).write_text(content)
    assert main.run(["import", str(tmp_path / name), *more]) == Exit.WRONG_USE
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"redress: {tmp_path / name}: holds no complaints; nothing is filed\n")
    assert [one.name for one in tmp_path.iterdir()] == [name]
