"""The doors for payment providers: their later word on a movement becomes `payment_reported` (R6.10)."""

import hashlib
from typing import Literal

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from activities.payments.alipay.notifications import NotificationRefused
from starter.client.filing_input import faults
from starter.http.gateway.calls import Call, Operation, require_access
from starter.http.gateway.clients import Allowance
from starter.http.gateway.context import House
from starter.http.gateway.problems import not_allowed, not_found, unread
from starter.http.gateway.resources.messages import Kept, keep
from starter.http.gateway.signed_requests import body_of, object_in
from workflows.answers import Code
from workflows.complaint.decoding import NotUnderstood, understand_number
from workflows.complaint.domain.messages import PaymentReported
from workflows.inbox import Received
from workflows.parties import Party
from workflows.values import Id, ShortText, Value
from workflows.vocabulary import Role

KIND = "payment_reported"

_ALIPAY = Allowance(6000, 60)


class PaymentWord(Value):
    """What a provider says of a payment that was asked for under that key."""

    payment: Id
    result: Literal["settled", "failed", "reversed"]
    reference: Id
    reason: ShortText | None = None


async def report(call: Call) -> Response:
    """Take in a provider's word on one payment."""
    try:
        word = PaymentWord.model_validate(object_in(call.body))
    except ValidationError as wrong:
        raise unread("; ".join(faults(wrong)), rule="R6.10") from None
    message = _message(word, call.path["name"])
    if not call.client.may_say(KIND):
        raise not_allowed(f"client {call.client.id} may not send {KIND}", Code.WRONG_ROLE)
    call.may_speak_as(message.sender)
    received = _received(message, call.client.id, call.id, call.body)
    call.count(received.complaint)
    await require_access(call.house, received.complaint, message.sender)
    return await keep(call, received, message.message_id)


def word_id(movement: str, reference: str, result: str) -> str:
    """Return the id of a provider's word on a movement: the same word is one message, whoever brings it.

    A provider may use one reference for several movements, and several for one: both belong to the word.
    """
    said = hashlib.sha256(f"{movement} {reference}".encode()).hexdigest()[:32]
    return f"payment-{said}-{result}"


def _message(word: PaymentWord, provider: str) -> PaymentReported:
    try:
        return PaymentReported(
            kind="payment_reported",
            message_id=word_id(word.payment, word.reference, word.result),
            sender=Party(role=Role.PAYMENT, id=provider),
            movement=word.payment,
            result=word.result,
            provider_reference=word.reference,
            reason=word.reason,
        )
    except ValidationError as wrong:
        raise unread("; ".join(faults(wrong)), rule="R6.10") from None


def _received(message: PaymentReported, client: str, request: str, said: bytes) -> Received:
    complaint = understand_number(message.movement.partition(":")[0])
    if isinstance(complaint, NotUnderstood):
        raise unread(f"payment: its key names no complaint ({complaint.text})", code=complaint.code)
    return Received(
        client=client,
        request=request,
        digest=hashlib.sha256(said).hexdigest(),
        complaint=complaint,
        kind=KIND,
        message=message.model_dump(mode="json", exclude_none=True),
        sender=message.sender,
    )


async def alipay(house: House, request: Request) -> Response:
    """Take in a notification of Alipay's; it is sent again until the answer is `success`."""
    if house.alipay is None:
        raise not_found("nobody pays over Alipay here: set REDRESS_PAYMENT_PROVIDER")
    body = await body_of(request)
    try:
        message = house.alipay.read(body)
    except NotificationRefused as wrong:
        return PlainTextResponse(f"failure: {wrong}", 401)
    if message is not None:
        # The same word comes with another time and signature when it is sent again: what it says is what counts.
        said = message.model_dump_json(exclude_none=True).encode()
        received = _received(message, "alipay", message.message_id, said)
        house.limits.take("alipay", _ALIPAY, house.clock(), received.complaint)
        await house.inbox.keep(received, stamp=house.stamps)
    return PlainTextResponse("success")


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/webhooks/payments/alipay",
        summary="What Alipay notifies, in its own form",
        told="The form's `sign` is Alipay's own (RSA2); anything else is not believed.",
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
        body=PaymentWord,
        answers={202: Kept, 200: Kept},
        problems=("not-allowed", "not-found", "id-used", "refused"),
    ),
)
