"""kuaidi100's pushes: a form with `param` (JSON) and `sign` (MD5); the signature is verified before decoding."""

from hashlib import md5
from hmac import compare_digest
from typing import NamedTuple
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.parcels.kuaidi100.tracks import Track, carrier_of
from activities.parcels.partners import PushUnreadable
from workflows.complaint.domain.parcels import Numbered, ParcelEvent


def signature(text: str, *secrets: str) -> str:
    """Return the signature of a text, in capitals, as a question carries it."""
    # Their scheme knows nothing else. What is forged under it can move a parcel, no money: ADR 14.
    return md5("".join((text, *secrets)).encode(), usedforsecurity=False).hexdigest().upper()


def signed(text: str, given: str, *secrets: str) -> bool:
    """Tell, in constant time, whether a text was signed; pushes are signed in small letters or capitals."""
    return compare_digest(signature(text, *secrets).encode(), given.upper().encode("utf-8", "replace"))


ACCEPTED = {"result": True, "returnCode": "200", "message": "成功"}
"""Anything else is pushed again later."""


class PushNotBelieved(Exception):  # noqa: N818 - named for what it says
    """A push that is not signed with the salt of our subscriptions; the text says so."""


class Told(NamedTuple):
    """What a push says of one parcel; `given_up` where they stop watching it although it has not arrived."""

    carrier: str
    tracking: str
    events: tuple[ParcelEvent, ...]
    given_up: bool


class _Push(BaseModel):
    model_config = ConfigDict(frozen=True)

    status: str
    com_old: str | None = Field(default=None, alias="comOld")
    last: Track = Field(alias="lastResult")


def refused(why: str) -> dict[str, object]:
    """Return the answer to a push that is not taken."""
    return {"result": False, "returnCode": "500", "message": why}


class Pushes:
    """Reads pushes that are signed with the salt of our subscriptions."""

    def __init__(self, salt: str) -> None:
        self._salt = salt

    def read(self, body: bytes) -> Told:
        """Return what a push says; raises PushNotBelieved or PushUnreadable."""
        fields = _form(body)
        if not signed(fields.get("param", ""), fields.get("sign", ""), self._salt):
            raise PushNotBelieved("its signature is not that of our subscriptions; compare the salt")
        try:
            push = _Push.model_validate_json(fields["param"])
            # Where they correct the company, the parcel is known here under the one that was given.
            known = Numbered(carrier=carrier_of(push.com_old or push.last.com), tracking=push.last.nu)
        except (ValidationError, RecursionError):
            raise PushUnreadable("param is no document of theirs") from None
        return Told(known.carrier, known.tracking, push.last.events(), push.status == "abort")


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=50)
    except ValueError:
        raise PushUnreadable("it is no form in UTF-8") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        # Two fields of one name could be verified as the one and read as the other.
        raise PushUnreadable("it names a field twice")
    return fields
