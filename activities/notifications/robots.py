"""Channels of group chat bots: DingTalk, WeCom, Feishu. HTTP is always 200; the outcome is the code in the body."""

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

from activities.notifications.channels import Delivery, DeliveryFailed, DeliveryUnknown

Kind = Literal["dingtalk", "wecom", "feishu"]

TIMEOUT_SECONDS = 4.0
_BIGGEST_ANSWER = 64 * 1024
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


@dataclass(frozen=True)
class Robot:
    """One bot of one group: a webhook URL, which holds a token, and the secret that signs requests."""

    kind: Kind
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)


class Request(NamedTuple):
    """URL and JSON body of a call."""

    url: str
    body: dict[str, Any]


class _Answer(BaseModel):
    """The result code: `errcode` (DingTalk, WeCom), `code` (Feishu) or `StatusCode` (older Feishu); 0 is success."""

    model_config = ConfigDict(strict=True)

    errcode: int | None = None
    code: int | None = None
    status_code: int | None = Field(default=None, alias="StatusCode")

    @property
    def result(self) -> int | None:
        return next((one for one in (self.errcode, self.code, self.status_code) if one is not None), None)


def _dingtalk(robot: Robot, text: str, at: float) -> Request:
    url = robot.url
    if robot.secret:
        stamp = str(int(at * 1000))
        signed = _hmac(robot.secret.encode(), f"{stamp}\n{robot.secret}".encode())
        url += f"{'&' if '?' in url else '?'}timestamp={stamp}&sign={quote_plus(signed)}"
    return Request(url, {"msgtype": "text", "text": {"content": text}})


def _wecom(robot: Robot, text: str, at: float) -> Request:
    del at  # unsigned: the token in its URL is the only secret
    short = text.encode()[:2048].decode("utf-8", "ignore")
    return Request(robot.url, {"msgtype": "text", "text": {"content": short}})


def _feishu(robot: Robot, text: str, at: float) -> Request:
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if robot.secret:
        stamp = str(int(at))
        body |= {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{robot.secret}".encode(), b"")}
    return Request(robot.url, body)


def _hmac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.digest(key, message, sha256)).decode()


class _Protocol(NamedTuple):
    call: Callable[[Robot, str, float], Request]
    later: frozenset[int]
    """Codes for rate limited or busy, the only ones worth a retry."""


_PROTOCOLS: Mapping[Kind, _Protocol] = {
    "dingtalk": _Protocol(_dingtalk, frozenset({-1, 130101, 130103, 410100})),
    "wecom": _Protocol(_wecom, frozenset({-1, 45009, 45033})),
    "feishu": _Protocol(_feishu, frozenset({9499, 11232, 11233, 99991400})),
}


class Robots:
    """The channels `dingtalk`, `wecom` and `feishu`; an address is the name of a bot in the operator's file.

    So preferences cannot make us call an arbitrary URL.
    """

    idempotent = False

    def __init__(self, kind: Kind, robots: Mapping[str, Robot], client: httpx2.AsyncClient) -> None:
        self._kind, self._robots, self._client = kind, robots, client

    async def send(self, delivery: Delivery) -> None:
        """Post one message; raises DeliveryFailed, or DeliveryUnknown if it may have been posted."""
        robot = self._robots.get(delivery.address)
        if robot is None or robot.kind != self._kind:
            raise DeliveryFailed("no such robot", permanent=True)
        protocol = _PROTOCOLS[self._kind]
        call = protocol.call(robot, f"{delivery.subject}\n{delivery.text}", time.time())
        _check_answer(await self._post(call), protocol)

    async def _post(self, call: Request) -> tuple[int, bytes]:
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._client.stream("POST", call.url, json=call.body) as response,
            ):
                content = bytearray()
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > _BIGGEST_ANSWER:
                        raise DeliveryUnknown("an endless answer")
                return response.status_code, bytes(content)
        except _NOT_SENT as wrong:
            raise DeliveryFailed(type(wrong).__name__, permanent=False) from None
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as lost:
            # The client's error text may hold the URL, which is a secret.
            raise DeliveryUnknown(type(lost).__name__) from None


def _check_answer(answer: tuple[int, bytes], protocol: _Protocol) -> None:
    status, content = answer
    if status in (429, 503):
        raise DeliveryFailed(f"http {status}", permanent=False)
    if 400 <= status < 500:
        raise DeliveryFailed(f"http {status}", permanent=True)
    try:
        code = _Answer.model_validate_json(content).result
    except ValidationError:
        code = None
    if code is None:
        raise DeliveryUnknown(f"http {status} without a code")
    if code != 0:
        raise DeliveryFailed(f"errcode {code}", permanent=code not in protocol.later)
