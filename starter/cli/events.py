"""`redress events`: dead letters of partner events, and their replay."""

# ruff: noqa: D417 - `common` is explained to people option by option

import asyncio
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from temporalio.client import Client

from activities.partner_events.publishing import start_delivery
from activities.store.case_files import MOST
from activities.store.partner_events import DeadLetter, DeadLetters
from starter.cli import session
from starter.cli.tables import Column, table
from starter.client import connection
from starter.client.endpoints import find
from starter.client.errors import Exit, NotFound, RefusedByRule, WrongUse
from starter.terminal import PLAIN, Common, out, print_json, say, when, words

_COLUMNS = (
    Column("id"),
    Column("subscription"),
    Column("complaint"),
    Column("#", spare=1),
    Column("event"),
    Column("written (Beijing)", spare=3),
    Column("given up (Beijing)", spare=2),
    Column("tries", spare=4),
    Column("the receiver", text=True),
)


async def dead_letters(
    *,
    subscription: str | None = None,
    complaint: str | None = None,
    limit: int = 100,
    common: Common = PLAIN,
) -> int:
    """List the events that no receiver took within a day, the oldest first.

    Parameters
    ----------
    subscription
        Only those of this client.
    complaint
        Only those of this complaint.
    limit
        How many at most, 1 to 1000.

    """
    session.number(common, complaint)
    if not 1 <= limit <= MOST:
        raise WrongUse(f"--limit {limit}: give a number from 1 to {MOST}")
    async with connection.files(find()) as files:
        letters = DeadLetters(files.pool)
        await _must_be_known(letters, subscription)
        found = await letters.list(subscription, complaint, limit)
    if common.json:
        print_json([_data(one) for one in found])
        return Exit.DONE
    if not found:
        say("nothing found: every event was taken, or is on its way")
        return Exit.DONE
    table(_COLUMNS, map(_row, found))
    if len(found) == limit:
        say(f"the first {limit}; there may be more: raise --limit or narrow the list")
    return Exit.DONE


async def replay(
    event: str | None = None,
    /,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative=())] = False,
    subscription: str | None = None,
    complaint: str | None = None,
    common: Common = PLAIN,
) -> int:
    """Let dead letters be tried for another day, each complaint's in their order and under their old ids.

    Parameters
    ----------
    event
        The id of one, as `redress events dead-letters` shows it.
    all_
        All of them, or all that --subscription and --complaint leave.
    subscription
        Only those of this client.
    complaint
        Only those of this complaint.

    """
    session.number(common, complaint)
    if (event is not None) is all_ or (event and (subscription or complaint)):
        raise WrongUse("say which: the id of one, or --all, which --subscription and --complaint narrow")
    async with connection.both(find()) as (client, files):
        letters = DeadLetters(files.pool)
        await _must_be_known(letters, subscription)
        await _must_be_dead(letters, event)
        revived = await letters.revive(event=event, subscription=subscription, complaint=complaint)
        started = await _started(client, letters, subscription, complaint)
    if common.json:
        print_json({"replayed": revived, "deliveries": started})
    else:
        out(f"{revived} events are tried for another day, in {started} deliveries under way")
    return Exit.DONE


async def _must_be_known(letters: DeadLetters, subscription: str | None) -> None:
    if subscription is None or subscription in (known := await letters.subscriptions()):
        return
    there_are = f"there are: {', '.join(known)}" if known else "nobody has any yet"
    raise NotFound(f"there are no events for a subscription {subscription[:64]}; {there_are}")


async def _must_be_dead(letters: DeadLetters, event: str | None) -> None:
    if event is None:
        return
    state = await letters.state(event)
    if state is None:
        raise NotFound(f"there is no event {event[:64]}: see `redress events dead-letters`")
    if state == "delivered":
        raise RefusedByRule(f"event {event} was delivered: what a receiver took is not sent again")


async def _started(client: Client, letters: DeadLetters, subscription: str | None, complaint: str | None) -> int:
    """Start every pending delivery, those of an interrupted replay included."""
    streams = await letters.running(subscription, complaint)
    await asyncio.gather(*(start_delivery(client, stream) for stream in streams))
    return len(streams)


def _row(one: DeadLetter) -> Sequence[str]:
    return (
        one.id, one.subscription, one.complaint, str(one.sequence), words(one.event), when(one.written_at),
        when(one.ended_at), str(one.attempts), one.failure or "",
    )  # fmt: skip


def _data(one: DeadLetter) -> dict[str, object]:
    data = one._asdict() | {"written_at": one.written_at.isoformat(), "given_up_at": one.ended_at.isoformat()}
    del data["ended_at"]
    return data
