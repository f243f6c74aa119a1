"""Problem responses (RFC 9457, `application/problem+json`), of the closed list in `starter/client/error_mapping.py`."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from starter.client.error_mapping import PROBLEM_TYPES
from workflows.answers import Code, Refusal

MEDIA_TYPE = "application/problem+json"


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
        return PROBLEM_TYPES[self.name].status

    def body(self) -> dict[str, Any]:
        """Return what goes over the wire."""
        known = PROBLEM_TYPES[self.name]
        return {
            "type": f"urn:redress:problem:{self.name}",
            "title": known.title,
            "status": known.status,
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
