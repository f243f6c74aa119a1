"""Client of Alipay's open gateway: signed requests; an answer is decoded only after its signature is verified."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict

from activities.errors import PartnerConfused
from activities.partners.http import Answer, Partner
from activities.payments.alipay.signing import AlipayKey, AppKey, Certificates, canonical
from workflows.values import BEIJING

_SPACE = " \t\r\n"


class Envelope(NamedTuple):
    """The answer's node, to the byte as it was signed; its signature and certificate's name, empty where missing."""

    node: bytes
    signature: str
    certificate: str = ""


class NotAnEnvelope(ValueError):  # noqa: N818 - named for what it says
    """The body is no answer of Alipay's gateway; the text says why, never what was in it."""


def opened(body: bytes, method: str) -> Envelope:
    """Return the node of that method's answer (or of the gateway's own error) with its signature.

    The node is cut out of the text rather than written anew from what a parser made of it: slashes may be escaped,
    and whatever was signed was signed as it was sent.
    """
    try:
        members = _members(body.decode())
    except RecursionError:
        raise NotAnEnvelope("is nested too deep") from None
    except ValueError as wrong:
        raise NotAnEnvelope("is no JSON object in UTF-8") from wrong
    for name in (f"{method.replace('.', '_')}_response", "error_response"):
        if name in members:
            value, text = members[name]
            if not isinstance(value, dict):
                raise NotAnEnvelope(f"has no object under {name}")
            return Envelope(text.encode(), _text_member(members, "sign"), _text_member(members, "alipay_cert_sn"))
    raise NotAnEnvelope(f"has no answer to {method} in it")


def _members(text: str) -> dict[str, tuple[Any, str]]:
    """Return the members of the outermost object: each value, and the text it was read from."""
    decoder, found = json.JSONDecoder(), dict[str, tuple[Any, str]]()
    at = _past(text, _skip(text, 0), "{")
    while True:
        name, at = decoder.raw_decode(text, _skip(text, at))
        begin = _skip(text, _past(text, _skip(text, at), ":"))
        value, end = decoder.raw_decode(text, begin)
        # Two members of one name could be verified as the one and read as the other.
        if not isinstance(name, str) or name in found:
            raise ValueError
        found[name] = value, text[begin:end]
        at = _skip(text, end)
        if text[at : at + 1] != ",":
            break
        at += 1
    if text[_past(text, at, "}") :].strip(_SPACE):
        raise ValueError
    return found


def _text_member(members: dict[str, tuple[Any, str]], name: str) -> str:
    value = members.get(name, ("", ""))[0]
    return value if isinstance(value, str) else ""


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _SPACE:
        at += 1
    return at


def _past(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ValueError
    return at + 1


M = TypeVar("M", bound=BaseModel)

_DONE, _REFUSED = "10000", "40004"
_LATER = frozenset({"20000", "40005"})
"""Gateway codes for "the service is unavailable" and "asked too often": whether it acted is not said."""

_SYSTEM = frozenset({"SYSTEM_ERROR", "ACQ.SYSTEM_ERROR", "AQC.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR"})
"""Business codes that are no decision: what was asked may have been done (AQC is Alipay's own spelling)."""


class App(NamedTuple):
    """Who we are at Alipay: the application and its key, the key Alipay is known by, and certificates where used."""

    id: str
    key: AppKey
    alipay: AlipayKey
    certificates: Certificates | None = None

    @property
    def fields(self) -> dict[str, str]:
        """What every request says of us."""
        if self.certificates is None:
            return {"app_id": self.id}
        roots = self.certificates.roots
        return {"app_id": self.id, "app_cert_sn": self.certificates.app, "alipay_root_cert_sn": roots}


class Refusal(NamedTuple):
    """A signed answer of 40004: the business says no, or says that it does not know what was asked for."""

    code: str
    text: str


class _Said(BaseModel):
    model_config = ConfigDict(strict=True)

    code: str
    msg: str = ""
    sub_code: str = ""
    sub_msg: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.sub_code}".strip()[:100] + f": {(self.sub_msg or self.msg)[:200]}"


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


class Gateway:
    """Asks; raises PartnerUnreachable or PartnerConfused for whatever is not a signed answer to what was asked."""

    def __init__(self, partner: Partner, app: App, clock: Callable[[], datetime] = now) -> None:
        self.partner, self._app, self._clock = partner, app, clock

    async def ask(self, method: str, content: Mapping[str, object], model: type[M]) -> M | Refusal:
        """Return the answer to one call as that model, or the refusal with its code."""
        query, body = self._signed(method, content)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        answer = await self.partner.exchange("POST", f"?{query}", body, headers)
        if answer.status != 200:
            raise self.partner.unexpected(answer)
        node = self._believed(method, answer)
        said = self.partner.read(_Said, node)
        if said.code == _DONE:
            return self.partner.read(model, node)
        if said.code in _LATER or said.sub_code in _SYSTEM:
            raise self.partner.unreachable(f"answered {method} with {said}")
        if said.code == _REFUSED and said.sub_code:
            return Refusal(said.sub_code, said.sub_msg or said.msg)
        raise self.partner.confused(f"answered {method} with {said}")

    def unlisted(self, method: str, refusal: Refusal) -> PartnerConfused:
        """Return what to raise for a refusal that proves nothing: it is not among those known to have moved nothing."""
        code, text = refusal.code[:100], refusal.text[:200]
        return self.partner.confused(f"refused {method} with {code} ({text}), which proves nothing about the payment")

    def _signed(self, method: str, content: Mapping[str, object]) -> tuple[str, bytes]:
        """Return the public fields as the query and the content as the form body, as Alipay's own clients send them."""
        public = {
            **self._app.fields, "method": method, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2",
            "timestamp": f"{self._clock().astimezone(BEIJING):%Y-%m-%d %H:%M:%S}", "version": "1.0",
        }  # fmt: skip
        inner = {"biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":"))}
        signature = self._app.key.sign(canonical(public | inner))
        return urlencode(public | {"sign": signature}), urlencode(inner).encode()

    def _believed(self, method: str, answer: Answer) -> Answer:
        try:
            envelope = opened(answer.content, method)
        except NotAnEnvelope as wrong:
            raise self.partner.confused(f"gave an answer to {method} that {wrong}") from None
        if envelope.signature and self._app.alipay.signed(envelope.node, envelope.signature):
            return Answer(answer.status, envelope.node)
        raise self._unsigned(method, envelope)

    def _unsigned(self, method: str, envelope: Envelope) -> PartnerConfused:
        """Say why it is not believed; the gateway leaves its complaints about our own signature unsigned."""
        ours = self._app.certificates
        if ours and envelope.certificate and envelope.certificate != ours.alipay:
            return self.partner.confused(f"answered {method} by another certificate of its own: download the new one")
        said = self.partner.read(_Said, Answer(200, envelope.node))
        how = "with a signature that is not Alipay's" if envelope.signature else "without a signature"
        return self.partner.confused(f"answered {method} {how} (it says {said.code[:20]} {said.sub_code[:80]})")
