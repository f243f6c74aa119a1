"""Client of Alipay's open gateway: signed requests; an answer is decoded only after its signature is verified."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict

from activities.errors import ActivitiesError, PartnerProtocolError
from activities.partners.http import Answer, Partner
from activities.payments.alipay.signing import AlipayKey, AppKey, Certificates, canonical
from workflows.values import BEIJING

_SPACE = " \t\r\n"


class Envelope(NamedTuple):
    """The signed node of an answer, byte for byte, with signature and certificate serial; empty where missing."""

    node: bytes
    signature: str
    certificate: str = ""


class EnvelopeInvalid(ActivitiesError, ValueError):  # noqa: N818 - pairs with Envelope
    """The body is no answer of Alipay's gateway; the text never quotes it."""


def parse_envelope(body: bytes, method: str) -> Envelope:
    """Return the node of that method's answer (or of the gateway's own error) with its signature.

    The node is cut out of the text, not re-serialised: the signature covers the bytes as sent, escapes included.
    """
    try:
        members = _members(body.decode())
    except RecursionError:
        raise EnvelopeInvalid("is nested too deep") from None
    except ValueError as wrong:
        raise EnvelopeInvalid("is no JSON object in UTF-8") from wrong
    for name in (f"{method.replace('.', '_')}_response", "error_response"):
        if name in members:
            value, text = members[name]
            if not isinstance(value, dict):
                raise EnvelopeInvalid(f"has no object under {name}")
            return Envelope(text.encode(), _text_member(members, "sign"), _text_member(members, "alipay_cert_sn"))
    raise EnvelopeInvalid(f"has no answer to {method} in it")


def _members(text: str) -> dict[str, tuple[Any, str]]:
    """Return the members of the outermost object: value and source text of each."""
    decoder, found = json.JSONDecoder(), dict[str, tuple[Any, str]]()
    at = _expect(text, _skip(text, 0), "{")
    while True:
        name, at = decoder.raw_decode(text, _skip(text, at))
        begin = _skip(text, _expect(text, _skip(text, at), ":"))
        value, end = decoder.raw_decode(text, begin)
        # With duplicate names one value could be verified and the other one used.
        if not isinstance(name, str) or name in found:
            raise ValueError
        found[name] = value, text[begin:end]
        at = _skip(text, end)
        if text[at : at + 1] != ",":
            break
        at += 1
    if text[_expect(text, at, "}") :].strip(_SPACE):
        raise ValueError
    return found


def _text_member(members: dict[str, tuple[Any, str]], name: str) -> str:
    value = members.get(name, ("", ""))[0]
    return value if isinstance(value, str) else ""


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _SPACE:
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ValueError
    return at + 1


M = TypeVar("M", bound=BaseModel)

_DONE, _REFUSED = "10000", "40004"
_RETRYABLE = frozenset({"20000", "40005"})
"""Gateway codes for unavailable and rate limited: whether the request was carried out is unknown."""

_SYSTEM = frozenset({"SYSTEM_ERROR", "ACQ.SYSTEM_ERROR", "AQC.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR"})
"""Business codes without a decision: the request may have been carried out (AQC is Alipay's spelling)."""


class App(NamedTuple):
    """Our application at Alipay: id, private key, Alipay's public key, certificates where used."""

    id: str
    key: AppKey
    alipay: AlipayKey
    certificates: Certificates | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The fields that identify us in every request."""
        if self.certificates is None:
            return {"app_id": self.id}
        roots = self.certificates.roots
        return {"app_id": self.id, "app_cert_sn": self.certificates.app, "alipay_root_cert_sn": roots}


class Refusal(NamedTuple):
    """A signed answer with code 40004: refused for a business reason, or unknown."""

    code: str
    text: str


class _Status(BaseModel):
    model_config = ConfigDict(strict=True)

    code: str
    msg: str = ""
    sub_code: str = ""
    sub_msg: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.sub_code}".strip()[:100] + f": {(self.sub_msg or self.msg)[:200]}"


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


class Gateway:
    """Calls the gateway; raises PartnerError for anything but a signed answer to the request."""

    def __init__(self, partner: Partner, app: App, clock: Callable[[], datetime] = utc_now) -> None:
        self.partner, self._app, self._clock = partner, app, clock

    async def call(self, method: str, content: Mapping[str, object], model: type[M]) -> M | Refusal:
        """Return the answer to one call as that model, or the refusal."""
        query, body = self._signed(method, content)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        answer = await self.partner.exchange("POST", f"?{query}", body, headers)
        if answer.status != 200:
            raise self.partner.unexpected(answer)
        node = self._verified(method, answer)
        status = self.partner.decode(_Status, node)
        if status.code == _DONE:
            return self.partner.decode(model, node)
        if status.code in _RETRYABLE or status.sub_code in _SYSTEM:
            raise self.partner.unreachable(f"answered {method} with {status}")
        if status.code == _REFUSED and status.sub_code:
            return Refusal(status.sub_code, status.sub_msg or status.msg)
        raise self.partner.protocol_error(f"answered {method} with {status}")

    def unknown_refusal(self, method: str, refusal: Refusal) -> PartnerProtocolError:
        """Return the error to raise for a refusal that is not known to prove that nothing moved."""
        code, text = refusal.code[:100], refusal.text[:200]
        return self.partner.protocol_error(
            f"refused {method} with {code} ({text}), which proves nothing about the payment"
        )

    def _signed(self, method: str, content: Mapping[str, object]) -> tuple[str, bytes]:
        """Return query (public fields, signature) and form body (content), as Alipay's SDKs send them."""
        public = {
            **self._app.fields, "method": method, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2",
            "timestamp": f"{self._clock().astimezone(BEIJING):%Y-%m-%d %H:%M:%S}", "version": "1.0",
        }  # fmt: skip
        inner = {"biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":"))}
        signature = self._app.key.sign(canonical(public | inner))
        return urlencode(public | {"sign": signature}), urlencode(inner).encode()

    def _verified(self, method: str, answer: Answer) -> Answer:
        try:
            envelope = parse_envelope(answer.content, method)
        except EnvelopeInvalid as wrong:
            raise self.partner.protocol_error(f"gave an answer to {method} that {wrong}") from None
        if envelope.signature and self._app.alipay.signed(envelope.node, envelope.signature):
            return Answer(answer.status, envelope.node)
        raise self._verification_error(method, envelope)

    def _verification_error(self, method: str, envelope: Envelope) -> PartnerProtocolError:
        """Return why verification failed; the gateway does not sign its errors about our own signature."""
        ours = self._app.certificates
        if ours and envelope.certificate and envelope.certificate != ours.alipay:
            return self.partner.protocol_error(
                f"answered {method} by another certificate of its own: download the new one"
            )
        status = self.partner.decode(_Status, Answer(200, envelope.node))
        how = "with a signature that is not Alipay's" if envelope.signature else "without a signature"
        return self.partner.protocol_error(
            f"answered {method} {how} (it says {status.code[:20]} {status.sub_code[:80]})"
        )
