"""Read filings from CSV or JSON lines: streamed line by line, UTF-8 only; each line is a filing or its faults."""

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from pydantic import ValidationError

from starter.bulk.result_file import digest
from starter.client.errors import WrongUse
from starter.client.filing_input import filing_of, located_faults, read_json
from workflows.complaint.domain.filing import Filing
from workflows.money.amount import Money

LONGEST = 1 << 20
"""Bytes per line, so that a file without line ends does not fill memory."""

_OTHERS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def text_lines(path: Path) -> Iterator[str]:
    """Yield every line with its line end, without a byte order mark; raises WrongUse naming the line."""
    if path.exists() and not path.is_file():
        raise WrongUse(f"{path}: is no regular file; it is read twice, so write it to one first")
    try:
        with path.open("rb") as opened:
            yield from _decoded(opened, str(path))
    except OSError as wrong:
        raise WrongUse(f"{path}: cannot be read ({wrong.strerror}); give a readable file") from None


def _decoded(opened: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while raw := opened.readline(LONGEST + 1):
        number += 1
        if number == 1:
            raw = _without_mark(raw, name)
        if len(raw) > LONGEST:
            raise WrongUse(
                f"{name}: line {number} is longer than {LONGEST >> 20} MB; is each complaint on its own line?"
            )
        try:
            yield raw.decode()
        except UnicodeDecodeError as wrong:
            raise WrongUse(f"{name}: line {number}, byte {wrong.start + 1}: {_likely_encoding(raw)}") from None


def _without_mark(raw: bytes, name: str) -> bytes:
    for mark, known in _OTHERS.items():
        if raw.startswith(mark):
            raise WrongUse(f"{name}: is {known}, not UTF-8; save it as UTF-8 (in Excel: CSV UTF-8)")
    return raw.removeprefix(codecs.BOM_UTF8)


def _likely_encoding(raw: bytes) -> str:
    """Guess the encoding of a line that is not UTF-8: spreadsheets in China save GBK by default."""
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return "is not UTF-8; save the file as UTF-8"
    return "is not UTF-8 but reads as GBK; save the file as UTF-8 (in Excel: CSV UTF-8)"


COLUMNS: Mapping[str, bool] = {
    "request_id": True,
    "channel": True,
    "filed_by.role": True,
    "filed_by.id": True,
    "order_id": True,
    "line": True,
    "problem": True,
    "description": True,
    "request.remedy": True,
    "request.amount": False,
    "contact.name": False,
    "contact.phone": False,
    "contact.email": False,
    "evidence": False,
}
"""CSV columns, named by the paths in the filing (contract); True: required."""


class Fault(NamedTuple):
    """A fault, with line and column."""

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.text}"


class Row(NamedTuple):
    """One line: a filing, or its faults."""

    line: int
    request_id: str | None
    filing: Filing | None
    faults: tuple[Fault, ...] = ()


RawRow = tuple[int, dict[str, Any] | None, tuple[Fault, ...]]
"""A line before validation: number, data if there is any, faults found while parsing."""


def rows(path: Path) -> Iterator[Row]:
    """Yield every non-empty line in order, one in memory at a time.

    A request_id may occur once per file. Raises WrongUse if the file cannot be split into lines.
    """
    seen: dict[bytes, int] = {}
    for line, given, wrong in _reader(path)(path):
        yield _row(line, given, wrong, seen)


def _reader(path: Path) -> Callable[[Path], Iterator[RawRow]]:
    readers = {".csv": _of_csv, ".jsonl": _of_json, ".ndjson": _of_json}
    if (reader := readers.get(path.suffix.lower())) is None:
        raise WrongUse(f"{path}: name it .csv or .jsonl, as it is comma-separated or one JSON object a line")
    return reader


def _row(line: int, given: dict[str, Any] | None, wrong: tuple[Fault, ...], seen: dict[bytes, int]) -> Row:
    request = given.get("request_id") if given else None
    request = request if isinstance(request, str) else None
    faults = list(wrong)
    filing = None
    if given is not None:
        try:
            filing = filing_of(given)
        except ValidationError as invalid:
            misread = tuple(fault.column for fault in wrong)  # a column that could not be parsed is not missing as well
            faults += [
                Fault(line, place, text)
                for place, text in located_faults(invalid)
                if not any(column.startswith(place) for column in misread)
            ]
        except RecursionError:
            faults.append(Fault(line, "the whole", "is nested too deeply"))
    if request is not None and (first := seen.setdefault(digest(request), line)) != line:
        faults.append(Fault(line, "request_id", f"stands in line {first} already; each complaint has its own"))
    return Row(line, request, None if faults else filing, tuple(faults))


