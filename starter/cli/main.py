"""`redress`: entry point of all commands; maps errors to exit codes."""

import logging
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from itertools import takewhile

from cyclopts import App, CycloptsError, UnusedCliTokensError

from starter.client.errors import Exit

COMMANDS = {
    "demo": ("starter.demo.command:demo", "Live through real cases with time skipping: a guided tour."),
    "up": (
        "starter.cli.up:up",
        "Start the embedded stack in the foreground: PostgreSQL, Temporal, partners, worker, gateway.",
    ),
    "gateway": ("starter.cli.servers:gateway", "Serve the HTTP doors for apps, carriers and payment providers."),
    "worker": ("starter.cli.servers:worker", "Run a worker against the configured Temporal and database."),
    "open": ("starter.cli.filing:open_", "File a complaint and print its number."),
    "import": ("starter.cli.filing:import_", "File thousands of complaints from a CSV or JSON lines file."),
    "tell": ("starter.cli.tell:tell", "Send a message to a complaint; print the receipt, or the refusal."),
    "show": ("starter.cli.show:show", "Show a complaint: who must do what by when, offer, ruling, money."),
    "timeline": ("starter.cli.show:timeline", "Show what happened, by whom and by which rule."),
    "why-due": ("starter.cli.show:why_due", "Explain every deadline of a complaint, day by day."),
    "list": ("starter.cli.lists:list_", "List complaints, the newest first."),
    "due": ("starter.cli.lists:due", "List what is due, the earliest first."),
    "ledger": ("starter.cli.money:ledger", "Print the signed list of what moved, for finance."),
    "exposure": ("starter.cli.money:exposure", "Show frozen and unrecovered advances by seller and age."),
    "verify": ("starter.cli.money:verify", "Say whether provider, ledger, record and workflow agree."),
    "fast-forward": (
        "starter.cli.fast_forward:fast_forward",
        "Let time pass for one complaint of a training or test stack.",
    ),
    "codec": (
        "starter.cli.servers:codec",
        "Open sealed payloads for the web UI and the temporal program.",
    ),
    "doctor": ("starter.cli.doctor:doctor", "Check configuration and connections, and say what to mend."),
}
SANDBOX = {
    "order": ("starter.cli.sandbox:order", "Put orders into the order system."),
    "seller": ("starter.cli.sandbox:seller", "Put sellers and their deposits into the order system."),
    "book": ("starter.cli.sandbox:book", "Print the payment provider's own book, as JSON lines."),
    "inbox": ("starter.cli.sandbox:inbox", "Show the notices that arrived."),
    "fault": ("starter.cli.sandbox:fault", "Let the next calls of a partner go wrong."),
    "parcel": ("starter.cli.sandbox:parcel", "Let something happen to a parcel; its carrier tells of it."),
    "reverse": ("starter.cli.sandbox:reverse", "Take a settled payment back, now or weeks later."),
}
EVENTS = {
    "dead-letters": ("starter.cli.events:dead_letters", "List the events that no receiver took within a day."),
    "replay": ("starter.cli.events:replay", "Let dead letters be tried for another day, in their order."),
}
GROUPS = {
    "sandbox": ("The partners of the embedded stack: orders, payments, carriers, notices, faults.", SANDBOX),
    "events": ("Events to partners: what they were not told, and how they are told after all.", EVENTS),
}


_COMMON = frozenset({"--json", "--verbose", "--debug"})


def application() -> App:
    """Return the command line application; a command's module is imported when it is called."""
    app = App(name="redress", help="Every buyer's complaint, from filing to closing.", version=_version)
    for name, (place, told) in COMMANDS.items():
        app.command(place, name=name, help=told)
    for group, (about, commands) in GROUPS.items():
        inner = App(name=group, help=about)
        for name, (place, told) in commands.items():
            inner.command(place, name=name, help=told)
        app.command(inner)
    return app


def _version() -> str:
    try:
        return version("redress")
    except PackageNotFoundError:
        return "0 (not installed)"


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; a failure is one message on standard error."""
    arguments = _options_last(arguments)
    try:
        done = application()(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as misused:
        return _fail(f"{_usage_text(misused)} (see `{_help_for(arguments)}`)", Exit.WRONG_USE)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else Exit.DONE
    except BrokenPipeError:
        return _broken_pipe()
    except Exception as wrong:  # noqa: BLE001 - top level: operators get a message, not a traceback
        return _report(wrong, debug="--debug" in arguments)
    return int(done) if isinstance(done, int) else Exit.DONE


def _options_last(arguments: list[str]) -> list[str]:
    """Allow common options before the command: `redress --json show C`."""
    common = list(takewhile(_COMMON.__contains__, arguments))
    rest = arguments[len(common) :]
    end = rest.index("--") if "--" in rest else len(rest)
    return [*rest[:end], *common, *rest[end:]] if rest else arguments


def _usage_text(wrong: CycloptsError) -> str:
    if isinstance(wrong, UnusedCliTokensError) and wrong.unused_tokens:
        return f"not understood: {' '.join(wrong.unused_tokens)}"
    return str(wrong).rstrip(".")


def _report(wrong: Exception, *, debug: bool) -> int:
    if debug:
        logging.getLogger("redress").debug("the command failed", exc_info=wrong)
    # The table knows the errors of every package: imported only when something failed.
    from starter.client.error_mapping import as_client_error, exit_code  # noqa: PLC0415

    return _fail(str(as_client_error(wrong)), exit_code(wrong))


def _fail(text: str, code: Exit) -> int:
    try:
        sys.stderr.write(f"redress: {text}\n")
    except UnicodeError:
        sys.stderr.write(f"redress: {text.encode('ascii', 'backslashreplace').decode()}\n")
    return code


def _help_for(arguments: list[str]) -> str:
    known = {*COMMANDS, *GROUPS, *(name for _, commands in GROUPS.values() for name in commands)}
    return " ".join(["redress", *(word for word in arguments[:2] if word in known), "--help"])


def _broken_pipe() -> int:
    # The reader has closed the pipe (`redress list | head`): not an error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE


def main() -> None:
    """Run the command of this process and exit."""
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or Exit.DONE
    # Threads of the Temporal client can hang or abort an ordinary interpreter exit; all output is flushed.
    os._exit(code)


if __name__ == "__main__":
    main()
