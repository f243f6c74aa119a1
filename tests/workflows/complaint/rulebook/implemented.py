"""Where each rule is implemented: read from the code itself, so that no list of it can grow old.

A function says so by the limit it announces itself for, by a rule on a step or in a refusal, or in its docstring; a
module in its docstring. The nouns of the domain count where nothing else names the rule.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import workflows
from workflows.policy.loading import packaged

_RULE = re.compile(r"\bR\d{1,2}\.\d{1,2}\b")
_RANGE = re.compile(r"\b(R\d{1,2})\.(\d{1,2})(?:-| to )R\d{1,2}\.(\d{1,2})\b")
_ROOT = Path(next(iter(workflows.__path__)))
_RULES_OF = {str(name): (limit.rule, limit.default_rule) for name, limit in packaged().policy.limits.items()}


class Place(NamedTuple):
    """A function, a class or, without a name, a module as a whole."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


@cache
def implemented() -> dict[str, list[Place]]:
    """Return each rule that the code names with the places that implement it."""
    found: dict[str, list[Place]] = {}
    for path in sorted(_ROOT.rglob("*.py")):
        for place, rules in _places(path):
            for rule in rules:
                found.setdefault(rule, []).append(place)
    return {rule: [*_telling(places)] for rule, places in found.items()}


def _telling(places: list[Place]) -> Iterator[Place]:
    """Yield functions, the modules in which no function names the rule, and nouns if there is nothing else."""
    verbs = [place for place in places if ".domain." not in f".{place.module}."]
    named = {place.module for place in verbs if place.name}
    yield from (place for place in verbs or places if place.name or place.module not in named)


def _places(path: Path) -> Iterator[tuple[Place, set[str]]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = path.relative_to(_ROOT).with_suffix("").as_posix().replace("/", ".")
    yield Place(module, ""), {*_named(ast.get_docstring(tree) or "")}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield Place(module, node.name), cited(node)


def cited(node: ast.AST) -> set[str]:
    """Return the rules that a function names in its docstring, its steps and refusals, and by the limits it runs."""
    texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return {rule for text in texts for rule in _named(text)} | {*_announced(node)}


def _named(text: str) -> Iterator[str]:
    yield from _RULE.findall(text)
    for section, first, last in _RANGE.findall(text):
        yield from (f"{section}.{number}" for number in range(int(first), int(last) + 1))


def _announced(node: ast.AST) -> Iterator[str]:
    """Yield the rules of the limits that a function announces itself for: `@duty(LimitName.REVIEW)`."""
    for decorator in getattr(node, "decorator_list", []):
        for one in ast.walk(decorator):
            if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == "LimitName":
                yield from _RULES_OF.get(one.attr.lower(), ())
