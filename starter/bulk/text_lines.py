"""A file of any length as lines of text: one line in memory at a time, and every way of being no UTF-8 explained."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from starter.client.errors import WrongUse

LONGEST = 1 << 20
"""Bytes of a line: no filing comes near it, and a file without line ends must not fill the memory."""

_OTHERS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def lines(path: Path) -> Iterator[str]:
    """Yield every line with its end, a UTF-8 byte order mark left out; raises WrongUse naming the line."""
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
            raise WrongUse(f"{name}: line {number}, byte {wrong.start + 1}: {_instead(raw)}") from None


def _without_mark(raw: bytes, name: str) -> bytes:
    for mark, known in _OTHERS.items():
        if raw.startswith(mark):
            raise WrongUse(f"{name}: is {known}, not UTF-8; save it as UTF-8 (in Excel: CSV UTF-8)")
    return raw.removeprefix(codecs.BOM_UTF8)


def _instead(raw: bytes) -> str:
    """Say what the line seems to be: spreadsheets in China save GBK unless told otherwise."""
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return "is not UTF-8; save the file as UTF-8"
    return "is not UTF-8 but reads as GBK; save the file as UTF-8 (in Excel: CSV UTF-8)"
