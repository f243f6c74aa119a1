"""The doors for carriers: what they push reaches every complaint that waits for it, once (R6.3, R6.4)."""

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from activities.parcels.kuaidi100.pushes import ACCEPTED, DecodedPush, PushSignatureInvalid, rejection
from activities.parcels.partners import Push, PushMalformed
from starter.http.gateway.calls import Call, Operation
from starter.http.gateway.clients import Allowance
from starter.http.gateway.context import House
from starter.http.gateway.problems import not_allowed, not_found, unread
from starter.http.gateway.signed_requests import body_of
from workflows.answers import Code
from workflows.parties import Party
from workflows.vocabulary import Role

KIND = "parcel_reported"

_AGGREGATOR = Allowance(6000, 60)
"""Requests in a minute from the one that speaks for all carriers, and about one parcel."""


class PushTaken(BaseModel):
    """What became of a push: new messages to complaints, and parcels that no complaint waits for (kept for 60 days)."""

    told: int
    parked: int


class Kuaidi100Answer(BaseModel):
    """The answer in kuaidi100's form: anything but `result` true is pushed again."""

    model_config = ConfigDict(title="Kuaidi100Answer")

    result: bool
    code: str = Field(alias="returnCode")
    message: str


async def push(call: Call) -> Response:
    """Take in what a carrier pushes of its own parcels."""
    try:
        pushed = Push.decode(call.body)
    except PushMalformed as wrong:
        raise unread(str(wrong), rule="R6.4") from None
    if pushed.carrier != call.path["name"]:
        raise not_allowed(f"this is the door of {call.path['name'][:32]!a}: push to your own", Code.WRONG_SENDER)
    if not call.client.may_say(KIND):
        raise not_allowed(f"client {call.client.id} may not send {KIND}", Code.WRONG_ROLE)
    call.may_speak_as(Party(role=Role.CARRIER, id=pushed.carrier))
    for parcel in pushed.parcels:
        call.count(parcel.tracking)
    # Heard whether it came before or not: what was cut off half-way is made whole by the same push.
    again, told, parked = await call.again(), 0, 0
    for parcel in pushed.parcels:
        heard = await call.house.parcels.heard(pushed.carrier, parcel.tracking, parcel.events)
        told, parked = told + heard.told, parked + heard.parked
    return JSONResponse(
        PushTaken(told=told, parked=parked).model_dump(), 202 if told or (parked and not again) else 200
    )


async def kuaidi100(house: House, request: Request) -> Response:
    """Take in what kuaidi100 pushes of a parcel of any carrier."""
    if house.kuaidi100 is None:
        raise not_found("kuaidi100 pushes nothing here: set REDRESS_KUAIDI100_SALT")
    body = await body_of(request)
    try:
        told = house.kuaidi100.read(body)
    except PushSignatureInvalid as forged:
        return JSONResponse(rejection(str(forged)), 401)
    except PushMalformed as wrong:
        return JSONResponse(rejection(str(wrong)), 422)
    house.limits.take("kuaidi100", _AGGREGATOR, house.clock())
    house.limits.take("kuaidi100", _AGGREGATOR, house.clock(), told.tracking)
    await _hear(house, told)
    return JSONResponse(ACCEPTED)


async def _hear(house: House, told: DecodedPush) -> None:
    if told.given_up:
        await house.parcels.unsubscribed(told.carrier, told.tracking)
    await house.parcels.heard(told.carrier, told.tracking, told.events)


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/webhooks/carriers/kuaidi100",
        summary="What kuaidi100 pushes, in its own form",
        told="The form's `sign` is the MD5 of `param` and the salt of the subscription; anything else is not believed.",
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
        told="Events may come repeated, out of order, in lists: each complaint that waits for one hears it once. "
        "The same push again, with the same webhook-id, is answered 200; 202 if a complaint waits for it by now.",
        signed=push,
        body=Push,
        answers={202: PushTaken, 200: PushTaken},
        problems=("not-allowed", "id-used", "refused"),
    ),
)
