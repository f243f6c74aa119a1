"""`redress tell KIND --where …`: one message to every complaint that is meant, with the reason on record."""

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from starter.bulk.broadcast import Telling, Where, for_many
from starter.bulk.concurrency import until_interrupted
from starter.bulk.digests import short
from starter.bulk.progress import HowFar
from starter.bulk.results import Results
from starter.bulk.selection import chosen, wanted
from starter.bulk.summary import REFUSED, Verdict, sum_up, verdict
from starter.cli import session
from starter.cli.lists import show_listed
from starter.client import connection
from starter.client.complaints import Complaints
from starter.client.endpoints import find
from starter.client.errors import Exit, Unreachable, WrongUse
from starter.client.message_input import Saying, party, senders
from starter.client.record import Files
from starter.terminal import Common, print_json, say, words
from workflows.complaint.domain.messages import Message
from workflows.parties import Party
from workflows.vocabulary import STAFF

_UNANSWERED = Verdict(
    "unanswered", Exit.UNREACHABLE, "did not answer; say the same again: it goes on there, and nobody is told twice"
)
_LONGEST = 500
"""Characters of a reason: a sentence, not a letter."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Many:
    """What belongs to a message that is told to many complaints."""

    where: Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)] = ()
    "Which complaints, in the words of `redress list`: phase=review, seller=shop-1, overdue=yes; as often as needed."
    reason: str | None = None
    "Why they are told; it goes on record. With --where only, and required there."
    dry_run: Annotated[bool, Parameter(negative=())] = False
    "Show whom it would tell; tell nobody."
    yes: Annotated[bool, Parameter(negative=())] = False
    "Do not ask before telling."
    results: Path | None = None
    "Where each answer is kept, and read again by the next run; in the current directory unless said."


async def tell_many(kind: str, said: Saying, as_: str | None, many: Many, common: Common) -> int:
    """Tell all that are meant; exit codes 0 all heard it, 3 a rule refused it somewhere, 5 somebody did not answer."""
    session.logs(common)
    where, reason, sender = wanted(many.where), _reason(many.reason), _sender(kind, as_)
    message = for_many(kind, said, sender, reason)
    if many.dry_run:
        return await _dry(where, common)
    if not many.yes and not sys.stdin.isatty():
        raise WrongUse("nobody can be asked here: see whom it tells with --dry-run, then say --yes")
    path = many.results or _usual_place(message, where)
    far = await _tell(message, reason, where, path, many)
    if far is None:
        return Exit.DONE
    sum_up(far, "complaints", path, common)
    return verdict(far, "say the same again", _UNANSWERED, REFUSED)


def _reason(given: str | None) -> str:
    reason = (given or "").strip()
    if not reason or len(reason) > _LONGEST:
        raise WrongUse(
            f"say why with --reason, in at most {_LONGEST} characters: it goes on record with every complaint"
        )
    return reason


def _sender(kind: str, as_: str | None) -> Party:
    """Return who tells them: staff, by name, whose role may say it; the parties each speak for themselves."""
    roles = [str(role) for role in senders(kind) if role in STAFF]
    if not roles:
        raise WrongUse(f"{kind} does not come from staff, and only staff tell many complaints something")
    sender = party(as_) if as_ is not None else None
    if sender is None or sender.role not in roles:
        raise WrongUse(f"say who of the staff tells them with --as role:id; {kind} may come from: {', '.join(roles)}")
    return sender


def _usual_place(message: Message, where: Where) -> Path:
    """Return the same place for the same message to the same choice, so that it is resumed and not told anew."""
    return Path(
        f"tell-{message.kind}-{short(f'{message.message_id} {sorted(where.items())}').hex()[:12]}.results.jsonl"
    )


async def _dry(where: Where, common: Common) -> int:
    async with connection.files(find()) as files:
        found = [one async for one in chosen(files.cases, where)]
    if common.json:
        print_json(found)
        return Exit.DONE
    show_listed(found)
    say(f"{len(found)} complaints would be told" if found else "nothing found")
    return Exit.DONE


async def _tell(message: Message, reason: str, where: Where, path: Path, many: Many) -> HowFar | None:
    async with connection.both(find()) as (client, files):
        head = {
            "told": message.kind,
            "message_id": message.message_id,
            "where": where,
            **await connection.identity(client),
        }
        async with Results.begin(path, head).kept() as results:
            telling = Telling(message, reason, where, results)
            meant = await telling.plan(files)
            if meant == 0:
                say("nothing found")
                results.forget()
                return None
            if not (many.yes or _agreed(telling.left, message, results)):
                say("nobody was told")
                return None
            return await _told(telling, files, Complaints(client, files), meant)


def _agreed(left: int, message: Message, results: Results) -> bool:
    """Ask at the terminal; a new list of who is meant is forgotten unless the answer is yes."""
    say(f"tell {left} complaints {words(message.kind)} as {message.sender}? Type yes to go on:")
    agreed = False
    # Ctrl-C leaves at once: an event loop would only hear of it when the line is there.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        agreed = sys.stdin.readline().strip().lower() == "yes"
    finally:
        signal.signal(signal.SIGINT, before)
        if results.fresh and not agreed:
            results.forget()
    return agreed


async def _told(telling: Telling, files: Files, client: Complaints, meant: int) -> HowFar:
    with until_interrupted() as stop, HowFar("told", meant) as far:
        try:
            await telling.run(files, client, far, stop)
        except Unreachable as wrong:
            raise Unreachable(f"{wrong}\n  {far.done} are done; say the same again: it goes on there") from None
        far.interrupted = stop.is_set()
    return far
