"""The partners' side of the wire: order system, payment provider and notice sink, as the adapters call them."""

import sqlite3
from functools import partial

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workers.sandbox import faults, funds, payments, records
from workers.sandbox.calls import Problem, answer, house_of, log, misbehave, parsed, read, signed_body
from workers.sandbox.faults import Mode, Partner
from workers.sandbox.funds import complaint_of
from workers.sandbox.payments import KeyReused, Sent
from workers.sandbox.shapes import Available, NoticeSent, PaymentRequest, Wanted, places
from workflows.values import Value

PAYMENT_STATUS = {"settled": 200, "pending": 202, "declined": 402, "failed": 402, "reversed": 200}
"""How `POST /payments` answers; a look-up answers 200 with the state in the body."""


class Delivered(Value):
    """The sink's answer; `first` is False when the notice had arrived before."""

    key: str
    first: bool


async def order_line(request: Request) -> Response:
    """`GET /orders/{order_id}/lines/{line}`: the facts of an order line, or 404 `no_such_line`."""
    order_id, line = str(request.path_params["order_id"]), int(request.path_params["line"])

    def work(book: sqlite3.Connection) -> Value | None:
        # A number beyond SQLite's integers is certainly no line.
        return records.order_line(book, order_id, line) if line < 2**63 else None

    fault, found = await house_of(request).book.transact(lambda book: faults.under(book, Partner.ORDERS, "line", work))
    log.info("order_line", order_id=order_id, line=line, found=found is not None, fault=fault)
    await misbehave(request, fault)
    if found is None:
        raise Problem(404, "no_such_line", f"there is no line {line} of order {order_id}")
    return answer(found)


async def seller(request: Request) -> Response:
    """`GET /sellers/{seller_id}`: a seller's deposit, or 404 `no_such_seller`."""
    seller_id = str(request.path_params["seller_id"])
    found = await house_of(request).book.transact(lambda book: records.seller(book, seller_id))
    if found is None:
        raise Problem(404, "no_such_seller", f"there is no seller {seller_id}")
    return answer(found)


async def pay(request: Request) -> Response:
    """`POST /payments`: one payment per key; 409 `key_reused` if the key stands for another one."""
    order = parsed(await signed_body(request), PaymentRequest)
    if request.headers.get("idempotency-key") != order.key:
        raise Problem(422, "invalid", "the header Idempotency-Key must be the same as key in the body")
    house = house_of(request)
    try:
        sent: Sent = await house.book.transact(
            partial(payments.send, request=order, callback_after=house.callback_after)
        )
    except KeyReused as wrong:
        raise Problem(409, "key_reused", str(wrong)) from None
    _say(order, sent)
    if sent.new:
        house.callback_added.set()
    await misbehave(request, sent.fault)
    if sent.new and sent.fault is Mode.CALLBACK_FIRST:
        await house.until_told(order.key)
    if sent.payment is None:
        raise Problem(500, "broken", "the payment was not made")
    return answer(sent.payment, PAYMENT_STATUS[sent.payment.state])


def _say(order: PaymentRequest, sent: Sent) -> None:
    state = sent.payment.state if sent.payment else "nothing done"
    complaint = complaint_of(order.key)
    log.info("payment", complaint=complaint, key=order.key, state=state, new=sent.new, fault=sent.fault)


async def look_up(request: Request) -> Response:
    """`GET /payments/{key}`: the payment as it stands, or 404 `no_such_payment`."""
    await signed_body(request)
    key = str(request.path_params["key"])
    fault, found = await house_of(request).book.transact(
        lambda book: faults.under(
            book, Partner.PAYMENT, "look_up", lambda book: payments.look_up(book, key), complaint_of(key)
        )
    )
    state = found.state if found else None
    log.info("payment_look_up", complaint=complaint_of(key), key=key, state=state, fault=fault)
    await misbehave(request, fault)
    if found is None:
        raise Problem(404, "no_such_payment", f"there is no payment with the key {key}")
    return answer(found)


async def cover(request: Request) -> Response:
    """`GET /cover/{seller_id}/{order_id}/{line}`: what the seller's money could give for the line, null if unknown."""
    await signed_body(request)
    seller_id, order_id = str(request.path_params["seller_id"]), str(request.path_params["order_id"])
    line = int(request.path_params["line"])
    fault, found = await house_of(request).book.transact(
        lambda book: faults.under(
            book, Partner.PAYMENT, "cover", lambda book: funds.available(book, seller_id, order_id, line)
        )
    )
    await misbehave(request, fault)
    return answer(Available(available=found))


async def book(request: Request) -> Response:
    """`GET /payments[?complaint=C&since=T&until=T&after=N&limit=M]`: a page of the book, as changed in that time."""
    await signed_body(request)
    try:
        wanted = Wanted.model_validate_strings(dict(request.query_params))
    except ValidationError as wrong:
        raise Problem(422, "invalid", places(wrong)) from None
    fault, found = await house_of(request).book.transact(
        lambda book: faults.under(
            book, Partner.PAYMENT, "book", lambda book: payments.page(book, wanted), wanted.complaint
        )
    )
    log.info("book", complaint=wanted.complaint, after=wanted.after, fault=fault)
    await misbehave(request, fault)
    return answer(found or [])


async def deliver(request: Request) -> Response:
    """`POST /notices`: into the recipient's inbox, once per key; 201, or 200 if it had arrived before."""
    notice = (await read(request, NoticeSent)).kept
    operation = "sms" if notice.channel == "sms" else "deliver"

    def work(book: sqlite3.Connection) -> tuple[Mode | None, bool]:
        fault = faults.take(book, Partner.NOTICES, operation, faults.REPERTOIRE[Partner.NOTICES][operation])
        undone = fault in faults.UNDONE or fault is Mode.DECLINED
        return fault, not undone and records.deliver(book, notice)

    fault, first = await house_of(request).book.transact(work)
    log.info("notice", key=notice.key, channel=notice.channel, to=str(notice.to), first=first, fault=fault)
    await misbehave(request, fault)
    if fault is Mode.DECLINED:
        raise Problem(422, "recipient_unreachable", "nobody is reached there")
    return answer(Delivered(key=notice.key, first=first), 201 if first else 200)


ROUTES = [
    Route("/orders/{order_id:path}/lines/{line:int}", order_line),
    Route("/sellers/{seller_id:path}", seller),
    Route("/payments", pay, methods=["POST"]),
    Route("/payments", book),
    Route("/payments/{key:path}", look_up),
    Route("/cover/{seller_id}/{order_id:path}/{line:int}", cover),
    Route("/notices", deliver, methods=["POST"]),
]
