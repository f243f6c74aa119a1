"""Problem responses (RFC 9457, `application/problem+json`), of the closed list in `starter/client/error_mapping.py`."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from starter.client.error_mapping import PROBLEM_TYPES
from starter.client.errors import ClientError
from workflows.answers import Code, Refusal

MEDIA_TYPE = "application/problem+json"


class ProblemBody(BaseModel):
    """Body of a problem response; the last six only for refusals (contract)."""

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


class Problem(ClientError):  # noqa: N818 - as RFC 9457 calls it
    """A problem response: the name of its type, and a detail that says what to do."""

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
        """Return the response body."""
        known = PROBLEM_TYPES[self.name]
        return {
            "type": f"urn:redress:problem:{self.name}",
            "title": known.title,
            "status": known.status,
            "detail": self.detail,
            **self.more,
        }

    def response(self) -> JSONResponse:
        """Return the response."""
        return JSONResponse(self.body(), self.status, self.headers, media_type=MEDIA_TYPE)


def refused(refusal: Refusal) -> Problem:
    """Answer with a refusal of the contract."""
    return Problem("refused", refusal.text, more=refusal.model_dump(mode="json"))


def malformed(text: str, *, code: str = "malformed", rule: str = "R11.1") -> Problem:
    """Return a refusal of malformed input."""
    return Problem("refused", text, more={"accepted": False, "code": code, "rule": rule, "allowed": [], "text": text})


def not_allowed(detail: str, code: Code) -> Problem:
    """Return a 403 problem: the client may not send this, or not for that party."""
    return Problem("not-allowed", detail, more={"accepted": False, "code": code})


def unauthenticated(detail: str) -> Problem:
    """Return a 401 problem: signature missing or invalid."""
    return Problem("not-signed", detail, headers={"WWW-Authenticate": 'StandardWebhooks realm="redress"'})


def not_found(detail: str = "there is no such thing here, or it is not yours: check number and id") -> Problem:
    """Return a 404 problem, the same for missing and for inaccessible resources."""
    return Problem("not-found", detail)


def unavailable(detail: str, seconds: int = 2) -> Problem:
    """Return a 503 problem with Retry-After: a backend is unreachable, nothing was accepted."""
    return Problem("not-now", detail, headers={"Retry-After": str(seconds)})
