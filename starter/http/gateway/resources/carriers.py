"""Webhooks of carriers: each pushed event reaches every complaint that waits for it, once (R6.3, R6.4)."""

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from activities.parcels.kuaidi100.pushes import ACCEPTED, DecodedPush, PushSignatureInvalid, rejection
from activities.parcels.partners import Push, PushMalformed
from starter.http.gateway.calls import Call, Operation
from starter.http.gateway.clients import Allowance
from starter.http.gateway.context import GatewayContext
from starter.http.gateway.problems import malformed, not_allowed, not_found
from starter.http.gateway.signed_requests import body_of
from workflows.answers import Code
from workflows.parties import Party
from workflows.vocabulary import Role

KIND = "parcel_reported"

_AGGREGATOR = Allowance(6000, 60)
"""Rate limits of the aggregator: in total, and per parcel."""


class PushResult(BaseModel):
    """Result of a push: new messages to complaints, and parcels no complaint waits for (kept for 60 days)."""

    told: int
    parked: int


class Kuaidi100Answer(BaseModel):
    """Response in kuaidi100's format; unless `result` is true it is pushed again."""

    model_config = ConfigDict(title="Kuaidi100Answer")

    result: bool
    code: str = Field(alias="returnCode")
    message: str


async def push(call: Call) -> Response:
    """Accept a carrier's push about its own parcels."""
    try:
        pushed = Push.decode(call.body)
    except PushMalformed as wrong:
        raise malformed(str(wrong), rule="R6.4") from None
    if pushed.carrier != call.path["name"]:
        raise not_allowed(f"this is the door of {call.path['name'][:32]!a}: push to your own", Code.WRONG_SENDER)
    if not call.client.may_say(KIND):
        raise not_allowed(f"client {call.client.id} may not send {KIND}", Code.WRONG_ROLE)
    call.may_speak_as(Party(role=Role.CARRIER, id=pushed.carrier))
    for parcel in pushed.parcels:
        call.count(parcel.tracking)
    # A repeated push is processed too: it completes one that was interrupted.
    again, told, parked = await call.is_repeated(), 0, 0
    for parcel in pushed.parcels:
        heard = await call.context.parcels.heard(pushed.carrier, parcel.tracking, parcel.events)
        told, parked = told + heard.told, parked + heard.parked
    return JSONResponse(
        PushResult(told=told, parked=parked).model_dump(), 202 if told or (parked and not again) else 200
    )


async def kuaidi100(context: GatewayContext, request: Request) -> Response:
    """Accept a push of kuaidi100 about any carrier's parcel."""
    if context.kuaidi100 is None:
        raise not_found("kuaidi100 pushes nothing here: set REDRESS_KUAIDI100_SALT")
    body = await body_of(request)
    try:
        decoded = context.kuaidi100.read(body)
    except PushSignatureInvalid as forged:
        return JSONResponse(rejection(str(forged)), 401)
    except PushMalformed as wrong:
        return JSONResponse(rejection(str(wrong)), 422)
    context.limits.take("kuaidi100", _AGGREGATOR, context.clock())
    context.limits.take("kuaidi100", _AGGREGATOR, context.clock(), decoded.tracking)
    await _accept(context, decoded)
    return JSONResponse(ACCEPTED)


async def _accept(context: GatewayContext, push: DecodedPush) -> None:
    if push.given_up:
        await context.parcels.unsubscribed(push.carrier, push.tracking)
    await context.parcels.heard(push.carrier, push.tracking, push.events)


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/webhooks/carriers/kuaidi100",
        summary="What kuaidi100 pushes, in its own form",
        description="The form's `sign` is the MD5 of `param` and the salt of the subscription; it is verified first.",
        open_=kuaidi100,
        body={
            "type": "object",
            "properties": {"param": {"type": "string"}, "sign": {"type": "string"}},
            "required": ["param", "sign"],
        },
        media="application/x-www-form-urlencoded",
        answers={200: Kuaidi100Answer, 401: Kuaidi100Answer, 422: Kuaidi100Answer},
        problems=("not-found", "too-slow", "too-large", "too-many"),
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/carriers/{name}",
        summary="What a carrier pushes of its own parcels",
        description="Events may be repeated, out of order, in lists: each complaint that waits for one gets it once. "
        "The same push again, with the same webhook-id, is answered 200; 202 if a complaint waits for it by now.",
        signed=push,
        body=Push,
        answers={202: PushResult, 200: PushResult},
        problems=("not-allowed", "id-used", "refused"),
    ),
)