# -- JSON lines -------------------------------------------------------------------------------------------------------


def _of_json(path: Path) -> Iterator[RawRow]:
    for number, text in enumerate(text_lines(path), start=1):
        if not text.strip():
            continue
        try:
            given = read_json(text)
        except json.JSONDecodeError as wrong:
            yield number, None, (Fault(number, f"character {wrong.colno}", f"is not JSON: {wrong.msg}"),)
        except (ValueError, RecursionError) as wrong:
            reason = "is nested too deeply" if isinstance(wrong, RecursionError) else str(wrong)
            yield number, None, (Fault(number, "the whole", reason),)
        else:
            if isinstance(given, dict):
                yield number, given, ()
            else:
                yield number, None, (Fault(number, "the whole", "is no JSON object such as {…}"),)


# -- CSV --------------------------------------------------------------------------------------------------------------


def _of_csv(path: Path) -> Iterator[RawRow]:
    reader = csv.reader(text_lines(path), strict=True)
    header = _header(_cells(reader, path, 1), path)
    while True:
        line = reader.line_num + 1
        if (cells := _cells(reader, path, line)) is None:
            return
        if any(cells):
            yield _raw_row(line, header, cells)


def _cells(reader: Any, path: Path, line: int) -> list[str] | None:
    try:
        cells: list[str] | None = next(reader, None)
    except csv.Error as wrong:
        # Line boundaries are unknown from here on: nothing of such a file is filed.
        text = f"{path}: the line that begins at {line} cannot be read ({wrong}); a quote is open, or not doubled"
        raise WrongUse(text) from None
    return cells


def _header(cells: list[str] | None, path: Path) -> list[str]:
    if not cells:
        raise WrongUse(f"{path}: is empty; its first line names the columns: {', '.join(COLUMNS)}")
    header = [cell.strip() for cell in cells]
    wrong = [f"{name!r} is no column" for name in header if name not in COLUMNS]
    wrong += [f"{name} is there twice" for name in COLUMNS if header.count(name) > 1]
    wrong += [f"{name} is missing" for name, needed in COLUMNS.items() if needed and name not in header]
    if wrong:
        raise WrongUse(
            f"{path}: line 1 names the wrong columns: {'; '.join(wrong)}\n  known are, with commas between: "
            f"{', '.join(COLUMNS)}"
        )
    return header


def _raw_row(line: int, header: list[str], cells: list[str]) -> RawRow:
    if len(cells) != len(header):
        text = f"has {len(cells)} cells, line 1 has {len(header)}: a comma too many or too few, or a quote is missing"
        return line, None, (Fault(line, "the whole", text),)
    given: dict[str, Any] = {}
    faults = []
    for column, cell in zip(header, cells, strict=True):
        if not cell:
            continue
        try:
            _put(given, column, _READ.get(column, str)(cell))
        except (ValueError, RecursionError) as wrong:
            faults.append(Fault(line, column, str(wrong)))
    return line, given, tuple(faults)


def _put(given: dict[str, Any], column: str, value: Any) -> None:
    whole, dot, part = column.partition(".")
    if dot:
        given.setdefault(whole, {})[part] = value
    else:
        given[whole] = value


def _number(cell: str) -> int | str:
    return int(cell) if re.fullmatch(r"\d{1,9}", cell.strip(), re.ASCII) else cell


def _yuan(cell: str) -> Any:
    return Money.parse(cell).model_dump()


def _list(cell: str) -> Any:
    try:
        return read_json(cell)
    except (ValueError, RecursionError):
        raise ValueError('write a JSON list here, such as [{"id": "e-1", "kind": "photo", …}]') from None


_READ: Mapping[str, Callable[[str], Any]] = {"line": _number, "request.amount": _yuan, "evidence": _list}
