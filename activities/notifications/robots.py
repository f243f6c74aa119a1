"""Robots of group chats: DingTalk, WeCom, Feishu. All answer 200 whatever happens: the code inside says what did."""

import asyncio
import base64
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, NamedTuple
from urllib.parse import quote_plus

import httpx2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.notifications.channels import Letter, NotDelivered, Undecided

Kind = Literal["dingtalk", "wecom", "feishu"]

SECONDS = 4.0
_BIGGEST_ANSWER = 64 * 1024
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


@dataclass(frozen=True)
class Robot:
    """One robot of one group: its address holds a token, and with the secret it is told from a stranger."""

    kind: Kind
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)


class Call(NamedTuple):
    """What is posted, and where to."""

    url: str
    body: dict[str, Any]


class _Answer(BaseModel):
    """DingTalk and WeCom say `errcode`, Feishu `code`, an older Feishu `StatusCode`; 0 is the only success."""

    model_config = ConfigDict(strict=True)

    errcode: int | None = None
    code: int | None = None
    status_code: int | None = Field(default=None, alias="StatusCode")

    @property
    def said(self) -> int | None:
        return next((one for one in (self.errcode, self.code, self.status_code) if one is not None), None)


def _dingtalk(robot: Robot, words: str, at: float) -> Call:
    url = robot.url
    if robot.secret:
        stamp = str(int(at * 1000))
        signed = _hmac(robot.secret.encode(), f"{stamp}\n{robot.secret}".encode())
        url += f"{'&' if '?' in url else '?'}timestamp={stamp}&sign={quote_plus(signed)}"
    return Call(url, {"msgtype": "text", "text": {"content": words}})


def _wecom(robot: Robot, words: str, at: float) -> Call:
    del at  # its address is its only secret
    short = words.encode()[:2048].decode("utf-8", "ignore")
    return Call(robot.url, {"msgtype": "text", "text": {"content": short}})


def _feishu(robot: Robot, words: str, at: float) -> Call:
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": words}}
    if robot.secret:
        stamp = str(int(at))
        body |= {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{robot.secret}".encode(), b"")}
    return Call(robot.url, body)


def _hmac(key: bytes, words: bytes) -> str:
    return base64.b64encode(hmac.digest(key, words, sha256)).decode()


class _Manner(NamedTuple):
    call: Callable[[Robot, str, float], Call]
    later: frozenset[int]
    """Codes that mean "too fast" or "busy": the only ones that another try can help."""


_MANNERS: Mapping[Kind, _Manner] = {
    "dingtalk": _Manner(_dingtalk, frozenset({-1, 130101, 130103, 410100})),
    "wecom": _Manner(_wecom, frozenset({-1, 45009, 45033})),
    "feishu": _Manner(_feishu, frozenset({9499, 11232, 11233, 99991400})),
}


class Robots:
    """The channels `dingtalk`, `wecom` and `feishu`: an address is the name of a robot in the operator's file.

    So nobody who states a wish can make us call an address of their own.
    """

    repeatable = False

    def __init__(self, kind: Kind, robots: Mapping[str, Robot], client: httpx2.AsyncClient) -> None:
        self._kind, self._robots, self._client = kind, robots, client

    async def send(self, letter: Letter) -> None:
        """Let a robot say a letter; raises NotDelivered, or Undecided where it may have been said."""
        robot = self._robots.get(letter.address)
        if robot is None or robot.kind != self._kind:
            raise NotDelivered("no such robot", lasting=True)
        manner = _MANNERS[self._kind]
        call = manner.call(robot, f"{letter.subject}\n{letter.text}", time.time())
        _judge(await self._post(call), manner)

    async def _post(self, call: Call) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(SECONDS), self._client.stream("POST", call.url, json=call.body) as response:
                content = bytearray()
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > _BIGGEST_ANSWER:
                        raise Undecided("an endless answer")
                return response.status_code, bytes(content)
        except _NOT_SENT as wrong:
            raise NotDelivered(type(wrong).__name__, lasting=False) from None
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as lost:
            # Texts of the client may hold the address, and that is a secret.
            raise Undecided(type(lost).__name__) from None


def _judge(answer: tuple[int, bytes], manner: _Manner) -> None:
    status, content = answer
    if status in (429, 503):
        raise NotDelivered(f"http {status}", lasting=False)
    if 400 <= status < 500:
        raise NotDelivered(f"http {status}", lasting=True)
    try:
        said = _Answer.model_validate_json(content).said
    except ValidationError:
        said = None
    if said is None:
        raise Undecided(f"http {status} without a code")
    if said != 0:
        raise NotDelivered(f"errcode {said}", lasting=said not in manner.later)
