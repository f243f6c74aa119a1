"""The operator's side of the wire: put orders and sellers in, read the books, order faults."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workers.sandbox import faults, payment_reports, payments, records
from workers.sandbox.calls import Problem, answer, body_text, house_of, log, read
from workers.sandbox.faults import FaultOrder
from workers.sandbox.funds import complaint_of
from workers.sandbox.payment_reports import NotSettled
from workers.sandbox.shapes import Reversal, read_orders, read_sellers
from workflows.parties import Party
from workflows.vocabulary import Role


async def put_orders(request: Request) -> Response:
    """`PUT /sandbox/orders`: one order line, an array or JSON lines; all are taken or, with a 422, none."""
    orders = read_orders(await body_text(request))
    await house_of(request).book.transact(lambda book: records.put_orders(book, orders))
    log.info("orders_put", count=len(orders))
    return JSONResponse({"put": len(orders)})


async def put_sellers(request: Request) -> Response:
    """`PUT /sandbox/sellers`: one seller, an array or JSON lines; all are taken or, with a 422, none."""
    sellers = read_sellers(await body_text(request))
    await house_of(request).book.transact(lambda book: records.put_sellers(book, sellers))
    log.info("sellers_put", count=len(sellers))
    return JSONResponse({"put": len(sellers)})


async def show_book(request: Request) -> Response:
    """`GET /sandbox/book[?complaint=C]`: the payment provider's own book."""
    complaint = request.query_params.get("complaint")
    return answer(await house_of(request).book.transact(lambda book: payments.payments(book, complaint)))


async def show_inbox(request: Request) -> Response:
    """`GET /sandbox/inbox[?to=ROLE:ID]`: the notices that arrived."""
    to = request.query_params.get("to")
    recipient = None if to is None else _recipient(to)
    return answer(await house_of(request).book.transact(lambda book: records.inbox(book, recipient)))


def _recipient(text: str) -> Party:
    role, _, name = text.partition(":")
    try:
        return Party(role=Role(role), id=name)
    except ValueError:
        roles = ", ".join(Role)
        raise Problem(422, "invalid", f"to must be ROLE:ID such as buyer:b-1; the roles are {roles}") from None


async def order_fault(request: Request) -> Response:
    """`POST /sandbox/faults`: the next calls of a partner misbehave; 201 with the fault as it was understood."""
    order = await read(request, FaultOrder)
    put = await house_of(request).book.transact(lambda book: faults.put(book, order))
    log.info("fault_ordered", partner=put.partner, **put.model_dump(exclude={"partner", "number"}))
    return answer(put, 201)


async def show_faults(request: Request) -> Response:
    """`GET /sandbox/faults`: the faults that still wait for calls."""
    return answer(await house_of(request).book.transact(faults.left))


async def reverse(request: Request) -> Response:
    """`POST /sandbox/reversals` `{key}`: take a settled payment back and tell its complaint; 404, 409 `not_settled`."""
    reversal, house = await read(request, Reversal), house_of(request)
    try:
        found = await house.book.transact(lambda book: payment_reports.reverse(book, reversal.key))
    except NotSettled as wrong:
        raise Problem(409, "not_settled", str(wrong)) from None
    if not found:
        raise Problem(404, "no_such_payment", f"there is no payment with the key {reversal.key}")
    house.callback_added.set()
    log.info("reversed", complaint=complaint_of(reversal.key), key=reversal.key)
    payment = await house.book.transact(lambda book: payments.look_up(book, reversal.key))
    return answer(payment or [])


async def health(request: Request) -> Response:
    """`GET /health`: 200 once the book answers."""
    await house_of(request).book.transact(lambda book: book.execute("SELECT 1").fetchone())
    return JSONResponse({"healthy": True})


ROUTES = [
    Route("/sandbox/orders", put_orders, methods=["PUT"]),
    Route("/sandbox/sellers", put_sellers, methods=["PUT"]),
    Route("/sandbox/book", show_book),
    Route("/sandbox/inbox", show_inbox),
    Route("/sandbox/faults", order_fault, methods=["POST"]),
    Route("/sandbox/faults", show_faults),
    Route("/sandbox/reversals", reverse, methods=["POST"]),
    Route("/health", health),
]
