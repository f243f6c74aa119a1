"""Subscriptions to events: client, receiver URL, event kinds, signing keys (R11.2)."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, Protocol

import httpx2
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from standardwebhooks import Webhook

from activities.partner_events.targets import Network
from workflows.complaint.domain.timeline import CATALOGUE
from workflows.parties import Party


def _target(url: str) -> str:
    try:
        read = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise ValueError("is no address") from None
    if read.scheme not in ("https", "http") or not read.host:
        raise ValueError("begins with https:// and a host")
    if read.userinfo or read.fragment:
        raise ValueError("has no user, password or fragment: events are signed")
    return url


def _secret(text: str) -> str:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError(f"a secret is {_PREFIX} and the base64 of 24 to 64 random bytes")
    return text


def _events(kinds: frozenset[str]) -> frozenset[str]:
    if unknown := sorted(kinds - set(CATALOGUE)):
        raise ValueError(f"{', '.join(unknown)}: no events of a timeline")
    return kinds


_PREFIX = "whsec_"
Secret = Annotated[str, AfterValidator(_secret)]
"""A signing secret in the format of Standard Webhooks."""


class SubscriptionConfig(BaseModel):
    """A client's subscription: `events = {url = "https://…", kinds = "all"}` in the clients file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Annotated[str, Field(max_length=2000, repr=False), AfterValidator(_target)]
    kinds: Literal["all"] | Annotated[frozenset[str], AfterValidator(_events)] = "all"
    """Events of the timeline; by default all that its party may see."""
    allow: Annotated[tuple[Network, ...], Field(max_length=16)] = ()
    """Non-public networks that are allowed for this receiver."""


class Subscription(NamedTuple):
    """A client subscribed to the complaints of the parties it acts for; every key signs."""

    name: str
    config: SubscriptionConfig
    keys: tuple[Webhook, ...]

    def wants(self, event: str) -> bool:
        """Tell whether it subscribes to that kind of event."""
        return self.config.kinds == "all" or event in self.config.kinds

    def __repr__(self) -> str:
        return f"Subscription({self.name!r})"  # no secrets, and no URL, which may hold one


class Subscriptions(Protocol):
    """The subscriptions as configured now."""

    def any_configured(self) -> bool:
        """Tell whether there are any subscriptions."""

    def of(self, party: Party) -> Sequence[Subscription]:
        """Return the subscriptions to complaints of that party."""

    def get(self, name: str) -> Subscription | None:
        """Return the subscription of that name."""
