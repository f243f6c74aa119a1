"""What the partners owe us, told to the gateway until it has arrived: words on payments, and carriers' pushes."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from workers.sandbox import carriers, faults, payment_reports, payments
from workers.sandbox.calls import House, log
from workers.sandbox.carriers import PushDue
from workers.sandbox.faults import UNDONE, Mode, Partner
from workers.sandbox.funds import complaint_of
from workers.sandbox.payment_reports import Callback
from workers.sandbox.shapes import Payment, PaymentState
from workers.sandbox.webhooks import Deliver, Undeliverable

PAYMENTS = "/v1/webhooks/payments/sandbox-pay"
PROVIDER = "sandbox-pay"
"""The provider's name among the gateway's clients; a carrier's is its own."""

AT_ONCE = 20
"""Calls made side by side, so that one that waits does not hold up the others."""

SLOWEST_RETRY = 5.0
"""Seconds; the partner is a training device, so a person watching should not wait long."""


def report(payment: Payment, result: PaymentState) -> dict[str, Any]:
    """Return what the provider says of a payment; the same word is the same however often it is told."""
    said = {"payment": payment.key, "result": result, "reference": payment.reference}
    return said if payment.reason is None or result == "settled" else {**said, "reason": payment.reason}


async def keep_telling(house: House, deliver: Deliver) -> None:
    """Decide and tell what is due, for as long as the service runs."""
    while True:
        house.callback_added.clear()
        try:
            now = time.time()
            callbacks = await house.book.transact(partial(payment_reports.due, at=now, most=AT_ONCE))
            pushes = await house.book.transact(partial(carriers.due, at=now, most=AT_ONCE))
            tells = (_tell(house, deliver, callback) for callback in callbacks)
            await asyncio.gather(*tells, *(_push(house, deliver, push) for push in pushes))
            await _wait_for_the_next(house)
        except sqlite3.Error as wrong:
            log.error("callbacks_stand_still", reason=f"the book cannot be used: {wrong}", seconds=SLOWEST_RETRY)
            await asyncio.sleep(SLOWEST_RETRY)


async def _wait_for_the_next(house: House) -> None:
    due = await house.book.transact(
        lambda book: [*filter(None, (payment_reports.next_at(book), carriers.next_at(book)))]
    )
    seconds = max(min(due) - time.time(), 0) if due else None
    try:
        await asyncio.wait_for(house.callback_added.wait(), seconds)
    except TimeoutError:
        return


class _Word(NamedTuple):
    payment: Payment
    result: PaymentState
    fault: Mode | None


async def _tell(house: House, deliver: Deliver, callback: Callback) -> None:
    word = await house.book.transact(partial(_decide, callback=callback))
    said = log.bind(complaint=complaint_of(callback.key), key=callback.key, result=word.result)
    name = f"{word.payment.reference}-{word.result}"
    body = json.dumps(report(word.payment, word.result)).encode()
    state, note = await _outcome(partial(deliver, PAYMENTS, PROVIDER, name, body), word.fault)
    if state == "waiting":
        wait = _wait(house, word.fault, callback.attempts)
        said.warning("callback_postponed", reason=note, seconds=wait)
        change = partial(payment_reports.postpone, callback=callback, until=time.time() + wait, note=note)
    else:
        said.info(f"callback_{state}", reason=note)
        change = partial(payment_reports.told, callback=callback, state=state, note=note)
    await house.book.transact(change)
    house.has_told(callback.key)


def _decide(book: sqlite3.Connection, callback: Callback) -> _Word:
    result = payment_reports.take_effect(book, callback)
    payment = payments.look_up(book, callback.key)
    if payment is None:
        raise LookupError(f"the book has a callback for {callback.key} but no such payment")
    return _Word(payment, result, faults.take(book, Partner.PAYMENT, "callback", about=complaint_of(callback.key)))


async def _push(house: House, deliver: Deliver, push: PushDue) -> None:
    fault = await house.book.transact(lambda book: faults.take(book, Partner.CARRIER, "push"))
    said = log.bind(carrier=push.carrier, tracking=push.tracking, attempt=push.attempts + 1)
    path = f"/v1/webhooks/carriers/{push.carrier}"
    body = push.body.encode()
    name = f"push-{sha256(body).hexdigest()[:32]}"
    state, note = await _outcome(partial(deliver, path, push.carrier, name, body), fault)
    if state == "waiting":
        wait = _wait(house, fault, push.attempts)
        said.warning("push_postponed", reason=note, seconds=wait)
        change = partial(carriers.postpone, push=push, until=time.time() + wait, note=note)
    else:
        said.info(f"push_{state}", reason=note)
        change = partial(carriers.pushed, push=push, state=state, note=note)
    await house.book.transact(change)


def _wait(house: House, fault: Mode | None, attempts: int) -> float:
    return house.slow if fault is Mode.SLOW else min(0.25 * 2 ** min(attempts, 10), SLOWEST_RETRY)


async def _outcome(call: Callable[[], Awaitable[None]], fault: Mode | None) -> tuple[str, str]:
    try:
        await _try(call, fault)
    except Undeliverable as never:
        return "undeliverable", str(never)
    except Exception as wrong:  # noqa: BLE001  whatever stood in the way, the word is kept and told again
        return "waiting", str(wrong) or type(wrong).__name__
    return "delivered", ""


async def _try(call: Callable[[], Awaitable[None]], fault: Mode | None) -> None:
    if fault in UNDONE or fault is Mode.SLOW:
        raise ConnectionError(f"not sent, as ordered by the fault {fault}")
    await call()
    if fault is Mode.TIMEOUT_AFTER:
        raise ConnectionError("sent, but its answer is lost, as ordered by a fault")
