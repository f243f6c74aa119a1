"""What Alipay's gateway answers: one node and its signature, told apart without touching a byte of what was signed."""

import json
from typing import Any, NamedTuple

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
            return Envelope(text.encode(), _word(members, "sign"), _word(members, "alipay_cert_sn"))
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


def _word(members: dict[str, tuple[Any, str]], name: str) -> str:
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
