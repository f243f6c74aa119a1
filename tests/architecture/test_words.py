"""Words are made at the edge, and no program reads them; no number of the policy stands in a text."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests import ROOT

SENTENCES = frozenset({"reason", "text", "otherwise", "summary"})
"""Attributes that hold words for people."""

READING = frozenset(
    {"split", "rsplit", "partition", "rpartition", "startswith", "endswith", "removeprefix", "removesuffix"}
    | {"find", "index", "match", "search", "fullmatch", "findall", "finditer"}
)

LENGTH = re.compile(
    r"\b(\d+|one|two|three|five|seven|ten|fifteen|thirty|ninety)[ -]?"
    r"(h|d|sm|wd|hours?|days?|working days?|service minutes?|minutes?|months?|%|per cent|yuan)(?![\w`])"
    r"|\d+ ?(小时|天|个工作日|分钟|元)",
    re.IGNORECASE,
)


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def readers(source: str) -> list[int]:
    """Return the lines on which code takes a sentence apart, or decides by what stands in it."""
    return sorted({node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr) and _reads(node)})


def _reads(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READING:
        return any(map(_of_words, (node.func.value, *node.args)))
    if isinstance(node, ast.Compare) and any(isinstance(how, ast.In | ast.NotIn) for how in node.ops):
        return any(map(_of_words, node.comparators))
    return False


def _of_words(node: ast.AST) -> bool:
    """Tell whether an expression is words for people, or `words or ""`."""
    if isinstance(node, ast.BoolOp):
        return any(map(_of_words, node.values))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "sentence"
    return isinstance(node, ast.Attribute) and node.attr in SENTENCES


def test_no_code_reads_a_sentence() -> None:
    found = {
        path: lines
        for path, text in sources("workflows", "activities", "workers", "starter")
        if (lines := readers(text))
    }
    assert found == {}


def test_code_that_read_a_sentence_would_be_found() -> None:
    assert readers('key = (step.reason or "").split(": ")[0]') == [1]
    assert readers("taken_back = _PATTERN.match(step.reason)") == [1]
    assert readers('late = "after all" in sentence(step)') == [1]
    assert readers("known = step.reason\nout(step.reason)") == []


def lengths(text: str) -> list[str]:
    return [found[0] for found in LENGTH.finditer(text)]


def texts(source: str) -> Iterator[str]:
    """Yield the strings of a module, docstrings too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_text_of_the_process_names_a_length_or_an_amount_of_the_policy() -> None:
    in_code = {
        path: found
        for path, source in sources("workflows/complaint", "workflows/words")
        if (found := [one for text in texts(source) for one in lengths(text)])
    }
    templates = Path(ROOT / "activities" / "notifications" / "templates")
    in_templates = {
        path.name: found for path in sorted(templates.iterdir()) if (found := lengths(path.read_text(encoding="utf-8")))
    }
    assert in_code | in_templates == {}


def test_a_length_in_a_text_would_be_found() -> None:
    assert lengths("Please answer within 48 hours") == ["48 hours"]
    assert lengths("请在 48 小时内答复") == ["48 小时"]
    assert lengths("called back within five working days") == ["five working days"]
    assert lengths("within {{ seller_answer_length | length_of_time }}, such as `48h`") == []
