"""The provider's later word on a pending payment: told to the complaint as a signal until it has arrived."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workers.sandbox import faults, payments, words
from workers.sandbox.calls import House, log
from workers.sandbox.faults import UNDONE, Mode, Partner
from workers.sandbox.funds import complaint_of
from workers.sandbox.shapes import Payment, PaymentState
from workers.sandbox.words import Callback

Tell = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Tells a complaint a `payment_reported`; raises ComplaintGone if nobody will ever hear it, anything else: not yet."""

SENDER = {"role": "payment", "id": "sandbox-pay"}
AT_ONCE = 20
"""Callbacks made side by side, so that one that waits does not hold up the others."""

SLOWEST_RETRY = 5.0
"""Seconds; the partner is a training device, so a person watching should not wait long."""


class ComplaintGone(Exception):  # noqa: N818 - named as the news it brings
    """There is no such open complaint."""


def report(payment: Payment, result: PaymentState) -> dict[str, Any]:
    """Return the message `payment_reported` (contract); its id is the same however often it is told."""
    message = {
        "kind": "payment_reported",
        "message_id": f"{payment.reference}-{result}",
        "sender": SENDER,
        "movement": payment.key,
        "result": result,
        "provider_reference": payment.reference,
    }
    return message if payment.reason is None else {**message, "reason": payment.reason}


async def teller(address: str, namespace: str) -> Tell:
    """Return the way to tell complaints that run on a Temporal server, which need not be up yet."""
    client = await Client.connect(address, namespace=namespace, lazy=True)

    async def tell(complaint: str, message: dict[str, Any]) -> None:
        handle = client.get_workflow_handle(complaint)
        try:
            await handle.signal(message["kind"], message, rpc_timeout=timedelta(seconds=5))
        except RPCError as wrong:
            if wrong.status is RPCStatusCode.NOT_FOUND and not _namespace_missing(wrong):
                raise ComplaintGone(wrong.message) from None
            raise

    return tell


def _namespace_missing(wrong: RPCError) -> bool:
    return any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in wrong.grpc_status.details)


async def keep_telling(house: House, tell: Tell) -> None:
    """Decide and tell every pending payment when it is due, for as long as the service runs."""
    while True:
        house.callback_added.clear()
        try:
            due = await house.book.transact(partial(words.due, at=time.time(), most=AT_ONCE))
            await asyncio.gather(*(_make(house, tell, callback) for callback in due))
            await _wait_for_the_next(house)
        except sqlite3.Error as wrong:
            log.error("callbacks_stand_still", reason=f"the book cannot be used: {wrong}", seconds=SLOWEST_RETRY)
            await asyncio.sleep(SLOWEST_RETRY)


async def _wait_for_the_next(house: House) -> None:
    due = await house.book.transact(words.next_at)
    seconds = None if due is None else max(due - time.time(), 0)
    try:
        await asyncio.wait_for(house.callback_added.wait(), seconds)
    except TimeoutError:
        return


class _Word(NamedTuple):
    payment: Payment
    result: PaymentState
    fault: Mode | None


async def _make(house: House, tell: Tell, callback: Callback) -> None:
    word = await house.book.transact(partial(_decide, callback=callback))
    complaint = complaint_of(callback.key)
    said = log.bind(complaint=complaint, key=callback.key, result=word.result, attempt=callback.attempts + 1)
    state, note = await _outcome(tell, complaint, word)
    if state == "waiting":
        wait = house.slow if word.fault is Mode.SLOW else min(0.25 * 2 ** min(callback.attempts, 10), SLOWEST_RETRY)
        said.warning("callback_postponed", reason=note, seconds=wait)
        change = partial(words.postpone, callback=callback, until=time.time() + wait, note=note)
    else:
        said.info(f"callback_{state}", reason=note)
        change = partial(words.told, callback=callback, state=state, note=note)
    await house.book.transact(change)
    house.has_told(callback.key)


def _decide(book: sqlite3.Connection, callback: Callback) -> _Word:
    result = words.take_effect(book, callback)
    payment = payments.look_up(book, callback.key)
    if payment is None:
        raise LookupError(f"the book has a callback for {callback.key} but no such payment")
    return _Word(payment, result, faults.take(book, Partner.PAYMENT, "callback", about=complaint_of(callback.key)))


async def _outcome(tell: Tell, complaint: str, word: _Word) -> tuple[str, str]:
    try:
        await _try(tell, complaint, word)
    except ComplaintGone as gone:
        return "undeliverable", str(gone)
    except Exception as wrong:  # noqa: BLE001  whatever stood in the way, the word is kept and told again
        return "waiting", str(wrong)
    return "delivered", ""


async def _try(tell: Tell, complaint: str, word: _Word) -> None:
    if word.fault in UNDONE or word.fault is Mode.SLOW:
        raise ConnectionError(f"not sent, as ordered by the fault {word.fault}")
    await tell(complaint, report(word.payment, word.result))
    if word.fault is Mode.TIMEOUT_AFTER:
        raise ConnectionError("sent, but its answer is lost, as ordered by a fault")
