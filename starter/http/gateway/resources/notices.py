"""The doors of the notices: what somebody was told in the app, what they have read, and how they wish to be told."""

from typing import Annotated, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from activities.notifications.preferences import Preferences
from activities.store.notifications import Outbox, Told, WishBook
from starter.client.filing_input import faults
from starter.http.gateway.calls import AS, Call, Operation, as_read
from starter.http.gateway.problems import unread
from starter.http.gateway.signed_requests import object_in
from workflows.values import Id
from workflows.vocabulary import STAFF

M = TypeVar("M", bound=BaseModel)

_PAGE = 50
_DIGITS = 18  # of a number that PostgreSQL can count to
_ROBOTS = frozenset({"dingtalk", "wecom", "feishu"})


class NoticeItem(BaseModel):
    """One notice as it stands in the app."""

    number: int
    key: str
    complaint: str
    event: str
    locale: str
    subject: str
    text: str
    at: AwareDatetime
    read_at: AwareDatetime | None


class NoticePage(BaseModel):
    """What somebody was told, newest first; `next` is the `before` of the page that follows, null at the end."""

    notices: list[NoticeItem]
    unread: int
    next: int | None


class _For(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    as_: str = Field(alias="as", description="for whom, as role:id", examples=["buyer:b-1"])


class Read(_For):
    """Which notices somebody has read, by their keys."""

    keys: Annotated[list[Id], Field(max_length=200)]


class Marked(BaseModel):
    """How many were marked now, and how many are still unread."""

    marked: int
    unread: int


class PreferencesBody(_For):
    """How somebody wishes to be told; takes the place of what they wished before."""

    wishes: Preferences


async def told(call: Call) -> Response:
    """Answer what somebody was told in the app."""
    reader, unread_only, before = call.reader, call.query.get("unread", "false"), call.query.get("before", "")
    if unread_only not in ("true", "false"):
        raise unread("unread: write true or false")
    if before and not (before.isascii() and before.isdigit() and len(before) <= _DIGITS):
        raise unread("before: is the number that the page before named as next")
    outbox = Outbox(call.house.pool)
    found = await outbox.of(
        reader, most=_PAGE + 1, before=int(before) if before else None, unread=unread_only == "true"
    )
    count = await outbox.unread(reader)
    await call.once()
    page = [_shown(one) for one in found[:_PAGE]]
    return as_read(NoticePage(notices=page, unread=count, next=page[-1].number if len(found) > _PAGE else None))


async def mark(call: Call) -> Response:
    """Mark notices as read; what somebody else was told stays as it is."""
    body = _body(call, Read)
    reader = call.speaker(body.as_)
    await call.once()
    outbox = Outbox(call.house.pool)
    marked = await outbox.read(reader, body.keys)
    return as_read(Marked(marked=marked, unread=await outbox.unread(reader)))


async def wish(call: Call) -> Response:
    """Keep how somebody wishes to be told."""
    body = _body(call, PreferencesBody)
    to = call.speaker(body.as_)
    named = {*(body.wishes.channels or ()), *body.wishes.addresses} & _ROBOTS
    if named and to.role not in STAFF:
        raise unread(f"wishes: {', '.join(sorted(named))} speak to groups of staff; choose in_app, email or sms")
    await call.once()
    await WishBook(call.house.pool).keep(to, body.wishes)
    return as_read(body.wishes)


async def wished(call: Call) -> Response:
    """Answer how somebody wishes to be told."""
    reader = call.reader
    wishes, _ = await WishBook(call.house.pool).of(reader, "")
    await call.once()
    return as_read(wishes)


def _body(call: Call, model: type[M]) -> M:
    try:
        return model.model_validate(object_in(call.body))
    except ValidationError as wrong:
        raise unread("; ".join(faults(wrong)[:5])) from None


def _shown(one: Told) -> NoticeItem:
    return NoticeItem(**one._asdict())


_PROBLEMS = ("not-allowed", "id-used", "refused")

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/notices",
        summary="Read what somebody was told in the app, newest first",
        signed=told,
        query=AS,
        optional={"unread": "true: only what is unread", "before": "the number that the page before named as next"},
        answers={200: NoticePage},
        problems=_PROBLEMS,
    ),
    Operation(
        method="POST",
        path="/v1/notices/read",
        summary="Mark notices as read",
        signed=mark,
        body=Read,
        answers={200: Marked},
        problems=_PROBLEMS,
        example={"as": "buyer:b-1", "keys": ["C20261122-7K3M9Q0VWX:1:filed:buyer:b-1"]},
    ),
    Operation(
        method="PUT",
        path="/v1/preferences",
        summary="Say how somebody wishes to be told",
        told="Locale, channels in order, addresses, quiet hours in Beijing; what is left out holds as for the role.",
        signed=wish,
        body=PreferencesBody,
        answers={200: Preferences},
        problems=_PROBLEMS,
        example={"as": "buyer:b-1", "wishes": {"locale": "en", "channels": ["email", "sms"], "quiet": "21:30-09:00"}},
    ),
    Operation(
        method="GET",
        path="/v1/preferences",
        summary="Read how somebody wishes to be told",
        signed=wished,
        query=AS,
        answers={200: Preferences},
        problems=_PROBLEMS,
    ),
)
