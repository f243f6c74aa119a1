"""`redress tell`: one message to one complaint (`tell COMPLAINT KIND`) or to many (`tell KIND --where …`)."""

# ruff: noqa: D417 - `common` is explained to people option by option

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from starter.bulk.broadcast import Broadcast, Filters, broadcast_message, parse_filters, select
from starter.bulk.concurrency import until_interrupted
from starter.bulk.progress import REFUSED, ExitRule, RunProgress, exit_code_of, print_summary
from starter.bulk.result_file import ResultFile, digest
from starter.cli import session
from starter.cli.lists import show_listed
from starter.client import connection
from starter.client.complaints import Complaints
from starter.client.endpoints import find
from starter.client.errors import Exit, RefusedByRule, Unreachable, WrongUse
from starter.client.message_input import (
    MessageData,
    decode_message,
    default_role,
    message_data,
    parse_party,
    senders,
    with_envelope,
)
from starter.client.record import Record
from starter.terminal import PLAIN, Common, out, print_json, say, words
from workflows.answers import Answer, Refusal
from workflows.complaint.domain.messages import Message
from workflows.parties import Party
from workflows.vocabulary import STAFF, Phase, Role

_UNANSWERED = ExitRule(
    "unanswered", Exit.UNREACHABLE, "did not answer; say the same again: it goes on there, and nobody is told twice"
)
_LONGEST = 500
"""Characters of a reason."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class BroadcastOptions:
    """Options of a broadcast."""

    where: Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)] = ()
    "Which complaints, in the words of `redress list`: phase=review, seller=shop-1, overdue=yes; as often as needed."
    reason: str | None = None
    "Why they are told; it goes on record. With --where only, and required there."
    dry_run: Annotated[bool, Parameter(negative=())] = False
    "Show whom it would tell; tell nobody."
    yes: Annotated[bool, Parameter(negative=())] = False
    "Do not ask before broadcast."
    results: Path | None = None
    "Where each answer is kept, and read again by the next run; in the current directory unless said."


async def tell_many(kind: str, fields: MessageData, as_: str | None, many: BroadcastOptions, common: Common) -> int:
    """Broadcast a message; exit codes 0 all accepted, 3 refused by some, 5 some did not answer."""
    session.logs(common)
    where, reason, sender = parse_filters(many.where), _reason(many.reason), _staff_sender(kind, as_)
    message = broadcast_message(kind, fields, sender, reason)
    if many.dry_run:
        return await _dry(where, common)
    if not many.yes and not sys.stdin.isatty():
        raise WrongUse("nobody can be asked here: see whom it tells with --dry-run, then say --yes")
    path = many.results or _usual_place(message, where)
    progress = await _broadcast(message, reason, where, path, many)
    if progress is None:
        return Exit.DONE
    print_summary(progress, "complaints", path, common)
    return exit_code_of(progress, "say the same again", _UNANSWERED, REFUSED)


def _reason(given: str | None) -> str:
    reason = (given or "").strip()
    if not reason or len(reason) > _LONGEST:
        raise WrongUse(
            f"say why with --reason, in at most {_LONGEST} characters: it goes on record with every complaint"
        )
    return reason


def _staff_sender(kind: str, as_: str | None) -> Party:
    """Return the sender of a broadcast: staff, with a role that may send the kind; raises WrongUse."""
    roles = [str(role) for role in senders(kind) if role in STAFF]
    if not roles:
        raise WrongUse(f"{kind} does not come from staff, and only staff tell many complaints something")
    sender = parse_party(as_) if as_ is not None else None
    if sender is None or sender.role not in roles:
        raise WrongUse(f"say who of the staff tells them with --as role:id; {kind} may come from: {', '.join(roles)}")
    return sender


def _usual_place(message: Message, where: Filters) -> Path:
    """Return the default result file: the same for the same message and filters, so that a run is resumed."""
    return Path(
        f"tell-{message.kind}-{digest(f'{message.message_id} {sorted(where.items())}').hex()[:12]}.results.jsonl"
    )


async def _dry(where: Filters, common: Common) -> int:
    async with connection.files(find()) as files:
        found = [one async for one in select(files.cases, where)]
    if common.json:
        print_json(found)
        return Exit.DONE
    show_listed(found)
    say(f"{len(found)} complaints would be told" if found else "nothing found")
    return Exit.DONE


async def _broadcast(
    message: Message, reason: str, where: Filters, path: Path, many: BroadcastOptions
) -> RunProgress | None:
    async with connection.both(find()) as (client, files):
        head = {
            "told": message.kind,
            "message_id": message.message_id,
            "where": where,
            **await connection.identity(client),
        }
        async with ResultFile.open(path, head).synced() as results:
            broadcast = Broadcast(message, reason, where, results)
            meant = await broadcast.plan(files)
            if meant == 0:
                say("nothing found")
                results.delete()
                return None
            if not (many.yes or _agreed(broadcast.remaining, message, results)):
                say("nobody was told")
                return None
            return await _run_broadcast(broadcast, files, Complaints(client, files), meant)


def _agreed(left: int, message: Message, results: ResultFile) -> bool:
    """Ask at the terminal; unless the answer is yes, a new result file is deleted."""
    say(f"tell {left} complaints {words(message.kind)} as {message.sender}? Type yes to go on:")
    agreed = False
    # Let Ctrl-C interrupt readline: the event loop would handle it only after the line.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        agreed = sys.stdin.readline().strip().lower() == "yes"
    finally:
        signal.signal(signal.SIGINT, before)
        if results.is_new and not agreed:
            results.delete()
    return agreed


async def _run_broadcast(broadcast: Broadcast, files: Record, client: Complaints, meant: int) -> RunProgress:
    with until_interrupted() as stop, RunProgress("told", meant) as progress:
        try:
            await broadcast.run(files, client, progress, stop)
        except Unreachable as wrong:
            raise Unreachable(f"{wrong}\n  {progress.done} are done; say the same again: it goes on there") from None
        progress.interrupted = stop.is_set()
    return progress


async def tell(
    complaint: str,
    kind: str | None = None,
    /,
    *,
    as_: Annotated[str | None, Parameter(name="--as")] = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=(), show_default=False)] = (),
    data: str | None = None,
    many: BroadcastOptions | None = None,
    common: Common = PLAIN,
) -> int:
    """Send a message to a complaint, or with --where to many; print the receipt, or the refusal (exit code 3).

    Parameters
    ----------
    complaint
        The complaint's number; with --where the message kind stands here, and nothing after it.
    kind
        The message kind, for example seller_answered.
    as_
        Who sends it, as role:id; where it is missing the buyer, the seller or the handler, if the kind leaves no doubt.
    set_
        A field as key=value, as often as needed: answer=agree, amount=299.00, from=buyer,seller, sender.id=b-1.
    data
        The message as one JSON object; --set goes over it.

    """
    if many and many.where:
        if kind is not None:
            raise WrongUse(f"say either a complaint or --where: {complaint} is one, --where chooses many")
        return await tell_many(complaint, message_data(complaint, set_, data), as_, many, common)
    if many and vars(many) != vars(BroadcastOptions()):
        raise WrongUse("--reason, --dry-run, --yes and --results belong to --where, which chooses many complaints")
    if kind is None:
        raise WrongUse(f"say what to tell: `redress tell {complaint} KIND`, or `redress tell KIND --where …`")
    return await _tell_one(complaint, kind, as_, message_data(kind, set_, data), common)


async def _tell_one(complaint: str, kind: str, as_: str | None, fields: MessageData, common: Common) -> int:
    given = parse_party(as_) if as_ is not None else None
    if given is None and "sender" not in fields:
        default_role(kind)  # raises WrongUse at once if the role is ambiguous
    async with session.complaints(common, complaint) as (client, _):
        if given is None and "sender" not in fields:
            given = await _default_sender(client, complaint, kind)
        answer = await client.tell(complaint, decode_message(with_envelope(kind, fields, given)))
    return _print_answer(answer, common)


async def _default_sender(client: Complaints, complaint: str, kind: str) -> Party:
    role = default_role(kind)
    found = await client.who_is(complaint, role)
    if found is None:
        if (await client.view(complaint)).view.phase is Phase.CLOSED:
            raise RefusedByRule(f"complaint {complaint} has ended: nothing is heard any more (R10.4)")
        who = "handler" if role is Role.AGENT else role
        raise WrongUse(f"complaint {complaint} names no {who} just now: say who sends {kind} with --as {role}:ID")
    return found


def _print_answer(answer: Answer, common: Common) -> int:
    if common.json:
        print_json(answer)
    elif not isinstance(answer, Refusal):
        out(f"heard: {answer.message_id} · phase {answer.phase} · step {answer.steps}")
    if isinstance(answer, Refusal):
        say(f"redress: {refusal_text(answer)}")
        return Exit.REFUSED
    return Exit.DONE


def refusal_text(refusal: Refusal) -> str:
    """Return a refusal as text: rule, reason, what can be sent instead."""
    line = f"refused by rule {refusal.rule} ({refusal.code}) in phase {refusal.phase}: {refusal.text}"
    if refusal.allowed:
        line += f"\n  what can be sent now: {', '.join(refusal.allowed)}"
    return line
