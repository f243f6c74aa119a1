"""Who subscribes to what happens to whose complaints, and where it is sent (R11.2)."""

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
"""A secret as Standard Webhooks writes it."""


class Wish(BaseModel):
    """What a client wants to be told: `events = {url = "https://…", kinds = "all"}` in the clients file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Annotated[str, Field(max_length=2000, repr=False), AfterValidator(_target)]
    kinds: Literal["all"] | Annotated[frozenset[str], AfterValidator(_events)] = "all"
    """Events of the timeline; all that its party may see, unless some are named."""
    allow: Annotated[tuple[Network, ...], Field(max_length=16)] = ()
    """Networks that are not public and may be connected to all the same."""


class Subscription(NamedTuple):
    """A client that is told of the complaints of those it speaks for; each of its secrets signs."""

    name: str
    wish: Wish
    keys: tuple[Webhook, ...]

    def wants(self, event: str) -> bool:
        """Say whether it wants to be told of such an event."""
        return self.wish.kinds == "all" or event in self.wish.kinds

    def __repr__(self) -> str:
        return f"Subscription({self.name!r})"  # neither secrets nor the address, which may hold one


class Subscriptions(Protocol):
    """The subscriptions as they are configured just now."""

    def anybody(self) -> bool:
        """Say whether there is any."""

    def of(self, party: Party) -> Sequence[Subscription]:
        """Return those that are told of the complaints of that party."""

    def get(self, name: str) -> Subscription | None:
        """Return the subscription of that name."""
