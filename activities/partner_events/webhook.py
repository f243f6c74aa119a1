"""One signed event to a receiver of a partner's own: within a total time, to an address that was judged, no further."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

import httpx2

from activities.partner_events.subscriptions import Subscription
from activities.partner_events.targets import Resolve, TargetRefused, judged, resolve
from activities.partners.http import retry_after

CALL_SECONDS = 8.0
"""One try in all: name, connection, request, answer."""

_CONNECT_SECONDS = 3.0
"""One address of several: the next one still has its turn within the whole."""

_MOST_ADDRESSES = 3
_READ_AT_MOST, _READ_SECONDS = 16 * 1024, 1.0
"""Bytes and seconds of an answer's body, read to be polite: its status alone is believed."""

_PORTS = {"https": 443, "http": 80}
_OF_THIS_EVENT = frozenset({400, 405, 406, 409, 411, 412, 413, 414, 415, 422})
"""Answers about what was sent; every other failure is the receiver's as a whole."""

_GONE = 410


class NotTaken(Exception):  # noqa: N818 - named as the news it brings
    """A receiver did not take an event. The text says why, and holds nothing of its address or of what it answered."""

    def __init__(
        self, text: str, *, later: timedelta | None = None, of_this: bool = False, for_good: bool = False
    ) -> None:
        super().__init__(text)
        self.later, self.of_this, self.for_good = later, of_this, for_good


class Sent(NamedTuple):
    """What is sent: `id` is the same in every try, `body` to the byte."""

    id: str
    body: str


class Webhooks:
    """Posts events; closed with `aclose()` or at the end of `async with`."""

    def __init__(
        self, *, resolve: Resolve = resolve, seconds: float = CALL_SECONDS, trust: ssl.SSLContext | None = None
    ) -> None:
        self._resolve, self._seconds = resolve, seconds
        # One connection for one event: kept ones are known by address, and two receivers may share one.
        self._client = httpx2.AsyncClient(
            trust_env=False,
            verify=trust or httpx2.create_ssl_context(),
            follow_redirects=False,
            timeout=httpx2.Timeout(seconds, connect=_CONNECT_SECONDS),
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def aclose(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def post(self, subscription: Subscription, event: Sent) -> None:
        """Return once the receiver has taken the event, by any 2xx; raises NotTaken."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._post(subscription, event)
        except TimeoutError:
            raise NotTaken(f"did not answer within {self._seconds:g} s") from None
        await _read_politely(answer)

    async def _post(self, subscription: Subscription, event: Sent) -> httpx2.Response:
        """Return the answer that takes the event, its body unread; raises NotTaken for any other."""
        url = httpx2.URL(subscription.wish.url)
        addresses = await self.addresses(subscription)
        headers = _headers(subscription, event) | {"Host": url.netloc.decode("ascii")}
        for last, address in _with_last(addresses[:_MOST_ADDRESSES]):
            try:
                return await self._sent(url, address, headers, event.body.encode())
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as wrong:
                if last:
                    raise NotTaken(_not_connected(wrong)) from None
            except (httpx2.HTTPError, httpx2.InvalidURL) as wrong:
                raise NotTaken(f"broke off without an answer ({type(wrong).__name__})") from None
        raise NotTaken("has a name that leads to no address")

    async def addresses(self, subscription: Subscription) -> Sequence[str]:
        """Return where the receiver may be reached just now; raises NotTaken for nowhere, or where it must not."""
        url = httpx2.URL(subscription.wish.url)
        host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
        try:
            found = await self._resolve(host, port)
            return judged(found, subscription.wish.allow, encrypted=url.scheme == "https")
        except TargetRefused as refused:
            raise NotTaken(f"must not be connected to: {refused}") from None
        except (OSError, UnicodeError, ValueError):
            raise NotTaken("has a name that leads to no address") from None

    async def _sent(self, url: httpx2.URL, address: str, headers: dict[str, str], body: bytes) -> httpx2.Response:
        request = self._client.build_request(
            "POST", url.copy_with(host=address), content=body, headers=headers,
            # The address was judged; certificate and virtual host are the name's.
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )  # fmt: skip
        response = await self._client.send(request, stream=True)
        if response.is_success:
            return response
        await response.aclose()
        raise _answered(response)


def _headers(subscription: Subscription, event: Sent) -> dict[str, str]:
    now = datetime.now(UTC)
    signatures = " ".join(key.sign(event.id, now, event.body) for key in subscription.keys)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Redress",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures,
    }


async def _read_politely(response: httpx2.Response) -> None:
    """Let the receiver finish its answer, within bounds of its own; that it took the event it has said already."""
    received = 0
    with suppress(httpx2.HTTPError, TimeoutError):
        async with aclosing(response), asyncio.timeout(_READ_SECONDS):
            async for chunk in response.aiter_raw():  # raw: nothing is unpacked
                received += len(chunk)
                if received > _READ_AT_MOST:
                    return


def _answered(response: httpx2.Response) -> NotTaken:
    status = response.status_code
    if response.is_redirect:
        return NotTaken(f"answered {status}, a way to another address, which is not followed")
    return NotTaken(
        f"answered {status}",
        later=retry_after(response),
        of_this=status in _OF_THIS_EVENT,
        for_good=status == _GONE,
    )


def _not_connected(wrong: BaseException | None) -> str:
    while wrong is not None:
        if isinstance(wrong, ssl.SSLCertVerificationError):
            return "shows a certificate that is not believed"
        if isinstance(wrong, ssl.SSLError):
            return "does not speak TLS as we do"
        wrong = wrong.__cause__ or wrong.__context__
    return "cannot be connected to"


def _with_last(addresses: Sequence[str]) -> Sequence[tuple[bool, str]]:
    return [(place == len(addresses), address) for place, address in enumerate(addresses, start=1)]
