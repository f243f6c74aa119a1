"""`redress tell COMPLAINT KIND`, and `redress tell KIND --where …`: one message to one complaint, or to many."""

# ruff: noqa: D417 - `common` is explained to people option by option

from typing import Annotated

from cyclopts import Parameter

from starter.cli import session
from starter.cli.tell_many import Many, tell_many
from starter.client.complaints import Complaints
from starter.client.errors import Exit, RefusedByRule, WrongUse
from starter.client.message_input import Saying, body, check, complete, party, usual_role
from starter.terminal import PLAIN, Common, out, print_json, say
from workflows.answers import Answer, Refusal
from workflows.parties import Party
from workflows.vocabulary import Phase, Role


async def tell(
    complaint: str,
    kind: str | None = None,
    /,
    *,
    as_: Annotated[str | None, Parameter(name="--as")] = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=(), show_default=False)] = (),
    data: str | None = None,
    many: Many | None = None,
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
        return await tell_many(complaint, body(complaint, set_, data), as_, many, common)
    if many and vars(many) != vars(Many()):
        raise WrongUse("--reason, --dry-run, --yes and --results belong to --where, which chooses many complaints")
    if kind is None:
        raise WrongUse(f"say what to tell: `redress tell {complaint} KIND`, or `redress tell KIND --where …`")
    return await _tell_one(complaint, kind, as_, body(kind, set_, data), common)


async def _tell_one(complaint: str, kind: str, as_: str | None, said: Saying, common: Common) -> int:
    given = party(as_) if as_ is not None else None
    if given is None and "sender" not in said:
        usual_role(kind)  # says at once who may send it, if that is in doubt
    async with session.complaints(common, complaint) as (client, _):
        if given is None and "sender" not in said:
            given = await _usual(client, complaint, kind)
        answer = await client.tell(complaint, check(complete(kind, said, given)))
    return _answered(answer, common)


async def _usual(client: Complaints, complaint: str, kind: str) -> Party:
    role = usual_role(kind)
    found = await client.who_is(complaint, role)
    if found is None:
        if (await client.view(complaint)).view.phase is Phase.CLOSED:
            raise RefusedByRule(f"complaint {complaint} has ended: nothing is heard any more (R10.4)")
        who = "handler" if role is Role.AGENT else role
        raise WrongUse(f"complaint {complaint} names no {who} just now: say who sends {kind} with --as {role}:ID")
    return found


def _answered(answer: Answer, common: Common) -> int:
    if common.json:
        print_json(answer)
    elif not isinstance(answer, Refusal):
        out(f"heard: {answer.message_id} · phase {answer.phase} · step {answer.steps}")
    if isinstance(answer, Refusal):
        say(f"redress: {told(answer)}")
        return Exit.REFUSED
    return Exit.DONE


def told(refusal: Refusal) -> str:
    """Word a refusal: the rule, what was wrong, what can be sent instead."""
    line = f"refused by rule {refusal.rule} ({refusal.code}) in phase {refusal.phase}: {refusal.text}"
    if refusal.allowed and "what can be sent now" not in refusal.text:
        line += f"\n  what can be sent now: {', '.join(refusal.allowed)}"
    return line
