"""Webhook client: one signed event (Standard Webhooks) to a checked address, in bounded time, without redirects."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

import httpx2

from activities.errors import ActivitiesError
from activities.partner_events.subscriptions import Subscription
from activities.partner_events.targets import Resolve, TargetForbidden, check_addresses, resolve
from activities.partners.http import retry_after

CALL_SECONDS = 8.0
"""One attempt: name resolution, connection, request, answer."""

_CONNECT_SECONDS = 3.0
"""Per address, so that the next one fits into the whole."""

_MOST_ADDRESSES = 3
_READ_AT_MOST, _READ_SECONDS = 16 * 1024, 1.0
"""Bounds for reading a response body, which is discarded: only the status counts."""

_PORTS = {"https": 443, "http": 80}
_EVENT_SPECIFIC = frozenset({400, 405, 406, 409, 411, 412, 413, 414, 415, 422})
"""Statuses about this event; any other failure counts against the receiver as a whole."""

_GONE = 410


class WebhookFailed(ActivitiesError):  # noqa: N818 - an outcome
    """A receiver did not accept an event. The text says why; it holds neither its URL nor its response."""

    def __init__(
        self, text: str, *, retry_after: timedelta | None = None, event_specific: bool = False, permanent: bool = False
    ) -> None:
        super().__init__(text)
        self.retry_after, self.event_specific, self.permanent = retry_after, event_specific, permanent


class WebhookEvent(NamedTuple):
    """An event as sent; `id` (idempotency key) and `body` are the same in every attempt."""

    id: str
    body: str


class WebhookClient:
    """HTTP client of receivers; close with `aclose()` or `async with`."""

    def __init__(
        self, *, resolve: Resolve = resolve, seconds: float = CALL_SECONDS, trust: ssl.SSLContext | None = None
    ) -> None:
        self._resolve, self._seconds = resolve, seconds
        # No keep-alive: connections are pooled by address, which two receivers may share.
        self._client = httpx2.AsyncClient(
            trust_env=False,
            verify=trust or httpx2.create_ssl_context(),
            follow_redirects=False,
            timeout=httpx2.Timeout(seconds, connect=_CONNECT_SECONDS),
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def post(self, subscription: Subscription, event: WebhookEvent) -> None:
        """Return once the receiver has answered 2xx; raises WebhookFailed."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._post(subscription, event)
        except TimeoutError:
            raise WebhookFailed(f"did not answer within {self._seconds:g} s") from None
        await _drain_body(answer)

    async def _post(self, subscription: Subscription, event: WebhookEvent) -> httpx2.Response:
        """Return the 2xx response, its body unread; raises WebhookFailed."""
        url = httpx2.URL(subscription.config.url)
        addresses = await self.addresses(subscription)
        headers = _headers(subscription, event) | {"Host": url.netloc.decode("ascii")}
        for last, address in _with_last(addresses[:_MOST_ADDRESSES]):
            try:
                return await self._sent(url, address, headers, event.body.encode())
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as wrong:
                if last:
                    raise WebhookFailed(_connection_failure(wrong)) from None
            except (httpx2.HTTPError, httpx2.InvalidURL) as wrong:
                raise WebhookFailed(f"broke off without an answer ({type(wrong).__name__})") from None
        raise WebhookFailed("has a name that leads to no address")

    async def addresses(self, subscription: Subscription) -> Sequence[str]:
        """Resolve and check the receiver's addresses; raises WebhookFailed for none or a forbidden one."""
        url = httpx2.URL(subscription.config.url)
        host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
        try:
            found = await self._resolve(host, port)
            return check_addresses(found, subscription.config.allow, encrypted=url.scheme == "https")
        except TargetForbidden as refused:
            raise WebhookFailed(f"must not be connected to: {refused}") from None
        except (OSError, UnicodeError, ValueError):
            raise WebhookFailed("has a name that leads to no address") from None

    async def _sent(self, url: httpx2.URL, address: str, headers: dict[str, str], body: bytes) -> httpx2.Response:
        request = self._client.build_request(
            "POST", url.copy_with(host=address), content=body, headers=headers,
            # Connect to the checked address; certificate and virtual host are those of the name.
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )  # fmt: skip
        response = await self._client.send(request, stream=True)
        if response.is_success:
            return response
        await response.aclose()
        raise _failure(response)


def _headers(subscription: Subscription, event: WebhookEvent) -> dict[str, str]:
    now = datetime.now(UTC)
    signatures = " ".join(key.sign(event.id, now, event.body) for key in subscription.keys)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Redress",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures,
    }


async def _drain_body(response: httpx2.Response) -> None:
    """Read the body within bounds and discard it; the event is accepted already."""
    received = 0
    with suppress(httpx2.HTTPError, TimeoutError):
        async with aclosing(response), asyncio.timeout(_READ_SECONDS):
            async for chunk in response.aiter_raw():  # raw: not decompressed
                received += len(chunk)
                if received > _READ_AT_MOST:
                    return


def _failure(response: httpx2.Response) -> WebhookFailed:
    status = response.status_code
    if response.is_redirect:
        return WebhookFailed(f"answered {status}, a redirect, which is not followed")
    return WebhookFailed(
        f"answered {status}",
        retry_after=retry_after(response),
        event_specific=status in _EVENT_SPECIFIC,
        permanent=status == _GONE,
    )


def _connection_failure(wrong: BaseException | None) -> str:
    while wrong is not None:
        if isinstance(wrong, ssl.SSLCertVerificationError):
            return "shows a certificate that is not trusted"
        if isinstance(wrong, ssl.SSLError):
            return "failed the TLS handshake"
        wrong = wrong.__cause__ or wrong.__context__
    return "cannot be connected to"


def _with_last(addresses: Sequence[str]) -> Sequence[tuple[bool, str]]:
    return [(place == len(addresses), address) for place, address in enumerate(addresses, start=1)]
