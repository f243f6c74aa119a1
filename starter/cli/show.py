"""`redress show`, `timeline` and `why-due`: one complaint, from the case itself or from the record."""

# ruff: noqa: D417 - `common` is explained to people option by option

from starter.cli import session
from starter.cli.case_text import told, told_unread
from starter.cli.tables import Column, table
from starter.terminal import PLAIN, Common, out, print_json, say, when, words
from workflows.complaint.domain.why_due import WhyDue
from workflows.complaint.views.timeline import StepView
from workflows.vocabulary import Phase


async def show(complaint: str, /, *, common: Common = PLAIN) -> int:
    """Show a complaint: phase, who must do what by when and what otherwise, offer, ruling, money.

    Parameters
    ----------
    complaint
        The complaint's number.

    """
    async with session.complaints(common, complaint) as (client, where):
        seen = await client.view(complaint)
        steps = await client.timeline(complaint) if seen.view.phase is Phase.CLOSED else ()
        not_heard = await client.not_heard(complaint)
    if seen.why_record:
        say(f"from the record, because: {seen.why_record}")
    if common.json:
        print_json(seen.view)
        return 0
    for line in told_unread(seen.view, seen.unread) if seen.unread else told(seen.view):
        out(line)
    if ended := [step for step in steps if step.event == "closed"]:
        out(f"\nclosed {when(ended[-1].at)} ({ended[-1].rule}): {ended[-1].reason}")
    for line in not_heard:
        out(f"\n{line}")
    if link := where.link(complaint):
        out(f"\nin the web UI: {link}")
    return 0


async def timeline(complaint: str, /, *, common: Common = PLAIN) -> int:
    """Show what happened to a complaint, by whom and by which rule.

    Parameters
    ----------
    complaint
        The complaint's number.

    """
    async with session.complaints(common, complaint) as (client, _):
        seen = await client.view(complaint)  # says whether there is such a complaint
        steps = await client.timeline(complaint)
        of_many = await client.told_to_many(steps)
    if common.json:
        print_json(steps)
        return 0
    if seen.unread:
        for line in told_unread(seen.view, seen.unread):
            out(line)
        return 0
    table(_COLUMNS, map(_row, steps))
    for one in of_many:
        out(f"\n{words(one.kind)} by {one.sender_role}:{one.sender_id} was told to many, because: {one.reason}")
    return 0


_COLUMNS = (
    Column("#"),
    Column("when (Beijing)"),
    Column("who"),
    Column("event"),
    Column("phase", spare=2),
    Column("rule"),
    Column("reason", text=True),
    Column("yuan", spare=1),
)


def _row(step: StepView) -> tuple[str, ...]:
    who = f"{step.role}:{step.actor}" if step.role != step.actor else step.actor
    amount = str(step.amount) if step.amount else ""
    return (
        str(step.number),
        when(step.at),
        who,
        words(step.event),
        words(step.phase),
        step.rule,
        step.reason or "",
        amount,
    )


async def why_due(complaint: str, /, *, common: Common = PLAIN) -> int:
    """Explain every deadline of a complaint: start, working days counted and skipped, result.

    Parameters
    ----------
    complaint
        The complaint's number.

    """
    async with session.complaints(common, complaint) as (client, _):
        explained = await client.why_due(complaint)
    if common.json:
        print_json(explained)
        return 0
    for one in explained:
        _explain(one)
    return 0


def _explain(one: WhyDue) -> None:
    about = f" ({one.subject})" if one.subject else ""
    out(f"{one.rule} {one.act}{about}, else {one.otherwise}: {one.state}")
    for line in one.lines:
        out(f"    {line}")
