"""Webhooks of payment providers: later reports on a movement become `payment_reported` (R6.10)."""

import hashlib
from typing import Literal

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from activities.payments.alipay.notifications import NotificationRefused
from starter.client.filing_input import faults
from starter.http.gateway.calls import Call, Operation, require_access
from starter.http.gateway.clients import Allowance
from starter.http.gateway.context import GatewayContext
from starter.http.gateway.problems import malformed, not_allowed, not_found
from starter.http.gateway.resources.messages import AcceptedRequest, accept
from starter.http.gateway.signed_requests import body_of, object_in
from workflows.answers import Code
from workflows.complaint.decoding import Unreadable, read_number
from workflows.complaint.domain.messages import PaymentReported
from workflows.inbox import Received
from workflows.parties import Party
from workflows.values import Id, ShortText, Value
from workflows.vocabulary import Role

KIND = "payment_reported"

_ALIPAY = Allowance(6000, 60)


class PaymentReport(Value):
    """A provider's report on the payment with that key."""

    payment: Id
    result: Literal["settled", "failed", "reversed"]
    reference: Id
    reason: ShortText | None = None


async def report(call: Call) -> Response:
    """Accept a provider's report on one payment."""
    try:
        word = PaymentReport.model_validate(object_in(call.body))
    except ValidationError as wrong:
        raise malformed("; ".join(faults(wrong)), rule="R6.10") from None
    message = _message(word, call.path["name"])
    if not call.client.may_say(KIND):
        raise not_allowed(f"client {call.client.id} may not send {KIND}", Code.WRONG_ROLE)
    call.may_speak_as(message.sender)
    received = _received(message, call.client.id, call.id, call.body)
    call.count(received.complaint)
    await require_access(call.context, received.complaint, message.sender)
    return await accept(call, received, message.message_id)


def report_id(movement: str, reference: str, result: str) -> str:
    """Return the message id of a report: the same report has the same id, by whatever way it comes.

    It covers movement and reference, since a provider may use one reference for several movements and vice versa.
    """
    digest = hashlib.sha256(f"{movement} {reference}".encode()).hexdigest()[:32]
    return f"payment-{digest}-{result}"


def _message(word: PaymentReport, provider: str) -> PaymentReported:
    try:
        return PaymentReported(
            kind="payment_reported",
            message_id=report_id(word.payment, word.reference, word.result),
            sender=Party(role=Role.PAYMENT, id=provider),
            movement=word.payment,
            result=word.result,
            provider_reference=word.reference,
            reason=word.reason,
        )
    except ValidationError as wrong:
        raise malformed("; ".join(faults(wrong)), rule="R6.10") from None


def _received(message: PaymentReported, client: str, request: str, body: bytes) -> Received:
    complaint = read_number(message.movement.partition(":")[0])
    if isinstance(complaint, Unreadable):
        raise malformed(f"payment: its key names no complaint ({complaint.text})", code=complaint.code)
    return Received(
        client=client,
        request=request,
        digest=hashlib.sha256(body).hexdigest(),
        complaint=complaint,
        kind=KIND,
        message=message.model_dump(mode="json", exclude_none=True),
        sender=message.sender,
    )


async def alipay(context: GatewayContext, request: Request) -> Response:
    """Accept a notification of Alipay; it is repeated until the response is `success`."""
    if context.alipay is None:
        raise not_found("nobody pays over Alipay here: set REDRESS_PAYMENT_PROVIDER")
    body = await body_of(request)
    try:
        message = context.alipay.read(body)
    except NotificationRefused as wrong:
        return PlainTextResponse(f"failure: {wrong}", 401)
    if message is not None:
        # Repeated notifications differ in time and signature, so the digest covers the decoded message.
        body = message.model_dump_json(exclude_none=True).encode()
        received = _received(message, "alipay", message.message_id, body)
        context.limits.take("alipay", _ALIPAY, context.clock(), received.complaint)
        await context.inbox.keep(received, stamp=context.stamps)
    return PlainTextResponse("success")


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/webhooks/payments/alipay",
        summary="What Alipay notifies, in its own form",
        description="The form's `sign` is Alipay's own (RSA2); it is verified first.",
        open_=alipay,
        body={"type": "object", "properties": {"sign": {"type": "string"}}, "required": ["sign"]},
        media="application/x-www-form-urlencoded",
        answers_in="text/plain",
        answers={200: None, 401: None},
        problems=("not-found", "too-slow", "too-large", "too-many"),
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/payments/{name}",
        summary="What a payment provider says later of a payment",
        signed=report,
        body=PaymentReport,
        answers={202: AcceptedRequest, 200: AcceptedRequest},
        problems=("not-allowed", "not-found", "id-used", "refused"),
    ),
)
