"""Resources `notices` and `preferences`: notices in the app, read marks, notification preferences."""

from typing import Annotated, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from activities.notifications.preferences import Preferences
from activities.store.notifications import Outbox, PreferenceStore, Told
from starter.client.filing_input import faults
from starter.http.gateway.calls import AS, Call, Operation, json_response
from starter.http.gateway.problems import malformed
from starter.http.gateway.signed_requests import object_in
from workflows.values import Id
from workflows.vocabulary import STAFF

M = TypeVar("M", bound=BaseModel)

_PAGE = 50
_DIGITS = 18  # of a number that PostgreSQL can count to
_ROBOTS = frozenset({"dingtalk", "wecom", "feishu"})


class NoticeItem(BaseModel):
    """One notice in the app."""

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
    """Notices, newest first; `next` is the `before` of the following page, null at the end."""

    notices: list[NoticeItem]
    unread: int
    next: int | None


class _For(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    as_: str = Field(alias="as", description="for whom, as role:id", examples=["buyer:b-1"])


class ReadNotices(_For):
    """Keys of the notices to mark as read."""

    keys: Annotated[list[Id], Field(max_length=200)]


class MarkedNotices(BaseModel):
    """How many were marked, and how many are still unread."""

    marked: int
    unread: int


class PreferencesBody(_For):
    """Notification preferences; replace earlier ones."""

    wishes: Preferences


async def list_notices(call: Call) -> Response:
    """Return a page of notices."""
    reader, unread_only, before = call.reader, call.query.get("unread", "false"), call.query.get("before", "")
    if unread_only not in ("true", "false"):
        raise malformed("unread: write true or false")
    if before and not (before.isascii() and before.isdigit() and len(before) <= _DIGITS):
        raise malformed("before: is the number that the page before named as next")
    outbox = Outbox(call.context.pool)
    found = await outbox.of(
        reader, most=_PAGE + 1, before=int(before) if before else None, unread=unread_only == "true"
    )
    count = await outbox.unread(reader)
    await call.use_request_id()
    page = [_shown(one) for one in found[:_PAGE]]
    return json_response(NoticePage(notices=page, unread=count, next=page[-1].number if len(found) > _PAGE else None))


async def mark_read(call: Call) -> Response:
    """Mark the reader's own notices as read."""
    body = _body(call, ReadNotices)
    reader = call.speaker(body.as_)
    await call.use_request_id()
    outbox = Outbox(call.context.pool)
    marked = await outbox.read(reader, body.keys)
    return json_response(MarkedNotices(marked=marked, unread=await outbox.unread(reader)))


async def set_preferences(call: Call) -> Response:
    """Store preferences."""
    body = _body(call, PreferencesBody)
    to = call.speaker(body.as_)
    named = {*(body.wishes.channels or ()), *body.wishes.addresses} & _ROBOTS
    if named and to.role not in STAFF:
        raise malformed(f"wishes: {', '.join(sorted(named))} speak to groups of staff; choose in_app, email or sms")
    await call.use_request_id()
    await PreferenceStore(call.context.pool).keep(to, body.wishes)
    return json_response(body.wishes)


async def get_preferences(call: Call) -> Response:
    """Return preferences."""
    reader = call.reader
    wishes, _ = await PreferenceStore(call.context.pool).of(reader, "")
    await call.use_request_id()
    return json_response(wishes)


def _body(call: Call, model: type[M]) -> M:
    try:
        return model.model_validate(object_in(call.body))
    except ValidationError as wrong:
        raise malformed("; ".join(faults(wrong)[:5])) from None


def _shown(one: Told) -> NoticeItem:
    return NoticeItem(**one._asdict())


_PROBLEMS = ("not-allowed", "id-used", "refused")

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/notices",
        summary="Read what somebody was told in the app, newest first",
        signed=list_notices,
        query=AS,
        optional={"unread": "true: only what is unread", "before": "the number that the page before named as next"},
        answers={200: NoticePage},
        problems=_PROBLEMS,
    ),
    Operation(
        method="POST",
        path="/v1/notices/read",
        summary="Mark notices as read",
        signed=mark_read,
        body=ReadNotices,
        answers={200: MarkedNotices},
        problems=_PROBLEMS,
        example={"as": "buyer:b-1", "keys": ["C20261122-7K3M9Q0VWX:1:filed:buyer:b-1"]},
    ),
    Operation(
        method="PUT",
        path="/v1/preferences",
        summary="Say how somebody wishes to be told",
        description="Locale, channels in order, addresses, quiet hours (Beijing); the rest is the role's default.",
        signed=set_preferences,
        body=PreferencesBody,
        answers={200: Preferences},
        problems=_PROBLEMS,
        example={"as": "buyer:b-1", "wishes": {"locale": "en", "channels": ["email", "sms"], "quiet": "21:30-09:00"}},
    ),
    Operation(
        method="GET",
        path="/v1/preferences",
        summary="Read how somebody wishes to be told",
        signed=get_preferences,
        query=AS,
        answers={200: Preferences},
        problems=_PROBLEMS,
    ),
)
