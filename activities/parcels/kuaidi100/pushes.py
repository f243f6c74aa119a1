"""kuaidi100's pushes: a form with `param` (JSON) and `sign` (MD5); the signature is verified before decoding."""

from hashlib import md5
from hmac import compare_digest
from typing import NamedTuple
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.errors import ActivitiesError
from activities.parcels.kuaidi100.tracks import Track, carrier_of
from activities.parcels.partners import PushMalformed
from workflows.complaint.domain.parcels import Numbered, ParcelEvent


def signature(text: str, *secrets: str) -> str:
    """Return the signature of a request, in upper case."""
    # MD5 is all that their scheme offers. A forged push can change a parcel's state but move no money: ADR 14.
    return md5("".join((text, *secrets)).encode(), usedforsecurity=False).hexdigest().upper()


def signed(text: str, given: str, *secrets: str) -> bool:
    """Verify a signature in constant time; case-insensitive."""
    return compare_digest(signature(text, *secrets).encode(), given.upper().encode("utf-8", "replace"))


ACCEPTED = {"result": True, "returnCode": "200", "message": "成功"}
"""The answer to an accepted push; after any other answer it is pushed again."""


class PushSignatureInvalid(ActivitiesError):  # noqa: N818 - pairs with PushMalformed
    """A push that is not signed with the salt of our subscriptions."""


class DecodedPush(NamedTuple):
    """Events of one parcel; `given_up`: kuaidi100 has ended the subscription before delivery."""

    carrier: str
    tracking: str
    events: tuple[ParcelEvent, ...]
    given_up: bool


class _Push(BaseModel):
    model_config = ConfigDict(frozen=True)

    status: str
    com_old: str | None = Field(default=None, alias="comOld")
    last: Track = Field(alias="lastResult")


def rejection(why: str) -> dict[str, object]:
    """Return the answer to a rejected push."""
    return {"result": False, "returnCode": "500", "message": why}


class PushReader:
    """Verifies and decodes pushes."""

    def __init__(self, salt: str) -> None:
        self._salt = salt

    def read(self, body: bytes) -> DecodedPush:
        """Verify, then decode; raises PushSignatureInvalid or PushMalformed."""
        fields = _form(body)
        if not signed(fields.get("param", ""), fields.get("sign", ""), self._salt):
            raise PushSignatureInvalid("its signature is not that of our subscriptions; compare the salt")
        try:
            push = _Push.model_validate_json(fields["param"])
            # Where they correct the company, we know the parcel under the original one.
            known = Numbered(carrier=carrier_of(push.com_old or push.last.com), tracking=push.last.nu)
        except (ValidationError, RecursionError):
            raise PushMalformed("param is no document of theirs") from None
        return DecodedPush(known.carrier, known.tracking, push.last.events(), push.status == "abort")


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=50)
    except ValueError:
        raise PushMalformed("it is no form in UTF-8") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        # With duplicate names one value could be verified and the other one used.
        raise PushMalformed("it names a field twice")
    return fields
