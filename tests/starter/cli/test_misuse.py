"""Whatever is typed or set wrongly: the right exit code, one clear message on standard error, never a traceback."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from starter.cli import main
from starter.client import error_mapping
from starter.client.errors import Exit
from tests import ROOT
from tests.starter.cli.running import filing, ran
from workers.sandbox.client import SandboxRefused, SandboxUnreachable
from workflows.policy.loading import PolicyInvalid

EXAMPLE = ROOT / "deploy" / "docs" / "doors" / "complaints.csv"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment in which no stack runs and nothing is configured."""
    for name in [name for name in os.environ if name.startswith(("TEMPORAL_", "REDRESS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """Commands set the logging of their process up, which in this one belongs to pytest."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main.run(list(arguments))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert captured.err.startswith("redress: ")
    return code, captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch"], 'Unknown command "nosuch"'),
        (["show"], "COMPLAINT requires an argument"),
        (["show", "C1", "C2"], "not understood: C2"),
        (["show", "--colour"], "--colour"),
        (["show", "x" * 200], "is no complaint number"),
        (["list", "--phase", "nowhere"], "Choose from"),
        (["list", "--limit", "0"], "--limit 0: give a number from 1 to 1000"),
        (["due", "--for", "boss"], "write role or role:id"),
        (["due", "--for", "agent:"], "write role or role:id"),
        (["tell", "C1", "nosuch"], "is no message kind; known are"),
        (["tell", "C1", "offer_made"], "say who sends offer_made with --as role:id"),
        (["tell", "C1", "noted", "--as", "boss"], "is no sender"),
        (["tell", "C1", "noted", "--set", "text"], "write key=value"),
        (["tell", "C1"], "say what to tell: `redress tell C1 KIND`"),
        (["tell", "C1", "noted", "--set", "received_at=2026-01-01T00:00:00Z"], "received_at is set by the edge"),
        (["tell", "C1", "noted", "--as", "agent:a-1", "--dry-run"], "belong to --where"),
        (["tell", "C1", "noted", "--where", "phase=review"], "say either a complaint or --where"),
        (["tell", "nosuch", "--where", "phase=review"], "is no message kind"),
        (["tell", "noted", "--where", "limit=5"], "write one of phase=…"),
        (["tell", "noted", "--where", "phase=review", "--as", "agent:a-1"], "say why with --reason"),
        (["tell", "noted", "--where", "phase=review", "--reason", "x"], "say who of the staff tells them"),
        (["tell", "withdrawn", "--where", "phase=review", "--reason", "x"], "only staff tell many"),
        (["tell", "noted", "--where", "phase=review", "--reason", "x", "--as", "buyer:b-1"], "say who of the staff"),
        (["tell", "noted", "--where", "phase=review", "--reason", "x", "--as", "agent:a-1"], "noted: text"),
        (
            ["tell", "noted", "--where", "phase=review", "--reason", "x", "--as", "agent:a-1", "--set", "text=x"],
            "then say --yes",
        ),
        (["open", "nosuch.json"], "cannot be read"),
        (["import", "nosuch.csv"], "cannot be read"),
        (["import", "complaints.xlsx"], "name it .csv or .jsonl"),
        (["import", "f.csv", "--at-once", "0"], "give a number from 1 to 500"),
        (["fast-forward", "C1", "3 days"], "is no duration: write for example 3d"),
        (["fast-forward", "C1", "0d"], "is no duration"),
        (["fast-forward", "C1", "3d", "--timeout", "-1"], "give a number of seconds above 0"),
        (["sandbox", "nosuch"], "Unknown command"),
        (["sandbox", "inbox", "--to", "buyer"], "is no sender"),
        (["up", "--temporal-port", "many"], "--temporal-port"),
        (["up", "--temporal-port", "70000"], "65535"),
    ],
)
def test_wrong_use_is_exit_code_2(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    code, error = told(capsys, *arguments)
    assert message in error
    assert code == Exit.WRONG_USE


@pytest.mark.parametrize("before", [("--debug",), ("--json", "--verbose")])
def test_what_every_command_understands_may_stand_before_it(
    capsys: pytest.CaptureFixture[str], before: tuple[str, ...]
) -> None:
    assert main.run([*before, "show", "C1"]) == Exit.UNREACHABLE
    assert "no stack is running" in capsys.readouterr().err
    assert main.run([*before, "events", "replay", "--", "-e"]) == Exit.UNREACHABLE
    assert main.run(["--colour", "show", "C1"]) == Exit.WRONG_USE


def test_a_stack_with_a_wrong_policy_says_so_and_starts_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, nowhere: Path
) -> None:
    monkeypatch.setenv("REDRESS_POLICY", str(nowhere / "policy.toml"))
    code, error = told(capsys, "up")
    assert (code, "policy.toml: cannot be read" in error, error.count("\n")) == (Exit.WRONG_USE, True, 1)
    assert list(nowhere.iterdir()) == []


def test_the_help_of_the_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "see `redress sandbox fault --help`" in told(capsys, "sandbox", "fault", "payment")[1]


def test_a_filing_with_faults_is_refused_with_all_of_them(capsys: pytest.CaptureFixture[str], nowhere: Path) -> None:
    (nowhere / "f.json").write_text(json.dumps(filing("app-1", "o-1", channel="fax", line=0)))
    code, error = told(capsys, "open", str(nowhere / "f.json"))
    assert code == Exit.WRONG_USE
    assert "channel: " in error
    assert "line: " in error


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "C1"],
        ["timeline", "C1"],
        ["why-due", "C1"],
        ["list"],
        ["due"],
        ["worker"],
        ["sandbox", "book"],
        ["import", str(EXAMPLE)],
    ],
)
def test_without_a_stack_every_command_says_how_to_start_one(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, error = told(capsys, *arguments)
    assert code == Exit.UNREACHABLE
    assert "no stack is running: start one with `redress up`" in error


def test_the_file_of_a_killed_stack_is_not_believed(capsys: pytest.CaptureFixture[str], nowhere: Path) -> None:
    (nowhere / "stack.json").write_text(json.dumps({"temporal": "127.0.0.1:1", "database": "x", "pid": 2**22 + 1}))
    assert "no stack is running" in told(capsys, "list")[1]


def test_a_broken_stack_file_is_named(capsys: pytest.CaptureFixture[str], nowhere: Path) -> None:
    (nowhere / "stack.json").write_text("{")
    code, error = told(capsys, "list")
    assert (code, "remove it" in error) == (Exit.WRONG_USE, True)


def test_backends_that_do_not_answer_are_exit_code_5(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("REDRESS_DATABASE_URL", "postgresql://redress:secret@127.0.0.1:1/redress")
    for arguments in (["show", "C1"], ["list"], ["tell", "C1", "noted", "--as", "agent:a-1", "--set", "text=x"]):
        code, error = told(capsys, *arguments)
        assert (code, "127.0.0.1:1" in error, "redress doctor" in error) == (Exit.UNREACHABLE, True, True)
        assert "secret" not in error


def test_temporal_elsewhere_is_never_mixed_with_the_database_of_a_local_stack(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, nowhere: Path
) -> None:
    stack = {"temporal": "127.0.0.1:7", "database": "postgresql://127.0.0.1:7/x", "partners": "x", "pid": os.getpid()}
    (nowhere / "stack.json").write_text(json.dumps(stack))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
    assert "no database is configured" in told(capsys, "list")[1]
    assert "no sandbox partners are known" in told(capsys, "sandbox", "book")[1]


def test_a_stack_without_time_skipping_is_said_to_have_none(capsys: pytest.CaptureFixture[str], nowhere: Path) -> None:
    stack = {"temporal": "127.0.0.1:7", "time_skipping": False, "pid": os.getpid()}
    (nowhere / "stack.json").write_text(json.dumps(stack))
    code, error = told(capsys, "fast-forward", "C1", "3d")
    assert (code, "redress up --time-skipping" in error) == (Exit.WRONG_USE, True)


def test_a_fault_of_the_program_is_one_line_that_names_the_switch(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("starter.cli.lists.find", broken)
    code, error = told(capsys, "list")
    assert (code, error.count("\n"), "--debug" in error) == (Exit.BUG, 1, True)


def test_with_debug_a_fault_of_the_program_shows_where_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("starter.cli.lists.find", broken)
    assert main.run(["list", "--debug"]) == Exit.BUG
    assert "in broken" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "code", "problem"),
    [
        (PolicyInvalid(["policy.toml: limits: is missing"]), Exit.WRONG_USE, "our-fault"),
        (SandboxRefused("line: too large"), Exit.WRONG_USE, "our-fault"),
        (SandboxUnreachable("the sandbox does not answer"), Exit.UNREACHABLE, "not-now"),
        (ConnectionResetError("reset by peer"), Exit.UNREACHABLE, "not-now"),
        (KeyError("x"), Exit.BUG, "our-fault"),
    ],
)
def test_errors_of_every_package_have_their_exit_code_and_problem_type(
    wrong: Exception, code: Exit, problem: str
) -> None:
    assert (error_mapping.exit_code(wrong), error_mapping.problem_type(wrong)) == (code, problem)


async def test_help_is_quick_and_needs_no_backend() -> None:
    answered = await ran(dict(os.environ), "--help", within=10, anew=True)
    assert answered.code == 0
    for command in (
        "up",
        "worker",
        "open",
        "import",
        "tell",
        "show",
        "timeline",
        "why-due",
        "list",
        "due",
        "fast-forward",
        "doctor",
    ):
        assert command in answered.out


async def test_the_doctor_tells_what_to_mend_where_nothing_runs() -> None:
    answered = await ran(dict(os.environ), "doctor", "--json")
    assert answered.code == Exit.UNREACHABLE
    assert {one["check"]: one["state"] for one in answered.data}["policy"] == "ok"
    assert answered.data[-1]["state"] == "failed"
    assert "redress up" in answered.data[-1]["text"]
