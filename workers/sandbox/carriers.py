"""The carriers' side of the wire and of the book: subscriptions, what happened to parcels, and what is pushed of it."""

import json
import sqlite3
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workers.sandbox import faults
from workers.sandbox.calls import Problem, answer, house_of, log, misbehave, read
from workers.sandbox.faults import Mode, Partner
from workers.sandbox.shapes import Happening, Tracked
from workflows.complaint.domain.parcels import Numbered, ParcelEvent

_REPEATS = 5


class PushDue(NamedTuple):
    """A push that its carrier owes; the body is the same however often it is tried."""

    number: int
    carrier: str
    tracking: str
    body: str
    attempts: int


# -- the book ------------------------------------------------------------------------------------------------------


def subscribed(book: sqlite3.Connection, parcel: Numbered) -> bool:
    """Watch a parcel, and owe the word of what is known already; False if it was watched before."""
    done = book.execute(
        "INSERT INTO subscriptions (carrier, tracking) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (parcel.carrier, parcel.tracking),
    )
    known = tracked(book, parcel)
    if done.rowcount and known:
        _owe(book, known)
    return bool(done.rowcount)


def happened(book: sqlite3.Connection, happening: Happening) -> Tracked:
    """Write down what happened to a parcel; whoever subscribed is owed the word of it. Again it is nothing new."""
    at = happening.at or datetime.now(UTC)
    done = book.execute(
        "INSERT INTO parcel_events (carrier, tracking, event, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (happening.carrier, happening.tracking, happening.event, at.isoformat()),
    )
    known = tracked(book, happening)
    assert known is not None, "it has just been written"  # noqa: S101
    watched = book.execute(
        "SELECT 1 FROM subscriptions WHERE carrier = ? AND tracking = ?", (happening.carrier, happening.tracking)
    )
    if done.rowcount and watched.fetchone():
        _owe(book, known)
    return known


def tracked(book: sqlite3.Connection, parcel: Numbered) -> Tracked | None:
    """Return what is known of a parcel; None if its carrier has never seen it."""
    rows = book.execute(
        "SELECT event, at FROM parcel_events WHERE carrier = ? AND tracking = ? ORDER BY number",
        (parcel.carrier, parcel.tracking),
    ).fetchall()
    events = tuple(ParcelEvent(event=event, at=datetime.fromisoformat(at)) for event, at in rows)
    return Tracked(carrier=parcel.carrier, tracking=parcel.tracking, events=events) if events else None


def _owe(book: sqlite3.Connection, known: Tracked) -> None:
    """Owe the word of a parcel, the whole of it and newest first, as aggregators push."""
    fault = faults.take(book, Partner.CARRIER, "push", (Mode.DECLINED, Mode.CALLBACK_REPEATED))
    if fault is Mode.DECLINED:
        return
    events = [one.model_dump(mode="json") for one in reversed(known.events)]
    body = {"carrier": known.carrier, "parcels": [{"tracking": known.tracking, "events": events}]}
    book.execute(
        "INSERT INTO pushes (carrier, tracking, body, state, due, times) VALUES (?, ?, ?, 'waiting', ?, ?)",
        (known.carrier, known.tracking, json.dumps(body), time.time(), _REPEATS if fault else 1),
    )


def due(book: sqlite3.Connection, at: float, most: int) -> list[PushDue]:
    """Return at most so many pushes to be made by that instant (seconds since 1970), earliest first."""
    rows: Iterable[tuple[int, str, str, str, int]] = book.execute(
        "SELECT number, carrier, tracking, body, attempts FROM pushes WHERE state = 'waiting' AND due <= ?"
        " ORDER BY due LIMIT ?",
        (at, most),
    )
    return [PushDue(*row) for row in rows]


def next_at(book: sqlite3.Connection) -> float | None:
    """Return when the next push is due (seconds since 1970); None if none waits."""
    (instant,) = book.execute("SELECT min(due) FROM pushes WHERE state = 'waiting'").fetchone()
    return None if instant is None else float(instant)


def postpone(book: sqlite3.Connection, push: PushDue, until: float, note: str) -> None:
    """Try a push again at that instant (seconds since 1970); the note says why it did not arrive."""
    book.execute(
        "UPDATE pushes SET due = ?, attempts = attempts + 1, note = ? WHERE number = ?", (until, note, push.number)
    )


def pushed(book: sqlite3.Connection, push: PushDue, state: str, note: str) -> None:
    """Write down that a push was `delivered`, which some are several times, or is `undeliverable` and why."""
    again = book.execute(
        "UPDATE pushes SET times = times - 1, attempts = attempts + 1 WHERE number = ? AND times > 1 AND ?",
        (push.number, state == "delivered"),
    )
    if not again.rowcount:
        book.execute(
            "UPDATE pushes SET state = ?, attempts = attempts + 1, note = ? WHERE number = ?",
            (state, note, push.number),
        )


# -- the wire ------------------------------------------------------------------------------------------------------


async def subscribe(request: Request) -> Response:
    """`POST /subscriptions` `{carrier, tracking}`: push every event of a parcel from now on; 201, or 200 if known."""
    wanted, house = await read(request, Numbered), house_of(request)
    fault, new = await house.book.transact(
        lambda book: faults.under(book, Partner.CARRIER, "subscribe", lambda book: subscribed(book, wanted))
    )
    log.info("subscription", carrier=wanted.carrier, tracking=wanted.tracking, new=new, fault=fault)
    house.callback_added.set()
    await misbehave(request, fault)
    return answer(wanted, 201 if new else 200)


async def look_up(request: Request) -> Response:
    """`GET /parcels/{carrier}/{tracking}`: what happened to a parcel, or 404 `no_such_parcel`."""
    wanted = Numbered.model_construct(**request.path_params)
    fault, found = await house_of(request).book.transact(
        lambda book: faults.under(book, Partner.CARRIER, "look_up", lambda book: tracked(book, wanted))
    )
    log.info("parcel", carrier=wanted.carrier, tracking=wanted.tracking, found=found is not None, fault=fault)
    await misbehave(request, fault)
    if found is None:
        raise Problem(404, "no_such_parcel", f"{wanted.carrier} knows no parcel {wanted.tracking}")
    return answer(found)


async def happen(request: Request) -> Response:
    """`POST /sandbox/parcels` `{carrier, tracking, event, at?}`: let something happen; answers all that is known."""
    happening, house = await read(request, Happening), house_of(request)
    known = await house.book.transact(lambda book: happened(book, happening))
    house.callback_added.set()
    log.info("parcel_event", carrier=known.carrier, tracking=known.tracking, parcel_event=happening.event)
    return answer(known)


ROUTES = [
    Route("/subscriptions", subscribe, methods=["POST"]),
    Route("/parcels/{carrier}/{tracking:path}", look_up),
    Route("/sandbox/parcels", happen, methods=["POST"]),
]
