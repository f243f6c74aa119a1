"""The house: what is promised about its shape is checked here, and each check has been seen to fail."""

import ast
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio import activity

from activities.cases.lookups import CalendarLookup, InboxDrain
from activities.cases.record import CaseRecorder
from activities.cases.registry import CaseRegistry
from activities.parcels.watch import ParcelPolling
from activities.payments.pay import Payments
from activities.reconciliation.cases import CaseReconciliation
from activities.reconciliation.debts import DebtRecovery
from activities.reconciliation.provider_book import ProviderBookComparison
from starter.cli.main import COMMANDS
from tests import ROOT
from workers.config.settings import Settings
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.rules.tables import DUTIES, HEARINGS, WINDOWS
from workflows.policy.loading import packaged
from workflows.policy.model import LimitName
from workflows.ports import PORTS

PACKAGES = ("workflows", "activities", "workers", "starter")


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def too_long(source: str, most: int = 300) -> bool:
    return source.count("\n") > most


def long_functions(source: str, most: int = 30) -> list[str]:
    """Return the functions that do more than so many lines; their signatures and docstrings are not counted."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [node.name for node in found if _lines(node) > most]


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first, *others = function.body
    told = first.lineno if ast.get_docstring(function) is None or not others else others[0].lineno
    return (function.end_lineno or told) - told + 1


def test_modules_are_short_enough_to_be_read() -> None:
    assert [str(path) for path in modules() if too_long(path.read_text())] == []


def test_a_long_module_would_be_found() -> None:
    assert too_long("\n" * 301)


def test_functions_are_short_enough_to_be_read() -> None:
    assert {str(path): names for path in modules() if (names := long_functions(path.read_text()))} == {}


def test_a_long_function_would_be_found() -> None:
    assert long_functions("def f():\n" + "    pass\n" * 31) == ["f"]


@pytest.mark.parametrize("package", [*PACKAGES, "tests", "deploy"])
def test_each_package_tells_on_one_page_what_lives_there(package: str) -> None:
    lines = (ROOT / package / "README.md").read_text().splitlines()
    assert 2 < len(lines) <= 60


def implementations() -> dict[str, typing.Any]:
    found: dict[str, typing.Any] = {}
    for house in (
        CaseRegistry,
        CaseRecorder,
        Payments,
        CalendarLookup,
        InboxDrain,
        CaseReconciliation,
        ProviderBookComparison,
        DebtRecovery,
        ParcelPolling,
    ):
        for _, method in inspect.getmembers(house, inspect.isfunction):
            definition = activity._Definition.from_callable(method)
            if definition:
                found[definition.name or ""] = method
    return found


def test_each_port_has_one_activity_with_the_same_argument_and_result() -> None:
    assert set(implementations()) == set(PORTS)
    for name, method in implementations().items():
        hints = typing.get_type_hints(method)
        result = hints.pop("return")
        assert list(hints.values()) == [PORTS[name].argument], name
        assert result is PORTS[name].result, name


def test_every_rule_that_hears_hears_a_kind_of_the_contract() -> None:
    assert set(HEARINGS) <= set(KINDS)


def test_every_limit_of_the_annex_has_a_rule_that_runs_it() -> None:
    run = set(WINDOWS) | set(DUTIES)
    assert {name.value for name in LimitName} - {name.value for name in run} == set()


def test_a_limit_is_a_duty_in_the_policy_exactly_where_the_rules_let_it_climb() -> None:
    limits = packaged().policy.limits
    assert {name for name in DUTIES if not limits[name].duty} == set()
    assert {name for name in WINDOWS if limits[name].duty} == set()


def unsealing(source: str) -> bool:
    """Tell whether code connects to Temporal, or makes a converter, past the one place that seals payloads."""
    return (
        "pydantic_data_converter" in source
        or re.search(r"Client\.connect\((?![^)]*data_converter=)", source) is not None
    )


def test_every_client_takes_the_one_data_converter() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in modules() if unsealing(path.read_text(encoding="utf-8"))}
    # The first is that place; the supervisor only asks whether the server is up; the sandbox is an outsider.
    assert found <= {"workers/encryption/converter.py", "workers/stack/temporal.py", "workers/sandbox/callbacks.py"}


def test_a_client_past_the_one_data_converter_would_be_found() -> None:
    assert unsealing("await Client.connect(address, namespace=name)")
    assert unsealing("await Client.connect(address, data_converter=pydantic_data_converter)")
    assert not unsealing("await Client.connect(address, data_converter=data_converter(ring))")


def test_every_command_and_every_setting_is_told_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    untold = [name for name in COMMANDS if f"`{name}`" not in readme and f"redress {name}" not in readme]
    settings = {f"REDRESS_{name.upper()}" for name in Settings.model_fields} - {"REDRESS_READY_FILE"}
    assert untold + [name for name in sorted(settings) if name not in readme] == []
