"""What is answered when something is not done: problem+json (RFC 9457), from a closed list of types."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from workflows.answers import Code, Refusal

MEDIA_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """One type of problem: its status and its title, which never change."""

    status: int
    title: str


KINDS = {
    "not-http": Kind(400, "The request is not HTTP as we read it"),
    "not-signed": Kind(401, "The request is not signed as one of our clients would"),
    "not-allowed": Kind(403, "The client may not say this"),
    "not-found": Kind(404, "There is nothing here for you"),
    "no-such-method": Kind(405, "This door knows another method"),
    "too-slow": Kind(408, "The request took too long to arrive"),
    "id-used": Kind(409, "The id was used before, for something else"),
    "too-large": Kind(413, "The body is too large"),
    "refused": Kind(422, "The message was refused"),
    "too-many": Kind(429, "Too many requests"),
    "our-fault": Kind(500, "A fault of ours"),
    "not-now": Kind(503, "It cannot be taken in just now"),
}
"""The closed list; on the wire each is `urn:redress:problem:<name>`."""


class ProblemBody(BaseModel):
    """A problem as it goes over the wire; the last five only with a refusal, as the contract has them."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="urn:redress:problem:<name>, one of a closed list")
    title: str
    status: int
    detail: str = Field(description="what was wrong, and what to do")
    accepted: bool | None = Field(default=None, description="false: refused")
    code: str | None = None
    rule: str | None = None
    phase: str | None = None
    allowed: list[str] | None = None
    text: str | None = None


class Problem(Exception):  # noqa: N818 - named as the news it brings
    """An answer other than done: the name of its type, and a sentence that says what to do."""

    def __init__(
        self, name: str, detail: str, *, headers: Mapping[str, str] | None = None, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.name, self.detail = name, detail
        self.headers, self.more = dict(headers or {}), dict(more or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.name].status

    def body(self) -> dict[str, Any]:
        """Return what goes over the wire."""
        kind = KINDS[self.name]
        return {
            "type": f"urn:redress:problem:{self.name}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            **self.more,
        }

    def response(self) -> JSONResponse:
        """Return the answer."""
        return JSONResponse(self.body(), self.status, self.headers, media_type=MEDIA_TYPE)


def refused(refusal: Refusal) -> Problem:
    """Answer with a refusal of the contract."""
    return Problem("refused", refusal.text, more=refusal.model_dump(mode="json"))


def unread(text: str, *, code: str = "malformed", rule: str = "R11.1") -> Problem:
    """Answer for what cannot be read, before anything is known of a complaint."""
    return Problem("refused", text, more={"accepted": False, "code": code, "rule": rule, "allowed": [], "text": text})


def not_allowed(detail: str, code: Code) -> Problem:
    """Answer for what a client may not say, or not for them."""
    return Problem("not-allowed", detail, more={"accepted": False, "code": code})


def not_signed(detail: str) -> Problem:
    """Answer for a request that is not believed."""
    return Problem("not-signed", detail, headers={"WWW-Authenticate": 'StandardWebhooks realm="redress"'})


def not_found(detail: str = "there is no such thing here, or it is not yours: check number and id") -> Problem:
    """Answer for what is not there, and for what is somebody else's: nobody can tell which."""
    return Problem("not-found", detail)


def not_now(detail: str, seconds: int = 2) -> Problem:
    """Answer while a backend is away: nothing was taken in, so it is sent again."""
    return Problem("not-now", detail, headers={"Retry-After": str(seconds)})
